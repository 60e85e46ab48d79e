"""The processes that replay: one imports the program, and is forked for every process of replays.

What was forked gives up what no replay needs, then answers requests until it is told no more. It holds
nothing of the worker but one end of a pair of sockets. Nothing it says is trusted further than as data.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from changeover.errors import ChangeoverError
from changeover.evidence.program_interface import Program
from changeover.evidence.scenario_replay import codec_of
from changeover.operate.confinement import FILE_BYTES, confine
from changeover.operate.messages import QUESTION, Message, receive, send
from changeover.operate.recorded_replay import answer_to
from changeover.project import Project
from changeover.replay.isolation import isolate
from changeover.values.observation import Side

_DIES_WITH_PARENT = 1
_ENDS = (
    frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP}) if hasattr(signal, "SIGHUP") else frozenset()
)


def main(arguments: list[str]) -> int:
    """Import the program, say so, and fork for whoever asks; ends when the worker has gone."""
    control = socket.socket(fileno=int(arguments[0]))
    given = json.loads(arguments[1])
    project = Project(Path(given["root"]), Path(given["directory"]), given["app"])
    try:
        program = project.migration()
        codec_of(program)
        isolate()  # looks through every module: once here, and not again in each process that is forked
    except ChangeoverError as error:
        send(control, {"problem": str(error)})
        return 1
    send(control, {"ready": True, "seams": sorted(program.seams)})
    # Handlers and threads are the program's; what it opened stays open, and none of it is used here.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
    folders: dict[int, str | None] = {}
    try:
        while (message := _next(control)) is not None:
            if message.descriptor is not None:
                folder = _folder_for(program)
                pid = os.fork()
                if not pid:
                    control.close()
                    connection = socket.socket(fileno=message.descriptor)
                    _replays(program, connection, given["memory_bytes"], folder)
                folders[pid] = folder
                os.close(message.descriptor)
                send(control, {"pid": pid})
            else:
                status = _status_of(message.head["ended"])
                _remove(folders.pop(message.head["ended"], None))  # before the worker may end this one
                send(control, {"status": status})
    finally:
        for folder in folders.values():
            _remove(folder)
    return 0


def _next(control: socket.socket) -> Message | None:
    """What the worker asks next; None where it has gone."""
    try:
        return receive(control)
    except OSError:
        return None


def _folder_for(program: Program) -> str | None:
    """The only folder that a process of replays may write to; None where no pack needs one."""
    packs = _packs_with_files(program)
    return mkdtemp(prefix="changeover-replays-") if packs else None


def _packs_with_files(program: Program) -> list[Any]:
    return [pack for pack in program.runtime.book.packs.values() if hasattr(pack, "replay_in")]


def _remove(folder: str | None) -> None:
    if folder is not None:
        rmtree(folder, ignore_errors=True)


def _status_of(pid: int) -> int | None:
    """How a process ended that the worker has killed, or seen going; None where it is not known."""
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return None


def _replays(program: Program, connection: socket.socket, memory_bytes: int, folder: str | None) -> None:
    """Answer requests; this process goes no other way from here."""
    try:
        for pack in _packs_with_files(program):
            pack.replay_in(folder, FILE_BYTES)
        _shut_off()
        reads_itself = _reads_itself(program)
        if not reads_itself:
            _let_go_of_connections(connection.fileno())
        isolation = confine(memory_bytes, network=reads_itself, folder=folder)
        send(connection, {"isolation": isolation})
        codec = codec_of(program)
        while (message := receive(connection)) is not None:
            # Held by nothing but this frame: what writes to every descriptor it finds gives no answer.
            question, side = message.head[QUESTION], message.head.get("side")
            head, body = ({}, b"") if side is None else answer_to(program, codec, Side(side), message.body)
            send(connection, {**head, QUESTION: question}, body)
    finally:
        os._exit(0)


def _reads_itself(program: Program) -> bool:
    """Whether there are reads that ask the real port in a replay."""
    ports = program.runtime.book.ports.values()
    return any(method.is_fixed for port in ports for method in port.methods.values())


def _let_go_of_connections(own: int) -> None:
    """What the program connected when it was imported leads nowhere from here; files stay as they are."""
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        for number in _open_descriptors():
            if number != own and _leads_out(number):
                with suppress(OSError):
                    os.dup2(ours.fileno(), number, inheritable=False)


def _open_descriptors() -> list[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return [int(name) for name in os.listdir(folder) if name.isdigit()]  # noqa: PTH208
    return []


def _leads_out(number: int) -> bool:
    """Whether it is a socket, and none of a nameless pair, as every event loop has one."""
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return False
        with socket.socket(fileno=os.dup(number)) as found:
            if found.family != socket.AF_UNIX or found.getsockname():
                return True
            return bool(found.getpeername())
    except OSError:  # it has gone meanwhile, or has no other end
        return False


def _shut_off() -> None:
    """No terminal, no group of the worker, no handler of the program; an end with what it was forked from."""
    os.setsid()
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    for number in _ENDS:
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    with suppress(OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)


def parameters(project: Project, memory_bytes: int) -> str:
    """What `main` is given."""
    given: dict[str, Any] = {"root": str(project.root), "directory": str(project.directory)}
    return json.dumps({**given, "app": project.app, "memory_bytes": memory_bytes})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
