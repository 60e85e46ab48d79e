"""What one path left behind in one run: how every call ended, as values, and its effects and reads."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from enum import StrEnum
from typing import Any, NamedTuple

from changeover.errors import ReplayRefusal, WorkRefused
from changeover.quick_dataclass import dataclass
from changeover.values.event import EventStep
from changeover.values.interruption import is_interruption as is_interruption
from changeover.values.log_line import LogLine, loud_only_in

_PACKAGE = f"{__name__.partition('.')[0]}."


@dataclass(frozen=True, slots=True)
class Returned:
    """The call came back with a value."""

    value: Any

    def give(self) -> Any:
        """The value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Raised:
    """The call raised; the exception keeps its traceback.

    `raised_at` is the source line of the program that raised it ("shop/orders.py:41"), where that was kept.
    """

    error: BaseException
    raised_at: str | None = field(default=None, compare=False)

    def give(self) -> Any:
        """Raise the same exception again, with the context in which it was raised first.

        Nothing here keeps it alive afterwards.
        """
        error, context = self.error, self.error.__context__
        self.let_go()
        try:
            raise error
        finally:
            error.__context__ = context
            del self, error, context

    def let_go(self) -> None:
        """Let frames of the toolkit that called the path, and are over, hold nothing any more.

        An error holds the frames of its traceback, and each of these the one that called it: since Python
        3.13 those of coroutines as well. One that held the error would close a circle, and everything in it
        would stay until the next collection. (Before 3.13 to clear a frame could close a coroutine.)
        """
        traceback = self.error.__traceback__ if sys.version_info >= (3, 13) else None
        frame = None if traceback is None else traceback.tb_frame.f_back
        while frame is not None and str(frame.f_globals.get("__name__")).startswith(_PACKAGE):
            with suppress(RuntimeError):  # it is not over
                frame.clear()
            frame = frame.f_back


Outcome = Returned | Raised


def outcome_of(call: Callable[[], Any]) -> Outcome:
    """Run the call once; whatever it raises, `SystemExit` and interrupts included, is in the outcome."""
    try:
        return Returned(call())
    except BaseException as error:  # noqa: BLE001  this is the place where an exception becomes data
        return Raised(error)


class Side(StrEnum):
    """The two sides of a seam."""

    LEGACY = "legacy"
    CANDIDATE = "candidate"

    @property
    def other(self) -> Side:
        """The other side."""
        return Side.CANDIDATE if self is Side.LEGACY else Side.LEGACY


class Step(NamedTuple):
    """A piece of work that a path started (its n-th task, job or thread), from its start to its end."""

    name: str
    began: int
    ended: int


@dataclass(frozen=True, slots=True)
class During:
    """When a call was made, in ticks of its run, and in which work that the path started, outermost first."""

    began: int
    ended: int
    lane: tuple[Step, ...] = ()

    def precedes(self, other: During) -> bool:
        """Whether it was over, with the work that it belongs to alone, when the other one's began."""
        for mine, theirs in zip(self.lane, other.lane, strict=False):
            if mine.name != theirs.name:
                return mine.ended < theirs.began
        shared = min(len(self.lane), len(other.lane))
        ended = self.lane[shared].ended if len(self.lane) > shared else self.ended
        began = other.lane[shared].began if len(other.lane) > shared else other.began
        return ended < began

    @property
    def branch(self) -> tuple[str, ...]:
        """The names of its steps: the same for the same piece of work on both sides."""
        return tuple(step.name for step in self.lane)


@dataclass(frozen=True, slots=True)
class PortCall:
    """One call through a port, as the path saw it.

    `port` and `method` name it ("broker", "submit_order"); `key` is the intent key of an effect or the key
    under which a read is looked up; `arguments` are the call's arguments by name; `position` counts the
    calls of one run from 1, over all ports; `asked_at` is the first source line outside the toolkit and the
    port's own module ("legacy/execution.py:212"), None where it was not taken. `during` is None in a run that
    made its calls one after the other. An effect that `commutes` may come before or after others of its port.
    `is_mark` says that a pack keeps it for itself, and no path has asked that.
    """

    port: str
    method: str
    key: Any
    arguments: dict[str, Any]
    outcome: Outcome
    position: int
    asked_at: str | None = None
    during: During | None = None
    commutes: bool = False
    is_mark: bool = False

    @property
    def name(self) -> str:
        """Port and method as people write them."""
        return f"{self.port}.{self.method}"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Observation:
    """The outcome (already through the seam's view), effects and reads in order, and the path's own time.

    `own_time_s` leaves out time inside ports. `inputs_mutated` says that the path changed its arguments, the
    object of its method or what a port gave it. `changed` is what these hold after the call, by root: `self`,
    `arguments` by name, and `answers` by port, method and key. It has what either path changed, so that both
    observations of a run have the same names; None where it is not known.
    `logged` is what it logged, of the path that answered warnings and worse; it is not compared.
    `events` is what happened on declared buses, in order.
    """

    path: Side
    outcome: Outcome
    effects: tuple[PortCall, ...]
    reads: tuple[PortCall, ...]
    own_time_s: float = 0.0
    inputs_mutated: bool = False
    changed: Mapping[str, Any] | None = None
    logged: tuple[LogLine, ...] = ()
    events: tuple[EventStep, ...] = ()

    @property
    def gave_up(self) -> bool:
        """Whether the path raised, or gave None, without any effect or changed argument."""
        return not self.effects and not self.inputs_mutated and self.gave_nothing

    @property
    def was_refused(self) -> bool:
        """Whether a replay ended the path, so that nobody knows what it would have given."""
        return isinstance(self.outcome, Raised) and isinstance(
            self.outcome.error, ReplayRefusal | WorkRefused
        )

    @property
    def gave_nothing(self) -> bool:
        """Whether the path raised, or gave None, whatever it did before."""
        return isinstance(self.outcome, Raised) or self.outcome.value is None


LoggedBy = tuple[Side, LogLine]


def logged_by_one(legacy: Observation, candidate: Observation) -> tuple[LoggedBy, ...]:
    """Warnings and worse that only one of both paths logged, with its side; legacy's first."""
    sides = ((legacy, candidate), (candidate, legacy))
    return tuple(
        (side.path, line) for side, other in sides for line in loud_only_in(side.logged, other.logged)
    )
