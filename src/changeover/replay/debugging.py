"""Stops a replayed path where it parts from the other one, and hands it to pdb.

Nothing that is typed there reaches the world: expressions are worked out inside the replay, whose ports know
nothing but the tape. What pdb itself reads and writes is outside of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dis import opname
from functools import wraps
from inspect import unwrap
from pdb import Pdb
from types import CodeType, FrameType, TracebackType
from typing import Any, TextIO

from changeover.quick_dataclass import dataclass
from changeover.record.callable_kind import is_async
from changeover.record.context import SESSION, current_session, permitted, restore
from changeover.values.observation import Side

OWN = "changeover"
_Trace = Callable[[FrameType, str, Any], Any]


@dataclass(frozen=True, slots=True)
class Stop:
    """Where to stop: in which passage of the case through a seam, on which side, before which of its calls.

    `position` counts the port calls of the replayed path from 1; None is at its return, or where it raised.
    `told` are lines that say what differs there.
    """

    seam: str
    side: Side
    passage: int
    position: int | None
    told: tuple[str, ...] = ()


class Debugger:
    """Stops once; whatever is typed then, the replay goes on to its end."""

    def __init__(self, stop: Stop, stdin: TextIO, stdout: TextIO) -> None:
        self.stop = stop
        self.has_stopped = False
        self._passages = 0
        self._pdb = _OutsidePdb(stdin, stdout)
        self._code: CodeType | None = None

    def takes(self, seam: str, side: Side) -> bool:
        """Whether this replay is the one to stop in; asked once for each."""
        if (seam, side) != (self.stop.seam, self.stop.side):
            return False
        self._passages += 1
        return self._passages == self.stop.passage

    def at_call(self, position: int, port_module: str) -> None:
        """The path makes the port call of this number, of a port that is written in that module."""
        if self.has_stopped or position != self.stop.position:
            return
        frame = _calling_frame(sys._getframe(1), port_module)
        if frame is not None:
            self._tell(f"at its call {position}")
            self._pdb.stop_in(frame)

    def watched(self, path: Callable[..., Any]) -> Callable[..., Any]:
        """The path, with a stop at its return, or where it raised, unless it was stopped before."""
        if is_async(path):

            @wraps(path)
            async def watched_async(*args: Any, **kwargs: Any) -> Any:
                with self._watching(path):
                    return await path(*args, **kwargs)

            return watched_async

        @wraps(path)
        def watched(*args: Any, **kwargs: Any) -> Any:
            with self._watching(path):
                return path(*args, **kwargs)

        return watched

    @contextmanager
    def _watching(self, path: Callable[..., Any]) -> Iterator[None]:
        self._code = getattr(unwrap(path), "__code__", None)
        before = sys.gettrace()
        sys.settrace(self._entered)
        try:
            yield
        except Exception as error:
            trace = _of_the_program(error.__traceback__)
            if not self.has_stopped and trace is not None:
                sys.settrace(None)
                self._tell(f"where it raised {type(error).__name__}")
                self._pdb.look_at(trace)
            raise
        finally:
            sys.settrace(before)

    def _entered(self, frame: FrameType, event: str, value: Any) -> _Trace | None:
        if self.has_stopped or _is_own(frame):
            return None
        self._code = self._code or frame.f_code
        return self._inside if frame.f_code is self._code else None

    def _inside(self, frame: FrameType, event: str, value: Any) -> _Trace | None:
        if self.has_stopped:
            return None
        if event == "return" and opname[frame.f_code.co_code[frame.f_lasti]].startswith("RETURN"):
            self._tell("at its return")
            self._pdb.stop_at_return(frame, value)
        return self._inside

    def _tell(self, where: str) -> None:
        self.has_stopped = True
        stop = self.stop
        missed = (
            "" if stop.position is None or where.startswith("at its call") else ", having made no such call"
        )
        first = f"{stop.seam}: the {stop.side} path, replayed, {where}{missed}"
        last = "c goes on, q too, h is help; what you call is answered from the tape and reaches nothing"
        self._pdb.say("\n".join(["", first, *(f"    {line}" for line in stop.told), last, ""]))


active: Debugger | None = None
"""Looked for at the beginning of every replay."""


@contextmanager
def debugging(debugger: Debugger) -> Iterator[None]:
    """Until the block ends, replays of this process are stopped by it."""
    global active
    active = debugger
    try:
        yield
    finally:
        active = None


class _OutsidePdb(Pdb):
    """A pdb that reads, writes and looks files up outside of the replay, and evaluates inside of it."""

    def __init__(self, stdin: TextIO, stdout: TextIO) -> None:
        super().__init__(stdin=stdin, stdout=stdout, skip=[f"{OWN}.*"], nosigint=True)
        self._goes_on = False
        self._inside: Any = None

    def say(self, text: str) -> None:
        with _outside():
            self.message(text)

    def stop_in(self, frame: FrameType) -> None:
        """Now, in a frame that is about to go on; stepping goes on in the program's own frames."""
        self._begin(frame)
        self.interaction(frame, None)
        if not self._goes_on:
            sys.settrace(self.trace_dispatch)

    def stop_at_return(self, frame: FrameType, value: Any) -> None:
        """The frame is about to return this value."""
        self._begin(frame)
        frame.f_locals["__return__"] = value
        self.say(f"--Return-- {self._shown(value)}")
        self.interaction(frame, None)

    def look_at(self, trace: TracebackType) -> None:
        """Where an error was raised."""
        self.reset()
        self.interaction(None, trace)

    def _shown(self, value: Any) -> str:
        try:
            return repr(value)
        except Exception as error:  # noqa: BLE001  a value is the program's own code
            return f"{type(value).__name__}, which cannot be shown: {type(error).__name__}"

    def _begin(self, frame: FrameType) -> None:
        self.reset()
        self._goes_on = False
        of_path: FrameType | None = frame
        while of_path is not None and not _is_own(of_path):
            of_path.f_trace = self.trace_dispatch
            self.botframe = of_path
            of_path = of_path.f_back

    def interaction(self, frame: FrameType | None, traceback: Any) -> None:
        """Everything outside, but for what is evaluated."""
        self._inside = current_session()
        with _outside():
            super().interaction(frame, traceback)

    def set_continue(self) -> None:
        self._goes_on = True
        super().set_continue()

    def default(self, line: str) -> None:
        with self._in_replay():
            super().default(line)

    def _getval(self, arg: str) -> Any:
        with self._in_replay():
            return super()._getval(arg)

    @contextmanager
    def _in_replay(self) -> Iterator[None]:
        token = SESSION.set(self._inside)
        try:
            yield
        finally:
            restore(SESSION, token)

    def do_quit(self, arg: str) -> bool | None:
        """The same as continue: the replay goes on to its end."""
        return self.do_continue(arg)

    do_q = do_exit = do_EOF = do_quit  # noqa: N815  as pdb names its commands

    def do_run(self, arg: str) -> bool | None:
        """Not here: the command itself can be given again."""
        self.error("not in a replay: give the command once more")
        return None

    do_restart = do_run


@contextmanager
def _outside() -> Iterator[None]:
    """What happens in the block belongs to no run."""
    token = SESSION.set(None)
    try:
        with permitted():
            yield
    finally:
        restore(SESSION, token)


def _is_own(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == OWN


def _calling_frame(frame: FrameType | None, port_module: str) -> FrameType | None:
    """The innermost frame of the program outside the port's module, as far out as the path; else inside."""
    while frame is not None and _is_own(frame):
        frame = frame.f_back
    innermost = frame
    while frame is not None and not _is_own(frame):
        if frame.f_globals.get("__name__") != port_module:
            return frame
        frame = frame.f_back
    return innermost


def _of_the_program(trace: TracebackType | None) -> TracebackType | None:
    """The frames of the program from the first of them on, down to the last; None where there are none."""
    found = []
    while trace is not None:
        found.append(trace)
        trace = trace.tb_next
    while found and _is_own(found[-1].tb_frame):
        found.pop()
    made: TracebackType | None = None
    for one in reversed(found):
        if not _is_own(one.tb_frame):
            made = TracebackType(made, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return made
