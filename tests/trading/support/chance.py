"""A seeded schedule for a bus: deliveries out of order, lost, late, twice, restarts; then a quiet phase."""

import random
from collections import Counter

from trading.events.bus.deliveries import Deliveries
from trading.events.bus.routes import Target
from trading.events.messages.envelope import BaseEvent

Waiting = tuple[BaseEvent, Target, int, int]


class Chance:
    """Takes the place of `Deliveries.drain`; after so many disturbances everything comes in order, once.

    What is lost stays undelivered in the journal, and is taken up when nothing else waits: as late as can be.
    """

    def __init__(self, seed: int, disturbances: int) -> None:
        self.done = Counter[str]()
        self._drawn = random.Random(seed)  # noqa: S311  (a seeded schedule)
        self._left = disturbances

    def drain(self, deliveries: Deliveries) -> None:
        """Deliver until nothing waits and nothing is lost."""
        waiting: list[Waiting] = []
        while True:
            while deliveries.queue:
                event, targets, seq, attempt = deliveries.queue.popleft()
                if not targets:
                    deliveries.deliver(event, targets, seq, attempt)
                waiting += [(event, target, seq, attempt) for target in targets]
            if waiting:
                self._turn(deliveries, waiting)
            elif not self._find_lost(deliveries):
                return

    def _turn(self, deliveries: Deliveries, waiting: list[Waiting]) -> None:
        what = self._drawn.choice(("lost", "twice", "restart", *["order"] * 4)) if self._left > 0 else ""
        self._left -= 1
        self.done[what] += 1
        if what == "restart":
            waiting.clear()
            deliveries.claim()
            deliveries.take_up(deliveries.ledger.undelivered())
            return
        event, target, seq, attempt = waiting.pop(self._drawn.randrange(len(waiting)) if what else 0)
        if what == "lost":
            return
        deliveries.deliver(event, (target,), seq, attempt, shown=False)
        if what == "twice":
            deliveries.accept(event, None)

    def _find_lost(self, deliveries: Deliveries) -> bool:
        deliveries.take_up(deliveries.ledger.undelivered())
        return bool(deliveries.queue)
