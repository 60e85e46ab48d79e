"""Hostile paths in C: calls that Python does not announce, so that the kernel alone can refuse them."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.changeover.support.hostile_deeds import HELD_S, SLEEPS, nicer

Given = dict[str, Any]
_C = ctypes.CDLL(None, use_errno=True)
_AF_UNIX, _AF_INET, _STREAM, _DATAGRAM = 1, 2, 1, 2
_PIDFD_OPEN, _PIDFD_SEND_SIGNAL, _TGKILL, _PRLIMIT = 434, 424, 234, 302  # of x86_64
_SEIZE = 0x4206
_DEEDS: dict[str, Callable[[Given], object]] = {}


def deed(path: Callable[[Given], object]) -> Callable[[Given], object]:
    _DEEDS[path.__name__.replace("_", " ")] = path
    return path


def call(name: str, *args: Any) -> int:
    """What a function of C gives; raises OSError where it fails."""
    given = [one.encode() if isinstance(one, str) else one for one in args]
    found: int = getattr(_C, name)(*given)
    if found == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return found


def _inside(given: Given, name: str) -> str:
    return str(Path(given["folder"]) / name)


def _address(port: int) -> bytes:
    return struct.pack("=HH4s8x", _AF_INET, socket.htons(port), bytes((127, 0, 0, 1)))


def _to_local(path: bytes) -> bytes:
    return struct.pack("=H", _AF_UNIX) + path


@deed
def connects_in_c(given: Given) -> object:
    number, address = call("socket", _AF_INET, _STREAM, 0), _address(given["tcp"])
    call("connect", number, address, len(address))
    return call("write", number, b"hostile", 7)


@deed
def sends_a_datagram_in_c(given: Given) -> object:
    number, address = call("socket", _AF_INET, _DATAGRAM, 0), _address(given["udp"])
    return call("sendto", number, b"hostile", 7, 0, address, len(address))


@deed
def connects_to_a_unix_socket_in_c(given: Given) -> object:
    number, address = call("socket", _AF_UNIX, _STREAM, 0), _to_local(given["unix"].encode() + b"\0")
    return call("connect", number, address, len(address))


@deed
def connects_to_an_abstract_socket_in_c(given: Given) -> object:
    number, address = call("socket", _AF_UNIX, _STREAM, 0), _to_local(b"\0" + given["abstract"].encode())
    return call("connect", number, address, len(address))


@deed
def sends_to_a_unix_socket_in_c(given: Given) -> object:
    number = call("socket", _AF_UNIX, _DATAGRAM, 0)
    address = _to_local(given["unix_datagrams"].encode() + b"\0")
    return call("sendto", number, b"hostile", 7, 0, address, len(address))


@deed
def listens_in_c(given: Given) -> object:
    number, address = call("socket", _AF_INET, _STREAM, 0), _address(given["bound"])
    call("bind", number, address, len(address))
    call("listen", number, 1)
    time.sleep(HELD_S)
    return call("close", number)


@deed
def makes_a_file_in_c(given: Given) -> object:
    return call("creat", _inside(given, "made"), 0o600)


@deed
def writes_to_a_file_in_c(given: Given) -> object:
    return call("write", call("open", given["file"], os.O_WRONLY | os.O_APPEND), b"hostile", 7)


@deed
def truncates_a_file_in_c(given: Given) -> object:
    return call("truncate", given["file"], ctypes.c_long(1))


@deed
def removes_a_file_in_c(given: Given) -> object:
    return call("unlink", given["file"])


@deed
def renames_a_file_in_c(given: Given) -> object:
    return call("rename", given["file"], _inside(given, "renamed"))


@deed
def links_a_file_in_c(given: Given) -> object:
    return call("link", given["file"], _inside(given, "hard"))


@deed
def links_to_a_file_in_c(given: Given) -> object:
    return call("symlink", given["file"], _inside(given, "symbolic"))


@deed
def makes_a_folder_in_c(given: Given) -> object:
    return call("mkdir", _inside(given, "made"), 0o700)


@deed
def makes_a_pipe_in_c(given: Given) -> object:
    return call("mkfifo", _inside(given, "pipe"), 0o600)


@deed
def changes_a_mode_in_c(given: Given) -> object:
    return call("chmod", given["file"], 0o666)


@deed
def changes_a_mode_by_descriptor_in_c(given: Given) -> object:
    return call("fchmod", call("open", given["file"], os.O_RDONLY), 0o666)


@deed
def changes_an_owner_in_c(given: Given) -> object:
    return call("chown", given["file"], os.getuid(), 65_534)


@deed
def changes_times_in_c(given: Given) -> object:
    return call("utimes", given["file"], struct.pack("4l", 1, 0, 1, 0))


@deed
def gives_an_attribute_in_c(given: Given) -> object:
    return call("setxattr", given["file"], "user.hostile", b"1", ctypes.c_size_t(1), 0)


@deed
def locks_a_file_in_c(given: Given) -> object:
    number = call("open", given["file"], os.O_RDONLY)
    call("flock", number, 2 | 4)
    time.sleep(HELD_S)
    return call("close", number)


@deed
def makes_shared_memory_in_c(given: Given) -> object:
    library = ctypes.CDLL("librt.so.1", use_errno=True)
    if library.shm_open(f"/{given['shared']}".encode(), os.O_CREAT | os.O_RDWR, 0o600) == -1:
        raise OSError(ctypes.get_errno(), "refused")
    time.sleep(HELD_S)
    return None


@deed
def makes_shared_memory_of_system_v_in_c(given: Given) -> object:
    found = call("shmget", given["key"], ctypes.c_size_t(4096), 0o1600)
    time.sleep(HELD_S)
    return found


@deed
def forks_in_c(given: Given) -> object:
    pid = call("fork")
    if not pid:
        time.sleep(HELD_S)
        _C._exit(0)
    return call("waitpid", pid, None, 0)


@deed
def runs_a_command_in_c(given: Given) -> object:
    return call("system", " ".join(SLEEPS))


@deed
def spawns_a_command_in_c(given: Given) -> object:
    pid, words = ctypes.c_int(), (ctypes.c_char_p * 3)(*(one.encode() for one in SLEEPS), None)
    number = _C.posix_spawn(ctypes.byref(pid), SLEEPS[0].encode(), None, None, words, None)
    if number:
        raise OSError(number, os.strerror(number))
    return call("waitpid", pid, None, 0)


@deed
def becomes_another_program_in_c(given: Given) -> object:
    words = (ctypes.c_char_p * 3)(*(one.encode() for one in SLEEPS), None)
    return call("execv", SLEEPS[0], words)


@deed
def signals_the_program_in_c(given: Given) -> object:
    return call("kill", given["program"], int(signal.SIGUSR1))


@deed
def signals_a_thread_of_the_program_in_c(given: Given) -> object:
    return call("syscall", _TGKILL, given["program"], given["program"], int(signal.SIGUSR1))


@deed
def queues_a_signal_for_the_program_in_c(given: Given) -> object:
    return call("sigqueue", given["program"], int(signal.SIGUSR1), ctypes.c_void_p(1))


@deed
def signals_the_program_by_a_descriptor_in_c(given: Given) -> object:
    number = call("syscall", _PIDFD_OPEN, given["program"], 0)
    return call("syscall", _PIDFD_SEND_SIGNAL, number, int(signal.SIGUSR1), None, 0)


@deed
def ends_what_it_was_forked_from_in_c(given: Given) -> object:
    return call("kill", os.getppid(), int(signal.SIGKILL))


@deed
def stops_what_it_was_forked_from_in_c(given: Given) -> object:
    return call("kill", os.getppid(), int(signal.SIGSTOP))


@deed
def gives_the_program_a_priority_in_c(given: Given) -> object:
    return call("setpriority", os.PRIO_PROCESS, given["program"], nicer(given))


@deed
def gives_the_program_a_processor_in_c(given: Given) -> object:
    mask = (1 << min(os.sched_getaffinity(0))).to_bytes(128, "little")
    return call("sched_setaffinity", given["program"], ctypes.c_size_t(128), mask)


@deed
def limits_the_program_in_c(given: Given) -> object:
    few = struct.pack("2Q", 200, 200)
    return call("syscall", _PRLIMIT, given["program"], 7, few, None)


@deed
def writes_to_memory_of_the_program_in_c(given: Given) -> object:
    text = ctypes.create_string_buffer(b"hostile")
    ours = struct.pack("QQ", ctypes.addressof(text), 7)
    theirs = struct.pack("QQ", given["address"], 7)
    one = ctypes.c_ulong(1)
    return call("process_vm_writev", given["program"], ours, one, theirs, one, ctypes.c_ulong(0))


@deed
def writes_to_the_file_of_its_memory_in_c(given: Given) -> object:
    number = call("open", f"/proc/{given['program']}/mem", os.O_RDWR)
    return call("pwrite", number, b"hostile", ctypes.c_size_t(7), ctypes.c_long(given["address"]))


@deed
def traces_the_program_in_c(given: Given) -> object:
    call("ptrace", _SEIZE, given["program"], None, None)
    time.sleep(HELD_S)
    return _C._exit(0)  # or nobody could wait for the end of the program


DEEDS_IN_C = _DEEDS
