"""Time as a port: nothing in the system reads a clock of its own."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """`now` is aware, in UTC, and never goes back; `sleep` takes seconds."""

    def now(self) -> datetime:
        """The present moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when `now` has advanced by that much."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The machine's present moment, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Block the calling thread."""
        time.sleep(seconds)


class SimulatedClock:
    """A clock that moves only when it is told to, or when somebody sleeps."""

    def __init__(self, now: datetime) -> None:
        self._now = _in_utc(now)

    def now(self) -> datetime:
        """The moment that was set last, plus all sleeping since."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Advance at once; going back raises ValueError, as it does for the machine's clock."""
        if seconds < 0:
            raise ValueError(f"sleep length was {seconds}, allowed: 0 seconds or more")
        self._now += timedelta(seconds=seconds)

    def advance_to(self, moment: datetime) -> None:
        """Jump forward; going back raises ValueError."""
        moment = _in_utc(moment)
        if moment < self._now:
            raise ValueError(f"the clock stands at {self._now}, it cannot go back to {moment}")
        self._now = moment


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a clock needs an aware datetime, got the naive {moment}")
    return moment.astimezone(UTC)
