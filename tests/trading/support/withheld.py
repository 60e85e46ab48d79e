"""A bus from which events of some types do not get through until they are released."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from trading.events.bus.deliveries import Deliveries
from trading.events.messages.workflow import WorkflowOverdue


class Withheld:
    """Takes the place of `Deliveries.drain`: what is withheld stays undelivered in the journal.

    `when_told` is called when people have been told that a workflow is overdue, and says whether to release.
    """

    def __init__(self, types: frozenset[str], when_told: Callable[[], bool]) -> None:
        self.types = types
        self._when_told = when_told

    def drain(self, deliveries: Deliveries) -> None:
        """Deliver whatever gets through."""
        queue = deliveries.queue
        while queue:
            event, targets, seq, attempt = queue.popleft()
            if event.event_type in self.types:
                continue
            deliveries.deliver(event, targets, seq, attempt)
            if isinstance(event, WorkflowOverdue) and self._when_told():
                self.types = frozenset()
                queue.clear()
                deliveries.take_up(deliveries.ledger.undelivered())


@contextmanager
def getting_through(withheld: Withheld) -> Iterator[None]:
    """Every bus of this process delivers so."""
    drain = Deliveries.drain
    setattr(Deliveries, "drain", lambda deliveries: withheld.drain(deliveries))  # noqa: B010
    try:
        yield
    finally:
        setattr(Deliveries, "drain", drain)  # noqa: B010
