"""Time as a port: nothing in the system reads a clock of its own."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable


class Clock(Protocol):
    """`now` is aware and in UTC; `sleep` takes seconds."""

    def now(self) -> datetime:
        """The present moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when so much time has passed."""
        ...


@runtime_checkable
class SettableClock(Clock, Protocol):
    """A clock that somebody may set, forward or back; `monotonic` passes all the same."""

    def monotonic(self) -> float:
        """Seconds that have passed since a moment of no meaning."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The machine's present moment, in UTC; it goes back where the machine's clock is set back."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on a scale that nobody can set."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread."""
        time.sleep(seconds)


class PassingTime:
    """Moments that say how long something has lasted or has to wait yet, while this process lives.

    They begin with a clock's present moment and advance by the time that passes, whoever sets that clock
    meanwhile. A clock that nobody can set (one that moves as it is told) tells them itself.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._settable = clock if isinstance(clock, SettableClock) else None
        if self._settable is not None:
            self._zero = self._settable.now() - timedelta(seconds=self._settable.monotonic())

    def now(self) -> datetime:
        """The beginning, and what has passed since."""
        if self._settable is None:
            return self._clock.now()
        return self._zero + timedelta(seconds=self._settable.monotonic())

    def at(self, moment: datetime) -> datetime:
        """When as much time will have passed as lies between the clock's present moment and this one."""
        if self._settable is None:
            return moment
        return self.now() + (moment - self._settable.now())


class SimulatedClock:
    """A clock that moves only when it is told to, or when somebody sleeps; it never goes back."""

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
