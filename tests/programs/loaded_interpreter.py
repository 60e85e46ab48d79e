"""An interpreter that has imported what it was asked to, and forks itself for each program it is to run.

It is started as a script, with the number of a socket and the names of the modules. Of each program it hears
what `exec` would hear. The program gets an end of its own, with all that an interpreter does at its exit.

It has one thread. The child that it forks forks again and ends: who asked is the parent of the program.
"""

import atexit
import builtins
import ctypes
import gc
import importlib
import importlib.machinery
import io
import json
import os
import runpy
import signal
import socket
import sys
import types
from typing import Any

SIZE = 4
"""Bytes of the length before a message, and of the number of a process after it."""


class Program:
    """What is to run, in the forked child: as much of a fresh process as the program can see."""

    def __init__(self, told: dict[str, Any], files: list[int]) -> None:
        self.arguments: list[str] = told["arguments"]
        self.environment: dict[str, str] = told["environment"]
        self.folder: str | None = told["folder"]
        self.has_session: bool = told["session"]
        self.files = files

    def begin(self) -> None:
        """Take the files, the folder, the environment, the words."""
        if self.has_session:
            os.setsid()
        for number, file in enumerate(self.files):
            os.dup2(file, number, inheritable=True)
        os.closerange(3, max(3, *self.files) + 1)
        if self.folder is not None:
            os.chdir(self.folder)
        coerced = {name: text for name, text in os.environ.items() if name == "LC_CTYPE"}
        os.environ.clear()
        os.environ.update(self.environment | coerced)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.orig_argv[1:] = self.arguments
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            vars(sys)[name] = vars(sys)[f"__{name}__"] = _stream(number, getattr(sys, f"__{name}__"))

    def run(self) -> None:
        """As the interpreter would: a module by name, a text, or a file."""
        kind, *words = self.arguments
        main: Any = types.ModuleType("__main__")
        main.__annotations__ = {}
        main.__builtins__ = builtins
        main.__loader__ = importlib.machinery.BuiltinImporter
        sys.modules["__main__"] = main
        if kind == "-m":
            sys.argv[:] = ["-m", *words[1:]]
            sys.path.insert(0, os.getcwd())  # noqa: PTH109
            runpy._run_module_as_main(words[0])  # type: ignore[attr-defined]
        elif kind == "-c":
            sys.argv[:] = ["-c", *words[1:]]
            sys.path.insert(0, "")
            exec(compile(words[0], "<string>", "exec"), vars(main))  # noqa: S102
        else:
            sys.argv[:] = self.arguments
            sys.path.insert(0, os.path.dirname(os.path.realpath(kind)))  # noqa: PTH120
            main.__file__, main.__cached__ = os.path.abspath(kind), None  # noqa: PTH100
            main.__loader__ = importlib.machinery.SourceFileLoader("__main__", main.__file__)
            with open(kind, "rb") as file:  # noqa: PTH123
                text = file.read()
            exec(compile(text, main.__file__, "exec"), vars(main))  # noqa: S102


@atexit.register
def _keep() -> None:
    """Take down at the end what the program has made, and leave the rest to the end of the process.

    To take that down would cost half of what the fork has saved. It runs after all else that is to run
    then, as it is registered before anything is imported.
    """
    for name in _loaded:
        sys.modules.pop(name, None)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_loaded))


_loaded: dict[str, types.ModuleType] = {}


def _stream(number: int, before: Any) -> Any:
    """A standard stream as the interpreter makes it, in the encoding that it has found for this one."""
    mode = "w" if number else "r"
    at_once = isinstance(before.buffer, io.RawIOBase)  # as PYTHONUNBUFFERED asks
    buffer: Any = open(number, mode + "b", buffering=0 if at_once else -1, closefd=False)  # noqa: SIM115
    raw = buffer if at_once else buffer.raw
    raw.name = before.name
    stream: Any = io.TextIOWrapper(
        buffer,
        encoding=before.encoding,
        errors=before.errors,
        newline=None if mode == "r" else "\n",
        line_buffering=not at_once and (number == 2 or raw.isatty()),
        write_through=before.write_through,
    )
    stream.mode = mode
    return stream


def program_of(line: socket.socket) -> Program:
    """The next program; it is returned in its own process, and the interpreter ends with whoever asks it."""
    while True:
        begin, files, _, _ = socket.recv_fds(line, SIZE, 3)
        if not begin:
            os._exit(0)
        told = _received(line, int.from_bytes(begin, "big"))
        if _is_forked(line):
            return Program(json.loads(told), files)
        for file in files:
            os.close(file)


def _received(line: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        parts += line.recv(size - len(parts))
    return bytes(parts)


def _is_forked(line: socket.socket) -> bool:
    """Fork twice; the program waits until the process between has ended and left it to its new parent."""
    wait, go = os.pipe()
    number, answer = os.pipe()
    between = os.fork()
    if between == 0:
        program = os.fork()
        if program:
            os.write(answer, program.to_bytes(SIZE, "big"))
            os._exit(0)
        os.close(go)
        os.read(wait, 1)
        for one in (wait, number, answer, line.detach()):
            os.close(one)
        return True
    os.waitpid(between, 0)
    line.sendall(os.read(number, SIZE))
    for one in (wait, go, number, answer):
        os.close(one)
    return False


def _ends_as_it_should(program: Program) -> bool:
    """Whether it came to its end; an error is shown without what stands in this file."""
    try:
        program.run()
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001  # whatever the program raised, as an interpreter does
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return False
    return True


def _load(names: list[str]) -> None:
    for name in names:
        importlib.import_module(name)
    _loaded.update(sys.modules)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the program's to hear of
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    socket_number, *modules = sys.argv[1:]
    del sys.path[0]
    _load(modules)
    asked = program_of(socket.socket(fileno=int(socket_number)))
    asked.begin()
    if not _ends_as_it_should(asked):
        sys.exit(1)
