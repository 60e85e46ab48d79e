"""What may not grow without end in one run; reaching a limit makes the run `failed`, never a match."""

from __future__ import annotations

from dataclasses import dataclass

PORT_CALLS_MAX = 10_000
REPLAY_SECONDS_MAX = 60.0
SEAM_DEPTH_MAX = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """Port calls on a tape and in a replay; seconds of one replay, looked at on every port call of it."""

    port_calls_max: int = PORT_CALLS_MAX
    replay_seconds_max: float = REPLAY_SECONDS_MAX
