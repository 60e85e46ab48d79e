"""The runs in production as they are counted: those that are alike in everything that is asked are one group.

Values only, so that what a gate looks at does not grow with the number of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from enum import IntFlag
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from changeover.quick_dataclass import dataclass
from changeover.settings import INPUTS_VERSION
from changeover.values.observation import Side
from changeover.values.stage import ALL_STAGES, Setting, Stage, parse_setting
from changeover.values.verdict import Verdict

if TYPE_CHECKING:
    from changeover.record.run import NotPaired

DIFFERING = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED)
"""Verdicts of runs whose clusters are asked about one by one."""
OTHER_CODE = "recorded-by-other-code"
"""The reason of runs that have failed for that: what other code recorded, today's no longer does."""
LATE_PERCENT = 95
"""Of own times only the one is asked that so many percent stay under."""


def not_paired_of(verdict: Verdict, reason: str | None) -> NotPaired | None:
    """Why an unpaired run was not compared; None for others, and for a reason of another version."""
    if verdict is not Verdict.UNPAIRED:
        return None
    from changeover.record.run import NotPaired

    return next((known for known in NotPaired if known == reason), None)


class Met(IntFlag):
    """How a distinct input was met by runs that do not differ: in which stage, and who answered."""

    SHADOW_LEGACY = 1
    RAMP_LEGACY = 2
    LIVE_LEGACY = 4
    OTHER_LEGACY = 8
    SHADOW_CANDIDATE = 16
    RAMP_CANDIDATE = 32
    LIVE_CANDIDATE = 64
    OTHER_CANDIDATE = 128
    VACUOUS = 256

    @classmethod
    def of(cls, stage: str, answered_by: str, verdict: str) -> Met:
        """What one run adds; nothing for one that is no evidence of sameness."""
        if verdict == Verdict.VACUOUS:
            return cls.VACUOUS
        if not Verdict(verdict).is_evidence:
            return cls(0)
        setting = setting_of(stage)
        word = "OTHER" if setting is None or setting.stage not in _STAGES else setting.stage.name
        return cls[f"{word}_{Side(answered_by).name}"]


NOT_MET = Met(0)
_STAGES = (Stage.SHADOW, Stage.RAMP, Stage.LIVE)
SAME = Met(255)
"""Met by any run that is evidence of sameness."""


def met_in(stages: Iterable[Stage], sides: Iterable[Side]) -> Met:
    """Met in one of these stages, while one of these answered."""
    answering = list(sides)
    found = Met(0)
    for stage in stages:
        for side in answering:
            found |= Met[f"{stage.name if stage in _STAGES else 'OTHER'}_{side.name}"]
    return found


@lru_cache(maxsize=1_024)
def setting_of(stage: str) -> Setting | None:
    """The stage of a run; None for one that this version does not know."""
    try:
        return parse_setting(stage, ALL_STAGES)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs in production that are alike; `first` and `last` are when they were, `day` is in UTC.

    `inputs_version` is that of the digests of their distinct inputs, None where they have none. `timed` have
    own times that count. `ids` is one number for the identifiers of all of them. `is_later` marks runs that
    are dated after now.
    """

    seam: str
    phase: str
    stage: str
    answered_by: Side
    verdict: Verdict
    code: str | None
    rules: str
    day: date
    runs: int
    first: datetime
    last: datetime
    clusters: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    reason: str | None = None
    gave_up: bool = False
    is_renewed: bool = False
    inputs_version: str | None = None
    timed: int = 0
    ids: int = 0
    is_later: bool = False

    @property
    def setting(self) -> Setting | None:
        """The stage they ran in; None for one that this version does not know."""
        return setting_of(self.stage)

    @property
    def not_paired(self) -> NotPaired | None:
        """Why unpaired runs were not compared; None for the others, and for a reason of another version."""
        return not_paired_of(self.verdict, self.reason)

    @property
    def was_of_other_code(self) -> bool:
        """Whether other code recorded them, and today's does something else: they show nothing of it."""
        return self.verdict is Verdict.FAILED and self.reason == OTHER_CODE

    @property
    def has_other_digests(self) -> bool:
        """Whether their distinct inputs were named in another way, so that they count for nothing."""
        return self.inputs_version not in (None, INPUTS_VERSION)


@dataclass(frozen=True, slots=True)
class InputGroup:
    """So many distinct inputs of one seam, code and rules that were met in the same ways."""

    seam: str
    code: str | None
    rules: str
    met: Met
    inputs: int


@dataclass(frozen=True, slots=True)
class DifferingInput:
    """One distinct input with runs that differ alike; `met` says how it was met by runs that do not differ.

    `input` is None for runs whose input is not known: each of them has one of its own.
    """

    seam: str
    stage: str
    answered_by: Side
    verdict: Verdict
    code: str | None
    rules: str
    clusters: tuple[str, ...]
    input: str | None
    runs: int
    met: Met = NOT_MET

    @property
    def setting(self) -> Setting | None:
        """The stage they ran in; None for one that this version does not know."""
        return setting_of(self.stage)


@dataclass(frozen=True, slots=True)
class LateTimes:
    """The longest own times of `runs` runs of one seam, of each path by itself, the longest first.

    There are as many as it takes to say which time `LATE_PERCENT` of them, or of them and others of their
    seam, stay under: no such time is shorter than the shortest one of any part by itself.
    """

    seam: str
    stage: str
    answered_by: Side
    verdict: Verdict
    clusters: tuple[str, ...]
    runs: int
    legacy: tuple[float, ...]
    candidate: tuple[float, ...]


def beyond_rank(runs: int) -> int:
    """Which of the times, counted from the longest, `LATE_PERCENT` of so many stay under."""
    return runs - LATE_PERCENT * runs // 100


def late_time(some: list[tuple[float, ...]], runs: int) -> float:
    """The time that `LATE_PERCENT` of so many runs stay under, from the longest times of their parts."""
    longest = sorted((time for part in some for time in part), reverse=True)
    return longest[beyond_rank(runs) - 1]


@dataclass(frozen=True, slots=True)
class Distinct:
    """Distinct inputs: how many were met, and how many of them have a run that differs."""

    seen: int
    diverged: int


def distinct(
    groups: Iterable[InputGroup],
    differing: Iterable[DifferingInput],
    met: Met,
    differs: Callable[[DifferingInput], bool],
    *,
    unknown_too: bool,
) -> Distinct:
    """Count the inputs that were met so, and those of the runs that differ, each once.

    With `unknown_too` a run that differs counts although nobody knows what it saw.
    """
    alike = sum(group.inputs for group in groups if group.met & met)
    known: dict[tuple[str, str], bool] = {}
    unknown = 0
    for one in differing:
        if differs(one):
            if one.input is not None:
                known[one.seam, one.input] = bool(one.met & met)
            elif unknown_too:
                unknown += one.runs
    return Distinct(alike + unknown + sum(not is_met for is_met in known.values()), len(known) + unknown)


def number_of_id(identifier: str) -> int:
    """A number for one run; those of several are combined by XOR, in any order."""
    return int.from_bytes(blake2b(identifier.encode("utf-8", "backslashreplace"), digest_size=7).digest())
