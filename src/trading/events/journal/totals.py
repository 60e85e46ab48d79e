"""What has passed through a journal, counted: for people and for whoever collects metrics.

A journal that was pruned counts what is left. A delivery that is put back begins anew, with no attempt.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trading.database import Connection
from trading.events.journal.rows import whole

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Up to which times inside a handler are counted together."""

PUBLISHED = "SELECT event_type, count(*) FROM events GROUP BY event_type ORDER BY event_type"
LAST = "SELECT coalesce(max(seq), 0) FROM events"
_WITHIN = "".join(f", total(d.settled_at IS NOT NULL AND d.took_s <= {bound})" for bound in BOUNDS_S)
_TO_DO = "d.outcome IN ('pending', 'retry')"
HANDLERS = (
    "SELECT e.event_type, d.handler, total(d.outcome = 'handled'), "  # noqa: S608  (nothing of it is a value)
    f"total({_TO_DO} AND (d.due IS NULL OR d.attempt > 1)), "
    f"total({_TO_DO} AND d.due IS NOT NULL AND d.attempt = 1), "
    "total(d.outcome = 'retry'), total(d.outcome = 'dead'), "
    "total(d.attempt - 1), total(d.attempt - 1 + (d.outcome = 'dead')), "
    f"total(d.settled_at IS NOT NULL), total(d.took_s){_WITHIN} "
    "FROM deliveries d JOIN events e ON e.seq = d.seq GROUP BY e.event_type, d.handler "
    "ORDER BY e.event_type, d.handler"
)
TROUBLES = (
    "SELECT e.correlation_id, total(d.attempt - 1), total(d.outcome = 'dead') "
    "FROM deliveries d JOIN events e ON e.seq = d.seq WHERE d.attempt > 1 OR d.outcome = 'dead' "
    "GROUP BY e.correlation_id"
)


@dataclass(frozen=True, slots=True)
class HandlerTotals:
    """One event type at one handler.

    `waiting` is to be delivered now or again, `delayed` is not due before its time, `retrying` has failed and
    is tried again. `retried` counts attempts beyond the first and `failed` attempts that failed. `seconds` is
    time inside the handler at the latest attempt of each of `timed` deliveries, and `within` counts those by
    `BOUNDS_S`, each bound with all below it.
    """

    event_type: str
    handler: str
    handled: int
    waiting: int
    delayed: int
    retrying: int
    dead: int
    retried: int
    failed: int
    timed: int
    seconds: float
    within: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong in one run: attempts beyond the first, and deliveries that are given up."""

    retries: int
    dead: int


@dataclass(frozen=True, slots=True)
class Totals:
    """All of a journal; `last_number` is that of its latest event and counts what was pruned as well."""

    published: Mapping[str, int] = field(default_factory=dict)
    handlers: tuple[HandlerTotals, ...] = ()
    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    last_number: int = 0


@whole
def read_totals(connection: Connection) -> Totals:
    """As a journal in SQLite holds it."""
    [(last,)] = connection.execute(LAST).fetchall()
    return Totals(
        published={str(kind): int(count) for kind, count in connection.execute(PUBLISHED)},
        handlers=tuple(_handler(*row) for row in connection.execute(HANDLERS)),
        troubles={
            str(run): Trouble(int(retries), int(dead)) for run, retries, dead in connection.execute(TROUBLES)
        },
        last_number=int(last),
    )


def _handler(event_type: str, handler: str, *counts: float) -> HandlerTotals:
    *whole_numbers, seconds = counts[:9]
    handled, waiting, delayed, retrying, dead, retried, failed, timed = map(int, whole_numbers)
    return HandlerTotals(
        str(event_type),
        str(handler),
        handled,
        waiting,
        delayed,
        retrying,
        dead,
        retried,
        failed,
        timed,
        float(seconds),
        tuple(map(int, counts[9:])),
    )
