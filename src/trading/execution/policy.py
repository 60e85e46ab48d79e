"""How patient execution is."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ExecutionPolicy:
    """Bounds of every wait and every repeat; times in seconds."""

    quantity_step: Decimal = Decimal(1)
    poll_interval_s: float = 1.0
    settle_deadline_s: float = 60.0
    attempts_max: int = 3
    retry_pause_s: float = 2.0

    def __post_init__(self) -> None:
        if not (self.quantity_step > 0 and self.poll_interval_s > 0 and self.attempts_max >= 1):
            raise ValueError(f"{self}: step and poll interval must be above 0, attempts at least 1")
