"""Who gets which event."""

from collections.abc import Callable, Iterable
from typing import Any

from trading.events.bus.handling import Handling
from trading.events.bus.plain_call import refuse_unrun_body
from trading.events.bus.retry import RetryPolicy
from trading.events.bus.watching import Watcher, watched
from trading.events.journal.port import PermanentFailure
from trading.events.messages.envelope import BaseEvent

HANDLERS_MAX = 1000


class UnroutedEvents(PermanentFailure):
    """Event types that are published and that no handler consumes."""


class Subscription:
    """A named handler for an event class and all classes below it; TypeError where its body cannot run."""

    __slots__ = ("event_class", "handle", "module", "name", "retry")

    def __init__(
        self,
        event_class: type[BaseEvent],
        handle: Callable[[Any, Handling], object],
        name: str,
        retry: RetryPolicy,
    ) -> None:
        refuse_unrun_body(handle, name)
        self.event_class = event_class
        self.handle = handle
        self.name = name
        self.retry = retry
        self.module: str = handle.__module__


class Target:
    """One handler of one event class, with its counters."""

    __slots__ = ("dead", "delivered", "failed", "handle", "name", "retried", "retry", "seconds", "source")

    def __init__(self, subscription: Subscription) -> None:
        self.handle = subscription.handle
        self.name = subscription.name
        self.source = (subscription.module, subscription.name)
        self.retry = subscription.retry
        self.delivered = 0
        self.failed = 0
        self.retried = 0
        self.dead = 0
        self.seconds = 0.0


class Route:
    """Everything about one event class: its targets in order of subscription, and what was published.

    `by_name` also has the targets that only deliveries of an earlier program take.
    """

    __slots__ = ("by_name", "duplicates", "names", "published", "targets")

    def __init__(self, targets: tuple[Target, ...], leftovers: tuple[Target, ...] = ()) -> None:
        self.targets = targets
        self.names = tuple(target.name for target in targets)
        self.by_name = {target.name: target for target in (*targets, *leftovers)}
        self.published = 0
        self.duplicates = 0

    def watch(self, watcher: Watcher) -> None:
        """Let every target tell when it begins and ends; a bus that nobody watches pays nothing for it."""
        for target in self.by_name.values():
            target.handle = watched(target.handle, target.name, watcher)


class Routes:
    """Subscriptions, and the route of every event class as it is first met."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, Subscription] = {}
        self._leftovers: list[Subscription] = []
        self.by_class: dict[type[BaseEvent], Route] = {}
        self._watcher: Watcher | None = None

    def watch(self, watcher: Watcher) -> None:
        """Tell the watcher of every handling from now on."""
        self._watcher = watcher
        for route in self.by_class.values():
            route.watch(watcher)

    def add(self, subscription: Subscription) -> None:
        """Raises ValueError for a name that is taken, or once an event has been routed."""
        if subscription.name in self._subscriptions:
            raise ValueError(f"{subscription.name}: a handler of this name is subscribed already")
        if self.by_class:
            raise ValueError(f"{subscription.name}: events have been published, it would have missed them")
        if len(self._subscriptions) >= HANDLERS_MAX:
            raise ValueError(f"{subscription.name}: a bus takes {HANDLERS_MAX} handlers")
        self._subscriptions[subscription.name] = subscription

    def add_leftovers(self, subscription: Subscription) -> None:
        """Let a handler finish deliveries that an earlier program left in the journal; it gets no others."""
        self._leftovers.append(subscription)

    def route(self, event_class: type[BaseEvent]) -> Route:
        """The route of a class; made once, along its bases."""
        found = self.by_class.get(event_class)
        if found is None:
            found = self.by_class[event_class] = Route(
                _targets(event_class, self._subscriptions.values()), _targets(event_class, self._leftovers)
            )
            if self._watcher is not None:
                found.watch(self._watcher)
        return found

    def check(self, published: Iterable[type[BaseEvent]]) -> None:
        """Raise UnroutedEvents for classes without a consumer; one that takes every event is none."""
        consumed = tuple(
            subscription.event_class
            for subscription in self._subscriptions.values()
            if subscription.event_class is not BaseEvent
        )
        unrouted = [event.__name__ for event in published if not issubclass(event, consumed)]
        if unrouted:
            raise UnroutedEvents(f"published, but consumed by no handler: {', '.join(sorted(unrouted))}")


def _targets(event_class: type[BaseEvent], subscriptions: Iterable[Subscription]) -> tuple[Target, ...]:
    return tuple(
        Target(subscription)
        for subscription in subscriptions
        if issubclass(event_class, subscription.event_class)
    )
