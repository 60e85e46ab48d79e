"""Who answers in which stage: the stage table, legal steps between stages, the stages that a run keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from changeover.errors import did_you_mean
from changeover.quick_dataclass import dataclass
from changeover.settings import STAGE_VARIABLE
from changeover.values.observation import Side


class Stage(StrEnum):
    """Where a phase stands; `open` and `done` are for phases that consist of checks only."""

    OFF = "off"
    SHADOW = "shadow"
    RAMP = "ramp"
    LIVE = "live"
    COMPLETE = "complete"
    OPEN = "open"
    DONE = "done"


SEAM_STAGES = (Stage.OFF, Stage.SHADOW, Stage.RAMP, Stage.LIVE, Stage.COMPLETE)
CHECK_STAGES = (Stage.OPEN, Stage.DONE)
ALL_STAGES = (*SEAM_STAGES, *CHECK_STAGES)
RAMP_FINEST = 0.01  # percent; buckets are no finer
RAMP_SYNTAX = "ramp:P with 0 < P < 100"


class Roles(NamedTuple):
    """Who answers, who is replayed after it (None: nobody), and whether the two are compared."""

    answering: Side
    shadowed: Side | None
    compared: bool


_LEGACY_ALONE = Roles(Side.LEGACY, None, False)
_LEGACY_FIRST = Roles(Side.LEGACY, Side.CANDIDATE, True)
_CANDIDATE_FIRST = Roles(Side.CANDIDATE, Side.LEGACY, True)
_CANDIDATE_ALONE = Roles(Side.CANDIDATE, None, False)

_ROLES = {
    Stage.OFF: _LEGACY_ALONE,
    Stage.SHADOW: _LEGACY_FIRST,
    Stage.LIVE: _CANDIDATE_FIRST,
    Stage.COMPLETE: _CANDIDATE_ALONE,
}


def roles(stage: Stage, *, in_bucket: bool) -> Roles:
    """The stage table; only `ramp` asks whether the run's key is in the bucket."""
    if stage is Stage.RAMP:
        return _CANDIDATE_FIRST if in_bucket else _LEGACY_FIRST
    found = _ROLES.get(stage)
    if found is None:
        raise ValueError(f"stage {stage} is for phases without seams, nothing answers in it")
    return found


@dataclass(frozen=True, slots=True)
class Setting:
    """A stage, and while it is `ramp` the percentage of keys that the candidate answers."""

    stage: Stage
    percent: float = 0.0

    def __str__(self) -> str:
        return f"{self.stage}:{self.percent:g}" if self.stage is Stage.RAMP else str(self.stage)


OFF = Setting(Stage.OFF)
OPEN = Setting(Stage.OPEN)


def allowed_words(allowed: Iterable[Stage]) -> tuple[str, ...]:
    """These stages as they are written."""
    return tuple(RAMP_SYNTAX if stage is Stage.RAMP else str(stage) for stage in allowed)


def parse_setting(text: str, allowed: tuple[Stage, ...] = SEAM_STAGES) -> Setting:
    """Read `shadow` or `ramp:10`; raises ValueError saying what was found and what is allowed."""
    name, colon, percent = text.strip().lower().partition(":")
    if name not in allowed or (name == Stage.RAMP) != bool(colon):
        words = ", ".join(allowed_words(allowed))
        if name == Stage.RAMP and name in allowed:
            raise ValueError(f"stage was {text!r}, without its percent, such as ramp:10, allowed: {words}")
        raise ValueError(f"stage was {text!r}{did_you_mean(name, allowed)} allowed: {words}")
    if name != Stage.RAMP:
        return Setting(Stage(name))
    return ramp(percent)


def ramp(percent: object) -> Setting:
    """The stage `ramp` at so many percent; raises ValueError unless 0 < percent < 100."""
    try:
        share = float(str(percent))
    except ValueError:
        share = -1.0
    if isinstance(percent, bool) or not RAMP_FINEST <= share < 100:
        raise ValueError(f"ramp percentage was {percent!r}, allowed: {RAMP_FINEST} up to, not including, 100")
    return Setting(Stage.RAMP, share)


class Step(StrEnum):
    """What a change of stage means: forward needs a passed gate, back never does."""

    FORWARD = "forward"
    BACK = "back"
    NONE = "none"


def step(old: Setting, new: Setting) -> Step:
    """Classify a change of stage; raises ValueError for one that skips more than `ramp`."""
    order = CHECK_STAGES if old.stage in CHECK_STAGES else SEAM_STAGES
    if new.stage not in order:
        raise ValueError(f"a phase at {old} cannot move to {new}, allowed: {', '.join(order)}")
    if old == new:
        return Step.NONE
    start, end = order.index(old.stage), order.index(new.stage)
    if end < start or (end == start and new.percent < old.percent):
        return Step.BACK
    skipped = set(order[start + 1 : end]) - {Stage.RAMP}
    if skipped:
        raise ValueError(
            f"a phase at {old} cannot move to {new} at once: {', '.join(sorted(skipped))} lies between"
        )
    return Step.FORWARD


BUCKETS = 10_000


def bucket(phase: str, key: str) -> int:
    """A number from 0 to 9999: the first 8 bytes, big-endian, of sha256(phase, newline, key), modulo 10000.

    The phase is hashed along, so that it is not the same keys that go first in every phase.
    """
    digest = sha256(f"{phase}\n{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS


def in_bucket(phase: str, key: str, percent: float) -> bool:
    """Whether the key is among the first `percent` of all; a larger percentage only adds keys."""
    return bucket(phase, key) < round(percent * (BUCKETS / 100))


Stages = Mapping[str, tuple[Stage, ...]]


def earliest(allowed: tuple[Stage, ...]) -> Setting:
    """Where a phase stands before anything has moved."""
    return Setting(allowed[0])


def earliest_like(setting: Setting) -> Setting:
    """`off` for a phase with seams, `open` for one of checks only."""
    return Setting(Stage.OFF) if setting.stage in SEAM_STAGES else Setting(Stage.OPEN)


def earlier(one: Setting, other: Setting) -> Setting:
    """The one that is less far; two of different kinds give the beginning of the first."""
    if earliest_like(one) != earliest_like(other):
        return earliest_like(one)
    order = tuple(Stage)
    return min(one, other, key=lambda setting: (order.index(setting.stage), setting.percent))


def stage_variable(phase: str) -> str:
    """The environment variable that overrides the stage of a phase."""
    return STAGE_VARIABLE + re.sub(r"[^A-Z0-9]", "_", phase.upper())
