"""Every order in which a bus could deliver what is in flight together, one run of the bus for each."""

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from trading.events.bus.deliveries import Deliveries
from trading.events.bus.routes import Target
from trading.events.messages.envelope import BaseEvent

Waiting = tuple[BaseEvent, Target, int, int]
Found = TypeVar("Found")


class Repeat(StrEnum):
    """Why a delivery comes twice."""

    SENT = "sent again by its transport"
    DIED = "its handler's process died before anything was kept"


class Died(BaseException):
    """The process ends here."""


@dataclass
class Turns:
    """Takes the place of `Deliveries.drain`: at each turn, which of those that wait is delivered.

    `chosen` are the choices, the first where there are no more. The deliveries of turns in `twice` come
    again; one whose process has died is not lost a second time.
    """

    chosen: Sequence[int] = ()
    twice: Container[int] = ()
    repeat: Repeat = Repeat.SENT
    widths: list[int] = field(default_factory=list)
    died: set[tuple[str, str]] = field(default_factory=set)

    def drain(self, deliveries: Deliveries) -> None:
        """Deliver until nothing waits."""
        waiting: list[Waiting] = []
        while True:
            while deliveries.queue:
                event, targets, seq, attempt = deliveries.queue.popleft()
                if not targets:
                    deliveries.deliver(event, targets, seq, attempt)
                waiting += [(event, target, seq, attempt) for target in targets]
            if not waiting:
                return
            turn = len(self.widths)
            self.widths.append(len(waiting))
            choice = self.chosen[turn] if turn < len(self.chosen) else 0
            event, target, *_ = delivery = waiting.pop(
                min(choice, len(waiting) - 1)
            )  # fewer wait after a death
            dies = self.repeat is Repeat.DIED and (event.event_id, target.name) not in self.died
            if turn in self.twice and dies:
                self.died.add((event.event_id, target.name))
                self._die(deliveries, delivery)
                waiting.clear()
                continue
            self._deliver(deliveries, delivery)
            if turn in self.twice and self.repeat is Repeat.SENT:
                deliveries.accept(event, None)

    def _deliver(self, deliveries: Deliveries, delivery: Waiting) -> None:
        event, target, seq, attempt = delivery
        deliveries.deliver(event, (target,), seq, attempt, shown=False)

    def _die(self, deliveries: Deliveries, delivery: Waiting) -> None:
        """The handler does its work, nothing of it is kept, and a next process takes all up again."""

        def die(*_: Any, **__: Any) -> None:
            raise Died

        setattr(deliveries, "_settle", die)  # noqa: B010  (of this object, for one delivery)
        try:
            self._deliver(deliveries, delivery)
        except Died:
            deliveries.forget_handling()
        finally:
            delattr(deliveries, "_settle")
        deliveries.claim()
        deliveries.take_up(deliveries.ledger.undelivered())


@contextmanager
def delivered_by(turns: Turns) -> Iterator[None]:
    """Every bus of this process delivers so."""
    drain = Deliveries.drain
    setattr(Deliveries, "drain", lambda deliveries: turns.drain(deliveries))  # noqa: B010
    try:
        yield
    finally:
        setattr(Deliveries, "drain", drain)  # noqa: B010


def every_order(run: Callable[[Turns], Found]) -> Iterator[tuple[tuple[int, ...], int, Found]]:
    """Run under every order: the choices, how many turns there were, and what came of it."""
    chosen: tuple[int, ...] | None = ()
    while chosen is not None:
        turns = Turns(chosen)
        found = run(turns)
        widths = turns.widths
        made = (*chosen, *[0] * (len(widths) - len(chosen)))
        yield made, len(widths), found
        chosen = _next(made, widths)


def _next(made: Sequence[int], widths: Sequence[int]) -> tuple[int, ...] | None:
    """The order after this one: the last choice that can be made otherwise is; None after the last order."""
    for turn in reversed(range(len(widths))):
        if made[turn] + 1 < widths[turn]:
            return (*made[:turn], made[turn] + 1)
    return None
