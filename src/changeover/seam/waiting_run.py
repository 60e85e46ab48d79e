"""Runs that wait to be compared beside the program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from changeover.record.run import NotPaired, Run, Sink
from changeover.seam.judge import RunDraft


@dataclass(frozen=True, slots=True)
class Job:
    """A run that has been answered and is to be compared: replayed and judged in a thread of its own.

    `replay_apart` gives the run to be handed on, how it goes on, or None where somebody else has it now; it
    never raises. `draft` makes one that was not compared, None for a run that is handed on as it is. It waits
    until it is `ready`, or until that moment of the monotonic clock. `hand_on` is its sink, None for that of
    all.
    """

    draft: Callable[[], RunDraft] | None
    replay_apart: Callable[[], Run | Job | None]
    ready: Callable[[], bool] | None = None
    until: float = 0.0
    hand_on: Sink | None = None


class Dropped(NamedTuple):
    """A run that is not compared, and why; in words where it has failed."""

    job: Job
    why: NotPaired | str
