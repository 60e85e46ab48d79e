"""A message bus that is not ours, as small programs have one, and the lines by which it can be watched.

`MessageBus` is written as in books: a queue, and handlers by type of message. It knows nothing of the
toolkit.
`WatchedBus` is what a stranger adds to it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from changeover import BusEvent
from changeover.record.declared_buses import Watcher


@dataclass
class Message:
    """Mutable, with a body of its own making."""

    kind: str
    id: str
    run: str
    cause: str | None = None
    body: dict[str, Any] = field(default_factory=dict)


Handler = Callable[[Message], list[Message]]


class MessageBus:
    """Handlers return the messages that follow; one that raises ends nothing but itself."""

    def __init__(self) -> None:
        self.handlers: defaultdict[str, list[tuple[str, Any]]] = defaultdict(list)
        self.queue: list[Message] = []
        self.errors: list[Exception] = []

    def on(self, kind: str, name: str, handler: Any) -> None:
        self.handlers[kind].append((name, handler))

    def handle(self, message: Message) -> None:
        self.take([message])
        while self.queue:
            message = self.queue.pop(0)
            for name, handler in self.handlers[message.kind]:
                try:
                    self.take(self.call(name, handler, message))
                except Exception as error:  # noqa: BLE001  as such buses do
                    self.errors.append(error)

    def take(self, messages: list[Message]) -> None:
        self.queue += messages

    def call(self, name: str, handler: Handler, message: Message) -> list[Message]:
        return handler(message)


class WatchedBus(MessageBus):
    """What a stranger adds: three calls, and what they are given."""

    watcher: Watcher | None = None
    again = False  # whether it delivers on purpose what it has delivered before

    def watch(self, watcher: Watcher) -> None:
        self.watcher = watcher

    def take(self, messages: list[Message]) -> None:
        for message in messages:
            if self.watcher is not None:
                self.watcher.published(message)
        super().take(messages)

    def call(self, name: str, handler: Handler, message: Message) -> list[Message]:
        if self.watcher is None:
            return super().call(name, handler, message)
        self.watcher.delivered(message, name, again=self.again)
        try:
            following = super().call(name, handler, message)
        except BaseException as error:
            self.watcher.handled(message, name, error)
            raise
        self.watcher.handled(message, name)
        return following


class ScheduledBus(WatchedBus):
    """What it adds to be explored: it asks before each delivery, and delivers to one handler at a time."""

    def handle(self, message: Message) -> None:
        watcher = self.watcher
        if watcher is None or not watcher.schedules:
            super().handle(message)
            return
        self.take([message])
        waiting: list[tuple[Message, str, Handler, bool]] = []
        while self.queue or waiting:
            for message in self.queue:
                waiting += [(message, name, handler, False) for name, handler in self.handlers[message.kind]]
            self.queue.clear()
            if not waiting:
                return
            turn = watcher.turn([(message, name) for message, name, *_ in waiting])
            message, name, handler, self.again = waiting.pop(turn.place)
            try:
                self.take(self.call(name, handler, message))
            except Exception as error:  # noqa: BLE001  as such buses do
                self.errors.append(error)
            if turn.twice and not self.again:
                waiting.append((message, name, handler, True))


def describe(message: Message) -> BusEvent:
    """And what its messages are."""
    return BusEvent(message.id, message.kind, message.run, message.cause, message.body)


class AsyncBus:
    """Handlers are coroutine functions; those of one message are awaited together."""

    def __init__(self) -> None:
        self.handlers: defaultdict[str, list[tuple[str, Any]]] = defaultdict(list)
        self.watcher: Watcher | None = None

    def on(self, kind: str, name: str, handler: Any) -> None:
        self.handlers[kind].append((name, handler))

    def watch(self, watcher: Watcher) -> None:
        self.watcher = watcher

    async def handle(self, message: Message) -> None:
        waiting = [message]
        self._tell(message)
        while waiting:
            message = waiting.pop(0)
            called = [self._call(name, handler, message) for name, handler in self.handlers[message.kind]]
            for following in await asyncio.gather(*called):
                for one in following:
                    self._tell(one)
                    waiting.append(one)

    def _tell(self, message: Message) -> None:
        if self.watcher is not None:
            self.watcher.published(message)

    async def _call(self, name: str, handler: Any, message: Message) -> list[Message]:
        if self.watcher is not None:
            self.watcher.delivered(message, name)
        following: list[Message] = await handler(message)
        if self.watcher is not None:
            self.watcher.handled(message, name)
        return following
