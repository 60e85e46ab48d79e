"""Who is told what happens on a bus: every publication, delivery and handling, as it happens."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from trading.events.bus.handling import Handling
from trading.events.messages.envelope import BaseEvent


class Turn(Protocol):
    """What the bus is to do at one turn."""

    @property
    def place(self) -> int:
        """Which of those that wait is delivered."""

    @property
    def twice(self) -> bool:
        """Whether the transport brings its event once more."""

    @property
    def restart(self) -> bool:
        """Whether the bus forgets what it has in memory and resumes, in place of a delivery."""


class Watcher(Protocol):
    """Is told at once and in order; it changes nothing and raises nothing."""

    def published(self, event: BaseEvent) -> None:
        """The event is kept, and will be delivered."""

    def delivered(self, event: BaseEvent, handler: str, *, again: bool = False) -> None:
        """The handler is about to be called; `again`: an earlier attempt at this event may have begun."""

    def handled(self, event: BaseEvent, handler: str, error: BaseException | None = None) -> None:
        """The handler has returned, or raised."""

    @property
    def schedules(self) -> bool:
        """Whether it decides about the order of deliveries, and is asked before each of them."""

    def turn(self, waiting: Sequence[tuple[BaseEvent, str]], *, can_restart: bool = False) -> Turn:
        """What is next of all that waits, in the order in which the bus would deliver it."""


def watched(
    handle: Callable[[Any, Handling], object], name: str, watcher: Watcher
) -> Callable[[Any, Handling], object]:
    """The same handler, which tells the watcher when it begins and ends."""

    def handle_watched(event: BaseEvent, handling: Handling) -> object:
        watcher.delivered(event, name, again=handling.redelivered)
        try:
            result = handle(event, handling)
        except BaseException as error:
            watcher.handled(event, name, error)
            raise
        watcher.handled(event, name)
        return result

    return handle_watched
