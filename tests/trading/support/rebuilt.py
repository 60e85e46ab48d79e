"""One switch for pytest (`-p tests.trading.support.rebuilt`): a bus keeps nothing between two events.

After every event a bus that has a journal forgets what waits and what it has counted, and takes both from the
journal again, as a process would that starts there. What only looks on (an event without a handler) stays.
"""

from trading.events.bus.deliveries import Deliveries
from trading.events.bus.handling import RunCounts

drain_from_memory = Deliveries.drain


def rebuild(deliveries: Deliveries) -> None:
    """Leave nothing in memory that the journal does not say."""
    only_shown = [entry for entry in deliveries.queue if not entry[1]]
    deliveries.queue.clear()
    runs = RunCounts(deliveries.ledger.events_of_run)
    deliveries._runs = deliveries.handling._runs = runs
    deliveries.take_up(deliveries.ledger.undelivered())
    if only_shown:
        waiting = sorted([*deliveries.queue, *only_shown], key=lambda entry: entry[2])
        deliveries.queue.clear()
        deliveries.queue.extend(waiting)


def drain_from_the_journal(deliveries: Deliveries) -> None:
    """Deliver until nothing waits, with everything rebuilt after each event."""
    scheduled = deliveries.watcher is not None and deliveries.watcher.schedules
    if not deliveries.keeps_all or scheduled:
        drain_from_memory(deliveries)
        return
    while deliveries.queue:
        event, targets, seq, attempt = deliveries.queue.popleft()
        deliveries.deliver(event, targets, seq, attempt)
        rebuild(deliveries)


def pytest_configure() -> None:
    """Put the switch."""
    setattr(Deliveries, "drain", drain_from_the_journal)  # noqa: B010  (a method is replaced on purpose)
