"""Counts that only grow while this process lives, made from a journal that may be pruned or put back.

What a journal counts less of than before is not undone: Prometheus would take a smaller number for a restart
and count everything once more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from trading.events.journal.totals import BOUNDS_S, HandlerTotals
from trading.monitor.look import Look, RunResult

Labels = tuple[str, ...]

BUCKETS = (*map(str, BOUNDS_S), "+Inf")
SERIES_MAX = 140 * len(BUCKETS)  # of one metric; further handlers and types are counted together
OTHER = "other"


class GrowingCounts:
    """A number for each set of labels."""

    def __init__(self) -> None:
        self._seen: dict[Labels, float] = {}
        self._total: dict[Labels, float] = {}

    def see(self, now: Mapping[Labels, float]) -> None:
        """Add what was gained since the last time."""
        for labels, value in now.items():
            gained = max(value - self._seen.get(labels, 0.0), 0.0)
            kept = labels if labels in self._total or len(self._total) < SERIES_MAX else _together(labels)
            self._total[kept] = self._total.get(kept, 0.0) + gained
        self._seen = dict(now)

    def values(self) -> dict[Labels, float]:
        """As they stand."""
        return dict(self._total)


@dataclass(frozen=True, slots=True)
class Counted:
    """All counts at one moment; those of handlers are by (event type, handler), `times` by handler and bound.

    The last bound of `times` is "+Inf", and counts all of a handler.
    """

    published: Mapping[Labels, float]
    handled: Mapping[Labels, float]
    failed: Mapping[Labels, float]
    retried: Mapping[Labels, float]
    given_up: Mapping[Labels, float]
    times: Mapping[Labels, float]
    seconds: Mapping[Labels, float]
    runs: Mapping[Labels, float]


class Counters:
    """The counts of one watching process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of = {name: GrowingCounts() for name in Counted.__slots__}

    def count(self, look: Look) -> None:
        """Take a look into account; one that could not be read is none."""
        handlers = look.totals.handlers
        seen: dict[str, Mapping[Labels, float]] = {
            "published": {(kind,): float(number) for kind, number in look.totals.published.items()},
            "handled": _by_pair(handlers, lambda one: one.handled),
            "failed": _by_pair(handlers, lambda one: one.failed),
            "retried": _by_pair(handlers, lambda one: one.retried),
            "given_up": _by_pair(handlers, lambda one: one.dead),
            "times": _times(handlers),
            "seconds": _by_handler(handlers, lambda one: one.seconds),
            "runs": {
                (result.value,): float(number)
                for result, number in look.results().items()
                if result in (RunResult.SUCCESSFUL, RunResult.FAILED, RunResult.NOT_TOLD)
            },
        }
        with self._lock:
            for name, values in seen.items():
                self._of[name].see(values)

    def counted(self) -> Counted:
        """As they stand."""
        with self._lock:
            return Counted(**{name: counts.values() for name, counts in self._of.items()})


def _together(labels: Labels) -> Labels:
    """A bound of times stays what it is."""
    return tuple(label if label in BUCKETS else OTHER for label in labels)


def _by_pair(
    handlers: tuple[HandlerTotals, ...], number: Callable[[HandlerTotals], float]
) -> dict[Labels, float]:
    return {(one.event_type, one.handler): float(number(one)) for one in handlers}


def _by_handler(
    handlers: tuple[HandlerTotals, ...], number: Callable[[HandlerTotals], float]
) -> dict[Labels, float]:
    summed: dict[Labels, float] = {}
    for one in handlers:
        summed[one.handler,] = summed.get((one.handler,), 0.0) + number(one)
    return summed


def _times(handlers: tuple[HandlerTotals, ...]) -> dict[Labels, float]:
    summed: dict[Labels, float] = {}
    for one in handlers:
        for bound, number in zip(BUCKETS, (*one.within, one.timed), strict=True):
            summed[one.handler, bound] = summed.get((one.handler, bound), 0.0) + number
    return summed
