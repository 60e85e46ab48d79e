"""The counters of a bus, at one moment."""

from dataclasses import dataclass

from trading.events.bus.routes import Routes


@dataclass(frozen=True, slots=True)
class TypeCounts:
    """One event type."""

    published: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class HandlerCounts:
    """One event type at one handler; `failed` counts attempts, `seconds` is time inside the handler."""

    delivered: int
    failed: int
    retried: int
    dead: int
    seconds: float


@dataclass(frozen=True, slots=True)
class BusMetrics:
    """Counts by event type, and by (event type, handler name)."""

    types: dict[str, TypeCounts]
    handlers: dict[tuple[str, str], HandlerCounts]
    observer_failures: int
    unannounced: int
    damaged: int


def measure(routes: Routes, *, observer_failures: int, unannounced: int, damaged: int) -> BusMetrics:
    """A copy of all counters."""
    return BusMetrics(
        types={
            event.__name__: TypeCounts(route.published, route.duplicates)
            for event, route in routes.by_class.items()
        },
        handlers={
            (event.__name__, target.name): HandlerCounts(
                target.delivered, target.failed, target.retried, target.dead, target.seconds
            )
            for event, route in routes.by_class.items()
            for target in route.by_name.values()
        },
        observer_failures=observer_failures,
        unannounced=unannounced,
        damaged=damaged,
    )
