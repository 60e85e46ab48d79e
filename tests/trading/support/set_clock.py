"""A machine's clock that somebody sets while a program waits."""

from datetime import datetime, timedelta


class SetClock:
    """Time passes when somebody sleeps; once that was `after_s` seconds, the clock is set by `step_s`."""

    def __init__(self, now: datetime, step_s: float, *, after_s: float) -> None:
        self.passed_s = 0.0
        self._began = now
        self._step_s = step_s
        self._after_s = after_s

    def now(self) -> datetime:
        step_s = self._step_s if self.passed_s > self._after_s else 0.0
        return self._began + timedelta(seconds=self.passed_s + step_s)

    def monotonic(self) -> float:
        return 1000.0 + self.passed_s

    def sleep(self, seconds: float) -> None:
        self.passed_s += seconds
