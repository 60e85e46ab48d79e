"""How many events each run has published, so that a runaway chain ends."""

from collections.abc import Callable

from trading.events.retry import PermanentFailure

EVENTS_PER_RUN_MAX = 1000
CLOSING_RESERVE = 100
RUNS_COUNTED_MAX = 1024


class RunawayRun(PermanentFailure):
    """A run has published more events than any workflow needs: handlers feed each other in a circle."""


class RunCounts:
    """Counts per correlation id, of at least the last `RUNS_COUNTED_MAX` runs that published anything.

    `earlier` says how many events of a run are already in the journal, so that a restart resets nothing.
    """

    def __init__(self, earlier: Callable[[str], int]) -> None:
        self._earlier = earlier
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}

    def of(self, correlation_id: str) -> int:
        """Events of this run so far."""
        count = self._young.get(correlation_id)
        if count is None:
            if len(self._young) >= RUNS_COUNTED_MAX:
                self._old, self._young = self._young, {}
            count = self._old.get(correlation_id)
            if count is None:
                count = self._earlier(correlation_id)
            self._young[correlation_id] = count
        return count

    def add(self, correlation_id: str, events: int) -> None:
        """Count what was published."""
        self._young[correlation_id] = self.of(correlation_id) + events

    def refuse_beyond(self, correlation_id: str, waiting: int, *, closing: bool) -> None:
        """Raise RunawayRun where one event more is too many; `closing` may use the reserve."""
        allowed = EVENTS_PER_RUN_MAX + (CLOSING_RESERVE if closing else 0)
        if self.of(correlation_id) + waiting >= allowed:
            raise RunawayRun(f"run {correlation_id} has published {allowed} events, the most a run may have")
