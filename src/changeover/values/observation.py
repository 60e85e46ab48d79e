"""What one path left behind in one run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from changeover.values.outcome import Outcome


class Side(StrEnum):
    """The two sides of a seam."""

    LEGACY = "legacy"
    CANDIDATE = "candidate"

    @property
    def other(self) -> Side:
        """The other side."""
        return Side.CANDIDATE if self is Side.LEGACY else Side.LEGACY


@dataclass(frozen=True, slots=True)
class PortCall:
    """One call through a port, as the path saw it.

    `port` and `method` name it ("broker", "submit_order"); `key` is the intent key of an effect or the key
    under which a read is looked up; `arguments` are the call's arguments by name; `position` counts the
    calls of one run from 1, over all ports; `asked_at` is the first source line outside the toolkit and the
    port's own module ("legacy/execution.py:212"), None where it was not taken.
    """

    port: str
    method: str
    key: Any
    arguments: dict[str, Any]
    outcome: Outcome
    position: int
    asked_at: str | None = None

    @property
    def name(self) -> str:
        """Port and method as people write them."""
        return f"{self.port}.{self.method}"


@dataclass(frozen=True, slots=True)
class Observation:
    """The outcome (already through the seam's view), effects and reads in order, and the path's own time.

    `own_time_s` leaves out time inside ports. `inputs_mutated` says that the path changed its arguments.
    """

    path: Side
    outcome: Outcome
    effects: tuple[PortCall, ...]
    reads: tuple[PortCall, ...]
    own_time_s: float = 0.0
    inputs_mutated: bool = False
