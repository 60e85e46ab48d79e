"""Runs that have answered and wait to be replayed by a child, and what is wanted of them."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from changeover.evidence.unvaried import AnsweredRun
from changeover.quick_dataclass import dataclass
from changeover.record.context import SESSION
from changeover.record.run import Run
from changeover.seam.recording import Recording
from changeover.seam.runtime import Settle
from changeover.values.verdict import Verdict

R = TypeVar("R")


class NumberedCase(NamedTuple):
    """A case of a source; numbers count from 1."""

    name: str
    number: int
    tags: tuple[str, ...]


class Given(Protocol):
    """Replays that another process was given.

    `parts` are what it has sent so far. `ended` says how it came to its end, None until then; where parts are
    missing it is the reason. `nobody` says why it was not even begun, None where it was.
    """

    parts: list[Any]

    @property
    def ended(self) -> str | None:
        """None while it goes on."""

    @property
    def nobody(self) -> str | None:
        """None where somebody has it, or had it."""


@dataclass(frozen=True, slots=True)
class RecordKind(Generic[R]):
    """What is wanted of runs.

    Args:
        made: the records of runs of one case.
        sent: one of them as JSON.
        received: the record again; it is given a function that makes what the run was given and has read, as
            it is known where it answered, of a verdict that was found elsewhere.
    """

    made: Callable[[NumberedCase, Sequence[Run]], list[R]]
    sent: Callable[[R], Any]
    received: Callable[[Any, Callable[[Verdict], AnsweredRun]], R]


@dataclass(slots=True)
class SentRuns:
    """An outermost run and those inside it, to be replayed elsewhere; they have a batch when they are sent.

    `counts` says of a run whether it is looked at, `in_loop` whether they answered in a loop: then `settle`
    has to wait for its end. `written` are the runs as bytes, for another machine.
    """

    case: NumberedCase
    due: Sequence[Recording]
    settle: Settle
    counts: Callable[[Run], bool]
    in_loop: bool = False
    batch: Batch | None = None
    written: list[bytes] = field(default_factory=list)

    def compare(self) -> None:
        """Compare them here, in the context of the call and outside of any run."""
        outer = self.due[-1]

        def settled() -> None:
            SESSION.set(None)
            decimal.setcontext(outer.decimals.copy())
            self.settle(self.due)

        outer.context.copy().run(settled)


@dataclass(slots=True)
class Batch:
    """Runs that are replayed together; of those `left` nothing was received yet."""

    left: list[SentRuns]
    given: Given | None
    received: dict[int, list[Any]] = field(default_factory=dict)
