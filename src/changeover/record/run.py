"""One passage through a seam, with everything that is known about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.record.replay_problems import ReplayProblem
from changeover.record.tape import Tape
from changeover.values.divergence import Divergence
from changeover.values.observation import Observation, Side
from changeover.values.pins import Pins
from changeover.values.stage import Setting
from changeover.values.verdict import Verdict


class NotPaired(StrEnum):
    """Why a run with verdict `unpaired` was not compared; stored under these names."""

    SAMPLED_OUT = "sampled out"
    INTERRUPTED = "interrupted"
    QUEUE_FULL = "dropped: the queue of replays was full"
    NO_THREAD = "dropped: no thread is left to replay it"
    NOT_SPOOLED = "dropped: it could not be written to the spool"
    HELD_BACK = "redacted: a secret is in it, and there is no key to seal it with"
    STOPPED = "dropped: replays on the program's loop were stopped, as one held it up"
    TOO_LATE = "dropped: it was not replayed in time before the end"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Of a run that was recorded in one process and replayed in another: when, of which code, how isolated.

    `is_renewed` says that the code here is not the code that answered: the run is about today's code then,
    and says nothing about what the program runs now. `flags` is the revision of the flags where it answered,
    None where that is not known.
    """

    at: datetime
    answering_code: str | None
    is_renewed: bool
    isolation: tuple[str, ...] = ()
    flags: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One call of a seam, with everything that is known about it.

    `reason` says why it was not compared, None for a run that was; `not_paired` is set for `unpaired`.
    `fell_back` is True where the candidate gave up before it attempted anything and legacy answered.
    `judgement` is whatever the judge returned; `elsewhere` is None where the run was compared in its process.
    """

    id: str
    seam: str
    phase: str
    population: str
    setting: Setting
    pins: Pins
    tags: tuple[str, ...]
    answered_by: Side
    arguments: dict[str, Any]
    tape: Tape
    verdict: Verdict
    legacy: Observation | None = None
    candidate: Observation | None = None
    divergences: tuple[Divergence, ...] = ()
    notes: tuple[ReplayProblem, ...] = ()
    reason: str | None = None
    fell_back: bool = False
    not_paired: NotPaired | None = None
    judgement: Any = None
    elsewhere: Elsewhere | None = None

    @property
    def answered(self) -> Observation | None:
        """What the path left behind whose answer the caller got."""
        return self.legacy if self.answered_by is Side.LEGACY else self.candidate

    @property
    def reference_gave_nothing(self) -> bool:
        """Whether the answering path did nothing, or ended with nothing where the other one had an answer.

        A path that is dead may still send a mail about it, so that an effect alone is no sign of life.
        """
        answered = self.answered
        if answered is None or not answered.gave_nothing:
            return False
        other = self.candidate if answered is self.legacy else self.legacy
        return not answered.effects or (other is not None and (other.was_refused or not other.gave_nothing))

    @property
    def key(self) -> str | None:
        """Who the run was for."""
        return self.pins.key

    @property
    def correlation_id(self) -> str:
        """Shared by all seams that one outermost run passed."""
        return self.pins.correlation_id

    @property
    def world(self) -> str:
        """The digest of seam, arguments and read answers: runs that saw the same count as one."""
        return self.tape.world_digest(self.seam, self.arguments)


Sink = Callable[[Run], None]
