"""Programs that tests start: each in a process of its own, most without a start of the interpreter.

Half a second of each command is the import of the toolkit. A test that is not about that asks here, and gets
a process that was forked from an interpreter which has imported it. It is `subprocess.Popen` in all else:
the test is the parent, signals arrive, what the program leaves open and prints and returns is its own.

A test about what is imported, about how an interpreter begins, or about hash seeds starts a real one.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.programs import loaded_interpreter

PROGRAM = (
    "changeover.migration",
    "changeover.evidence.store.sqlite_file",
    "changeover.evidence.store.draining",
)
"""What every program with a migration imports."""
COMMAND = (
    *("changeover.cli.main", "changeover.cli.output", *PROGRAM),
    *(f"changeover.cli.{name}" for name in ("comparison", "moves", "readiness", "status", "worker")),
    *(f"changeover.api.{name}" for name in ("comparison", "moves", "readiness", "status", "worker")),
    *("rich.console", "rich.table", "rich.ansi"),
)
"""What commands import: each most of it."""
JSON = (*COMMAND, *(f"changeover.models.{name}" for name in ("comparison", "moves", "readiness", "worker")))
TRADING = ("trading.cli", "mailbox", "email.headerregistry", *PROGRAM)
PYTEST = ("pytest",)
SWITCH = "CHANGEOVER_TESTS_START"
"""With `anew` every program is started anew, as without Linux: nothing may be another for that."""
BEFORE_IMPORT = ("PYTHON", "LC_", "LANG", "TZ", "LD_", "MALLOC_")
"""Variables that an interpreter reads when it begins: there is an interpreter for each of their values."""
SUBREAPER = 36

_Key = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
_interpreters: dict[_Key, LoadedInterpreter] = {}
_lock = threading.Lock()


class LoadedInterpreter:
    """One interpreter that has imported some modules, and waits for programs."""

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str]) -> None:
        self._line, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(
                [sys.executable, loaded_interpreter.__file__, str(other.fileno()), *modules],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
            )
        atexit.register(self.close)

    def fork(self, told: Mapping[str, Any], files: Sequence[int]) -> int:
        """The number of the process that runs the program; this process is its parent."""
        message = json.dumps(told).encode(errors="surrogateescape")
        system = ctypes.CDLL(None)
        system.prctl(SUBREAPER, 1, 0, 0, 0)
        try:
            begin = len(message).to_bytes(loaded_interpreter.SIZE, "big")
            socket.send_fds(self._line, [begin], files)
            self._line.sendall(message)
            number = self._line.recv(loaded_interpreter.SIZE, socket.MSG_WAITALL)
        finally:
            system.prctl(SUBREAPER, 0, 0, 0, 0)
        if not number:
            raise ChildProcessError(f"the interpreter has ended: {self._process.wait()}")
        return int.from_bytes(number, "big")

    def close(self) -> None:
        """It ends; what it has forked goes on."""
        self._line.close()
        self._process.wait()

    def forget(self) -> None:
        """This process was forked, and the interpreter is its parent's."""
        self._line.close()
        self._process.returncode = 0


class _ForkedProgram(subprocess.Popen[Any]):
    """`Popen`, but for how its process begins."""

    def __init__(self, interpreter: LoadedInterpreter, arguments: Sequence[str], **how: Any) -> None:
        self._interpreter = interpreter
        super().__init__([sys.executable, *arguments], **how)

    def _execute_child(self, args: Any, *how: Any) -> None:
        """All that `Popen` does by itself is to fork and to execute; the rest of it stays as it is."""
        folder, environment, pipes, own_session = how[4], how[5], how[9:15], bool(how[20])
        files = [number if file == -1 else file for number, file in enumerate((pipes[0], *pipes[3::2]))]
        told = {
            "arguments": list(map(os.fspath, args[1:])),
            "environment": environment,
            "folder": os.fspath(Path.cwd() if folder is None else folder),
            "session": own_session,
        }
        try:
            with _lock:
                self.pid = self._interpreter.fork(told, files)
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


def start_python(arguments: Sequence[str], *, loads: Sequence[str] = (), **how: Any) -> subprocess.Popen[Any]:
    """A program in a process of its own: `-m` and a module, `-c` and a text, or a file, and its words.

    Args:
        arguments: What stands after the options of the interpreter, of which there are none.
        loads: What the program imports in any case, where the arguments do not say that.
        how: `cwd`, `env`, `stdin`, `stdout`, `stderr`, `text`, `encoding`, `start_new_session` of `Popen`.
    """
    how["env"] = dict(how.get("env") or os.environ)  # not what a library has set past Python
    if sys.platform != "linux" or os.environ.get(SWITCH) == "anew":
        return subprocess.Popen([sys.executable, *arguments], **how)
    interpreter = _interpreter(loads or _imported(arguments), how["env"])
    return _ForkedProgram(interpreter, arguments, **how)


def run_python(
    arguments: Sequence[str], *, timeout: float, check: bool = False, **how: Any
) -> subprocess.CompletedProcess[Any]:
    """The same, to its end; what it prints is kept unless `how` says where it goes."""
    given = how.pop("input", None)
    if given is not None:
        how["stdin"] = subprocess.PIPE
    with start_python(arguments, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}) as process:
        try:
            out, err = process.communicate(given, timeout=timeout)
        finally:
            process.kill()
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done


def _imported(arguments: Sequence[str]) -> Sequence[str]:
    """The modules that a program imports in any case; it finds no others."""
    match list(map(str, arguments)):
        case ["-m", "changeover", *words]:
            return JSON if "json" in words else COMMAND
        case ["-m", "trading", *_]:
            return TRADING
        case ["-m", "pytest", *_]:
            return PYTEST
    return PROGRAM


def _interpreter(modules: Sequence[str], environment: Mapping[str, str]) -> LoadedInterpreter:
    """One of this process."""
    read = {name: text for name, text in environment.items() if name.startswith(BEFORE_IMPORT)}
    key = (tuple(modules), tuple(sorted(read.items())))
    with _lock:
        if key not in _interpreters:
            other = ("CHANGEOVER_", *BEFORE_IMPORT)
            rest = {name: text for name, text in os.environ.items() if not name.startswith(other)}
            _interpreters[key] = LoadedInterpreter(modules, {**rest, **read})
        return _interpreters[key]


def _forget_all() -> None:
    for interpreter in _interpreters.values():
        interpreter.forget()
    _interpreters.clear()


os.register_at_fork(after_in_child=_forget_all)
