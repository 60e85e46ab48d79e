"""Runs that wait to be compared beside the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from changeover.quick_dataclass import dataclass
from changeover.record.run import NotPaired, Run, Sink
from changeover.seam.judge import RunDraft


class WaitingRun(Protocol):
    """A run that has been answered and is to be compared: replayed and judged in a thread of its own."""

    @property
    def draft(self) -> Callable[[], RunDraft] | None:
        """Makes one that was not compared; None for a run that is handed on as it is."""

    @property
    def replay_apart(self) -> Callable[[], Run | WaitingRun | None]:
        """Gives the run to be handed on, how it goes on, or None where somebody else has it; never raises."""

    @property
    def ready(self) -> Callable[[], bool] | None:
        """Says whether it may be taken up before its time; None for at once."""

    @property
    def until(self) -> float:
        """The moment of the monotonic clock until which it waits for that."""

    @property
    def hand_on(self) -> Sink | None:
        """Its sink, None for that of all."""


@dataclass(eq=False, repr=False, slots=True)
class Job:
    """A waiting run that is put together from its parts."""

    draft: Callable[[], RunDraft] | None
    replay_apart: Callable[[], Run | WaitingRun | None]
    ready: Callable[[], bool] | None = None
    until: float = 0.0
    hand_on: Sink | None = None


class Dropped(NamedTuple):
    """A run that is not compared, and why; in words where it has failed."""

    job: WaitingRun
    why: NotPaired | str
