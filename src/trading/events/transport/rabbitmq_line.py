"""A connection to RabbitMQ, driven by its own loop and only within calls.

Everything that was published is confirmed in one wait, rather than each message in its own.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

from trading.events.transport.port import MessageRefused, TransportLost

ANSWER_PATIENCE_S = 15.0
GOODBYE_PATIENCE_S = 2.0


class Line:
    """A connection that is open, and a channel on which everything published is confirmed."""

    def __init__(self, parameters: Any, shown: str) -> None:
        import pika

        self._shown = shown
        self._why_lost = ""
        self._is_over = False
        self._unconfirmed: set[int] = set()
        self._published = 0
        self._refused: list[str] = []
        self._returned: list[str] = []
        opened: list[Any] = []
        self._properties = pika.BasicProperties
        self._errors = pika.exceptions.AMQPError
        self._closed_by_us = pika.exceptions.ChannelClosedByClient
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=self.noting(opened.append),
            on_open_error_callback=self._lose,
            on_close_callback=self._lose,
        )
        try:
            self.run_until(lambda: bool(opened), "connecting")
            self.channel = self.open_channel()
            confirming: list[Any] = []
            self.channel.confirm_delivery(self._confirm, callback=self.noting(confirming.append))
            self.channel.add_on_return_callback(self._take_back)
            self.run_until(lambda: bool(confirming), "confirms")
        except TransportLost:
            self.close()
            raise

    @property
    def is_lost(self) -> bool:
        """Whether it is of no use any more."""
        return bool(self._why_lost)

    def noting(self, note: Callable[[Any], None]) -> Callable[[Any], None]:
        """A callback for the library: notes what it is given and lets the present wait look again."""

        def noted(answer: Any) -> None:
            note(answer)
            self.wake()

        return noted

    def wake(self) -> None:
        """Let the present wait look again."""
        self._connection.ioloop.stop()

    def open_channel(self) -> Any:
        """A channel; where the broker closes one of itself, the whole line counts as lost."""
        opened: list[Any] = []
        with self.working():
            self._connection.channel(on_open_callback=self.noting(opened.append))
        self.run_until(lambda: bool(opened), "a channel")
        opened[0].add_on_close_callback(self._channel_closed)
        opened[0].add_on_cancel_callback(lambda _: self._lose(None, "the queue was deleted"))
        return opened[0]

    def publish(
        self, exchange: str, routing_key: str, headers: Mapping[str, str], body: bytes, key: str
    ) -> None:
        """Hand a message to the connection; `wait_for_confirms` says whether the broker has it."""
        if self.is_lost:
            raise self._lost_while("publishing")
        properties = self._properties(
            content_type=headers.get("content-type"),
            delivery_mode=2,
            correlation_id=key or None,
            message_id=headers.get("event-id"),
            type=headers.get("event-type"),
            headers=dict(headers),
        )
        self._published += 1
        self._unconfirmed.add(self._published)
        with self.working():
            self.channel.basic_publish(exchange, routing_key, body, properties, mandatory=True)

    @contextmanager
    def working(self) -> Iterator[None]:
        """What the library raises because a channel or the connection has just been closed."""
        try:
            yield
        except self._errors as error:
            self._lose(None, error)
            raise self._lost_while("working") from error

    def wait_for_confirms(self) -> None:
        """Return when the broker has confirmed all that was published; raises TransportLost."""
        try:
            self.run_until(lambda: not self._unconfirmed, "confirms")
        except TransportLost:
            self.close()  # confirms that come later must not count for later messages
            raise
        if self._refused:
            refused, self._refused = ", ".join(self._refused), []
            raise TransportLost(f"{self._shown}: not confirmed: {refused}")
        if self._returned:
            returned, self._returned = ", ".join(self._returned), []
            raise MessageRefused(f"{self._shown}: no queue takes {returned}")

    def run_until(self, done: Callable[[], bool], what: str) -> None:
        """Let the connection work until this holds; raises TransportLost where it does not come to that."""
        if not self.wait_until(done, ANSWER_PATIENCE_S):
            self._why_lost = f"no answer within {ANSWER_PATIENCE_S:.0f} s"
            raise self._lost_while(what)

    def wait_until(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """The same with a time-out of one's own; False where that came first."""
        loop, until = self._connection.ioloop, monotonic() + timeout_s
        while not done():
            if self.is_lost:
                raise self._lost_while("waiting")
            left = until - monotonic()
            if left <= 0:
                return False
            timer = loop.call_later(left, loop.stop)
            loop.start()
            loop.remove_timeout(timer)
        return True

    def close(self) -> None:
        """Say goodbye, but wait for no answer for long."""
        if self._is_over:
            return
        if self._connection.is_open and not self.is_lost:
            self._connection.close()
            with suppress(TransportLost):
                self.wait_until(lambda: self._connection.is_closed, GOODBYE_PATIENCE_S)
        if not self._connection.is_closed and (stream := self._connection._transport) is not None:
            stream.abort()  # the library has no public way to hang up on somebody who does not answer
        self._is_over, self._why_lost = True, self._why_lost or "closed"
        self._connection.ioloop.close()

    def _lost_while(self, what: str) -> TransportLost:
        return TransportLost(f"{self._shown}: lost while {what}: {self._why_lost}")

    def _lose(self, _connection: Any, why: object) -> None:
        self._why_lost = str(why) or type(why).__name__
        self.wake()

    def _channel_closed(self, _channel: Any, why: Any) -> None:
        if not isinstance(why, self._closed_by_us):
            self._lose(None, why)
        self.wake()

    def _confirm(self, frame: Any) -> None:
        method = frame.method
        tag, every = method.delivery_tag, method.multiple
        settled = {one for one in self._unconfirmed if one <= tag} if every else {tag}
        if method.NAME == "Basic.Nack":
            self._refused.extend(f"message {one}" for one in sorted(settled))
        self._unconfirmed -= settled
        self.wake()

    def _take_back(self, _channel: Any, method: Any, _properties: Any, _body: bytes) -> None:
        self._returned.append(method.routing_key)
