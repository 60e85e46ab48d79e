"""What may not grow without end in one run; reaching a limit makes the run `failed`, never a match."""

from __future__ import annotations

from changeover.quick_dataclass import dataclass

PORT_CALLS_MAX = 10_000
EVENT_STEPS_MAX = 20_000
REPLAY_SECONDS_MAX = 60.0
SEAM_DEPTH_MAX = 50
LINGER_S = 1.0
WAITS_S = 5.0
"""So long, and twice as long as the recorded path took, a replayed one may wait for what never comes.

Nobody sets its copy of an event; whoever waits for the replay gets on then.
"""

RECORD_SECONDS_MAX = 0.05

LOOP_STEP_S_MAX = 0.02
LOOP_SHARE_MAX = 0.25


@dataclass(frozen=True, slots=True)
class Limits:
    """Port calls on a tape and in a replay; seconds of one replay, looked at on every port call of it.

    Of events each publication, delivery and handling on a declared bus is a step.

    A run is judged when the work that its path left behind has ended, at most `linger_s` after the answer.
    The copies that the caller of a program waits for take `record_seconds_max` of CPU time at most in a run.
    A replay on the program's own loop may be at work for `loop_step_s_max` at a time, and hold it up for ten
    times as long, whatever else the machine does; all of them together take `loop_share_max` of its time.
    """

    port_calls_max: int = PORT_CALLS_MAX
    replay_seconds_max: float = REPLAY_SECONDS_MAX
    linger_s: float = LINGER_S
    record_seconds_max: float = RECORD_SECONDS_MAX
    event_steps_max: int = EVENT_STEPS_MAX
    loop_step_s_max: float = LOOP_STEP_S_MAX
    loop_share_max: float = LOOP_SHARE_MAX


DEPTH_MAX = 100
LEAVES_MAX = 250_000
TEXT_MAX = 1_000_000
NAME_MAX = 1_000
INTEGER_BITS_MAX = 100_000
DIVERGENCES_KEPT_MAX = 200
ITEMS_MAX = 1_000_000
COPIED_BETWEEN_LOOKS = 1_000
COPIED_BEFORE_A_LOOK = 100


class NotComparable(Exception):
    """Two values could not be compared, which is neither a match nor a divergence."""


class LimitReached(NotComparable):
    """A value is larger than a comparison takes; says which limit, by its name, and what it allows."""

    def __init__(self, limit: str, allowed: int, unit: str) -> None:
        super().__init__(f"{limit} reached: more than {allowed:,} {unit}")
        self.limit = limit
        self.allowed = allowed


def too_deep() -> LimitReached:
    """Values nested deeper than `DEPTH_MAX`."""
    return LimitReached("DEPTH_MAX", DEPTH_MAX, "levels")


def too_many() -> LimitReached:
    """More leaves than `LEAVES_MAX`, counted once per place where a shared value stands."""
    return LimitReached("LEAVES_MAX", LEAVES_MAX, "leaves")


def too_long() -> LimitReached:
    """A text or byte string longer than `TEXT_MAX`."""
    return LimitReached("TEXT_MAX", TEXT_MAX, "characters")
