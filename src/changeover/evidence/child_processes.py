"""Work in forked children: each begins with all that this process has in memory, and sends back JSON.

A child is one thread. It changes nothing here, runs no `atexit` of the program, ignores the interrupt key,
and does not outlive this process.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import stat
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, Protocol, Self

from changeover.values.error_text import class_and_message

LOOK_MS = 200
"""So often it is looked whether a child that says nothing is still there."""
_OWN_THREADS = "changeover-"
_HEAD = 8
_READ_AT_ONCE = 1 << 20
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG

Work = Callable[[], Iterator[Any]]


def why_not_forked() -> str | None:
    """Why nothing can be done in children now; None where it can."""
    if not hasattr(os, "fork"):
        return "this system has no fork()"
    me = threading.current_thread()
    if me is not threading.main_thread():
        return "it runs in a thread"
    if any(one is not me and not one.name.startswith(_OWN_THREADS) for one in threading.enumerate()):
        return "other threads run in the program"
    return None


def holds_a_connection() -> bool:
    """Whether a socket is open: of a connection that two processes use, neither gets its answers."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return any(_is_socket(one.name) for one in Path(folder).iterdir())
    return True


def _is_socket(descriptor: str) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(int(descriptor)).st_mode)
    except (OSError, ValueError):
        return False


class Ending(Protocol):
    """What `ended` says of."""

    @property
    def ended(self) -> str | None:
        """None until then."""


class Child:
    """One child; `parts` are what it has sent so far, `ended` says how it came to its end, None until then.

    It is complete when it has sent everything; `ended` of any other one is the reason why it has not.
    """

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self.pipe = pipe
        self.parts: list[Any] = []
        self.is_complete = False
        self.ended: str | None = None
        self.nobody: str | None = None
        self._problem: str | None = None
        self._left = bytearray()
        os.set_blocking(pipe, False)

    def read(self) -> None:
        """Take what it has sent; raises nothing."""
        try:
            while found := os.read(self.pipe, _READ_AT_ONCE):
                self._left += found
        except BlockingIOError:
            self._take()
            if not self.is_complete:
                return
        except OSError:
            pass
        self._take()
        self._end()

    def _take(self) -> None:
        while len(self._left) >= _HEAD and not self.is_complete:
            size = int.from_bytes(self._left[:_HEAD], "big")
            if len(self._left) < _HEAD + size:
                return
            if size:
                part, self._problem = json.loads(bytes(self._left[_HEAD : _HEAD + size]))
                if self._problem is None:
                    self.parts.append(part)
            else:
                self.is_complete = True
            del self._left[: _HEAD + size]

    def look(self) -> None:
        """Whether it is still there: what it has started may hold its pipe open."""
        with suppress(ChildProcessError):  # the program has waited for it; then its pipe tells
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.read()
                self._end(status)

    def _end(self, status: int | None = None) -> None:
        if self.ended is not None:
            return
        if status is None:
            with suppress(ChildProcessError):
                status = os.waitpid(self.pid, 0)[1]
        os.close(self.pipe)
        self.ended = self._problem or _how(status)

    def kill(self) -> None:
        """End it, and wait for that."""
        if self.ended is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._end()


def _how(status: int | None) -> str:
    return "it ended" if status is None else how_it_ended(os.waitstatus_to_exitcode(status))


def how_it_ended(exit_code: int) -> str:
    """How a process ended, in words; a negative code is that of a signal."""
    if exit_code >= 0:
        return f"it exited with {exit_code}"
    with suppress(ValueError):
        return f"it was ended by {signal.Signals(-exit_code).name}"
    return f"it was ended by signal {-exit_code}"


class ChildProcesses:
    """At most so many children at work at once; `close` ends those that are."""

    def __init__(self, most: int) -> None:
        _prctl()
        self.most = most
        self._at_work: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, work: Work) -> Child | None:
        """Let a child do this as soon as one may begin; None where the system gives no process for it."""
        while len(self._at_work) >= self.most:
            self._wait()
        ends: tuple[int, ...] = ()
        parent = os.getpid()
        try:
            ends = os.pipe()
            pid = _fork()
        except OSError:
            for end in ends:
                os.close(end)
            return None
        if pid == 0:
            _be_a_child([ends[0], *(child.pipe for child in self._at_work)], ends[1], work, parent)
        os.close(ends[1])
        child = Child(pid, ends[0])
        self._at_work.append(child)
        return child

    def finish(self, child: Ending) -> None:
        """Wait until it is over."""
        while child.ended is None:
            self._wait()

    def poll(self) -> None:
        """Take what the children have sent, without waiting."""
        if self._at_work:
            self._wait(0)

    def close(self) -> None:
        """End all that are at work; what they have not sent is lost."""
        for child in self._at_work:
            child.kill()
        self._at_work.clear()

    def _wait(self, milliseconds: int = LOOK_MS) -> None:
        at_work = {child.pipe: child for child in self._at_work}
        watch = select.poll()
        for pipe in at_work:
            watch.register(pipe, select.POLLIN | select.POLLHUP)
        found = watch.poll(milliseconds)
        for pipe, _ in found:
            at_work[pipe].read()
        if not found and milliseconds:
            for child in at_work.values():
                child.look()
        self._at_work = [child for child in self._at_work if child.ended is None]


def _fork() -> int:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    with warnings.catch_warnings():
        # Threads of libraries that are not Python's (a pool of numpy's) know how to be forked.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _be_a_child(others: list[int], pipe: int, work: Work, parent: int) -> NoReturn:
    code = 1
    try:
        _end_with(parent)
        _leave_signals_to_the_parent()
        for other in others:
            os.close(other)
        gc.freeze()  # a collection that looked at what the parent has would copy all of it
        for part in work():
            _send(pipe, json.dumps([part, None]).encode())
        _send(pipe, b"")
        code = 0
    except BaseException as error:  # noqa: BLE001  nothing of a child goes on into the program
        with suppress(BaseException):
            _send(pipe, json.dumps([None, class_and_message(error)]).encode())
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(BaseException):
                stream.flush()
        os._exit(code)


def _send(pipe: int, data: bytes) -> None:
    left = memoryview(len(data).to_bytes(_HEAD, "big") + data)
    while left:
        left = left[os.write(pipe, left) :]


def _leave_signals_to_the_parent() -> None:
    """The interrupt key is the parent's; what a handler of the program does is for the program alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in signal.valid_signals():
        if number != signal.SIGINT and callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


def _end_with(parent: int) -> None:
    """Linux ends it when its parent ends; elsewhere its pipe does, as soon as it has something to send."""
    prctl = _prctl()
    if prctl is not None:
        prctl(_DIE_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


@cache
def _prctl() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    try:
        import ctypes

        found: Callable[..., int] = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None
    return found
