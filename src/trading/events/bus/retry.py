"""How often a handler is tried again, and how long after."""

from dataclasses import dataclass

ATTEMPTS_MAX = 3
FIRST_DELAY_S = 1.0
DELAY_FACTOR = 2.0
DELAY_MAX_S = 60.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`attempts_max` counts the first attempt; the delay grows by `factor` up to `delay_max_s`."""

    attempts_max: int = ATTEMPTS_MAX
    first_delay_s: float = FIRST_DELAY_S
    factor: float = DELAY_FACTOR
    delay_max_s: float = DELAY_MAX_S

    def delay_after(self, attempt: int) -> float:
        """Seconds between the failure of this attempt (the first is 1) and the next one."""
        return min(self.first_delay_s * self.factor ** (attempt - 1), self.delay_max_s)
