"""A filter of system calls (seccomp): no child processes, nothing done to other ones, no network.

The filter is a small program for the kernel, which runs it at every call. A refused call fails with EPERM, so
that the path goes on as it would without the right to it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from typing import NamedTuple

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_CLONE_THREAD = 0x00010000
_FAMILY_UNIX = 1
_FOREIGN_TABLE = 0x40000000  # the numbers of the x32 calls of x86_64


class _Calls(NamedTuple):
    """The numbers of the calls that are looked at, on one kind of machine."""

    machine: int
    refused: tuple[int, ...]
    network: tuple[int, ...]
    clone: int
    clone3: int
    to_own_process: tuple[int, ...]
    """Their first argument names a process."""
    of_own_process: tuple[int, ...]
    """The same, and 0 is this one."""
    sendto: int
    socket: int


# execve, execveat, fork, vfork, ptrace, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal,
# process_vm_writev, io_uring_setup; then what is changed although nothing is opened for writing: modes,
# owners, times and attributes of files, flock; setpriority, ioprio_set; shm, sem, msg and mq; mounts and
# namespaces; names, clocks, modules and the like of the machine; keys, bpf, perf; memory and descriptors of
# other processes. `network`: connect, bind, listen, sendmsg, sendmmsg. `of_own_process`: prlimit64,
# sched_setaffinity, sched_setparam, sched_setscheduler, sched_setattr.
_ON_ALL = (*(452, 463, 466), *range(428, 434), 442, 438, 440, 448)
_TABLES = {
    "x86_64": _Calls(
        0xC000003E,
        (
            *(59, 322, 57, 58, 101, 200, 129, 297, 424, 311, 425),
            *(90, 91, 268, 92, 93, 94, 260, 132, 235, 261, 280, 188, 189, 190, 197, 198, 199, 73),
            *(141, 251, 29, 30, 31, 64, 65, 66, 220, 68, 69, 70, 71, 240, 241),
            *(165, 166, 155, 161, 272, 308, 170, 171, 164, 227, 159, 305, 169, 167, 168, 246, 320, 175, 313),
            *(176, 163, 179, 103, 172, 173, 248, 249, 250, 321, 298, 256, 279, 304),
            *_ON_ALL,
        ),
        (42, 49, 50, 46, 307),
        clone=56,
        clone3=435,
        to_own_process=(62, 234),
        of_own_process=(302, 203, 142, 144, 314),
        sendto=44,
        socket=41,
    ),
    "aarch64": _Calls(
        0xC00000B7,
        (
            *(221, 281, 117, 130, 138, 240, 424, 271, 425),
            *(52, 53, 54, 55, 88, 5, 6, 7, 14, 15, 16, 32),
            *(140, 30, 194, 195, 196, 190, 191, 192, 193, 186, 187, 188, 189, 180, 181),
            *(40, 39, 41, 51, 97, 268, 161, 162, 170, 112, 171, 266, 142, 224, 225, 104, 294, 105, 273),
            *(106, 89, 60, 116, 217, 218, 219, 280, 241, 238, 239, 265),
            *_ON_ALL,
        ),
        (203, 200, 201, 211, 269),
        clone=220,
        clone3=435,
        to_own_process=(129, 131),
        of_own_process=(261, 122, 118, 119, 274),
        sendto=206,
        socket=198,
    ),
}


def keep_privileges_down() -> None:
    """No program that is started gives more rights; without this no filter can be had. Raises OSError."""
    _prctl(_NO_NEW_PRIVILEGES, 1)


def filter_calls(machine: str, *, network: bool) -> bool:
    """Filter the calls of this process from now on; False where the machine's calls are not known.

    Raises OSError where the kernel has no such filters.
    """
    calls = _TABLES.get(machine)
    if calls is None or sys.byteorder != "little" or struct.calcsize("P") != 8:
        return False
    program = b"".join(_program(calls, network=network))
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    described = Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    _prctl(_SET_SECCOMP, _FILTER, ctypes.byref(described))
    return True


def _program(calls: _Calls, *, network: bool) -> list[bytes]:
    refuse = _step(_RETURN, _FAIL | errno.EPERM)
    program = [
        _step(_LOAD, _MACHINE_AT),
        _step(_EQUAL, calls.machine, yes=1),
        refuse,  # calls of another kind of machine have other numbers
        _step(_LOAD, _NUMBER_AT),
        _step(_ANY_BIT, _FOREIGN_TABLE, no=1),
        refuse,
    ]
    for number in (*calls.refused, *(() if network else calls.network)):
        program += [_step(_EQUAL, number, no=1), refuse]
    # glibc starts its threads by the older call where there is no newer one
    program += [_step(_EQUAL, calls.clone3, no=1), _step(_RETURN, _FAIL | errno.ENOSYS)]
    program += [
        _step(_EQUAL, calls.clone, no=4),
        _step(_LOAD, _ARGUMENTS_AT),
        _step(_ANY_BIT, _CLONE_THREAD, yes=1),
        refuse,
        _step(_RETURN, _ALLOW),
    ]
    for numbers, own in ((calls.to_own_process, 1), (calls.of_own_process, 2)):
        for number in numbers:
            program += [
                _step(_EQUAL, number, no=3 + own),
                _step(_LOAD, _ARGUMENTS_AT),
                *(_step(_EQUAL, 0, yes=2) for _ in range(own - 1)),
                _step(_EQUAL, os.getpid(), yes=1),
                refuse,
                _step(_RETURN, _ALLOW),
            ]
    if not network:  # to whom this socket belongs is no way out; an address is one
        for half in (0, 4):
            program += [
                _step(_EQUAL, calls.sendto, no=3),
                _step(_LOAD, _ARGUMENTS_AT + 4 * 8 + half),
                _step(_EQUAL, 0, yes=1),
                refuse,
                _step(_LOAD, _NUMBER_AT),
            ]
        program += [  # other families need no address to reach somebody
            _step(_EQUAL, calls.socket, no=3),
            _step(_LOAD, _ARGUMENTS_AT),
            _step(_EQUAL, _FAMILY_UNIX, yes=1),
            refuse,
            _step(_LOAD, _NUMBER_AT),
        ]
    return [*program, _step(_RETURN, _ALLOW)]


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value & 0xFFFFFFFF)


def _prctl(option: int, *arguments: object) -> None:
    system = ctypes.CDLL(None, use_errno=True)
    given = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in arguments]
    given += [ctypes.c_ulong(0)] * (4 - len(given))
    if system.prctl(option, *given) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
