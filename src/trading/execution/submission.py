"""Getting one order to the broker once, whatever happens to the replies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from trading.broker.port import (
    Broker,
    BrokerError,
    BrokerUnavailable,
    DuplicateOrder,
    OrderRejected,
    ReplyLost,
)
from trading.clock import Clock
from trading.domain.execution import OrderFate
from trading.domain.order import Order, OrderRequest
from trading.execution.policy import ExecutionPolicy

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """Why there is no order to follow."""

    fate: OrderFate
    detail: str


class Submission:
    """Talks to the broker within the bounds of the policy.

    A name is never changed on a repeat: after a lost reply the broker is asked whether it holds the order,
    and only what it does not hold is sent again, under the same client order id, which the broker takes once.
    """

    def __init__(self, broker: Broker, clock: Clock, policy: ExecutionPolicy) -> None:
        self._broker = broker
        self._clock = clock
        self._policy = policy

    def ask(self, read: Callable[[], Answer]) -> Answer:
        """A read or a cancel, repeated while no answer comes; raises BrokerError in the end."""
        for _ in range(self._policy.attempts_max - 1):
            try:
                return read()
            except (BrokerUnavailable, ReplyLost):  # both may be repeated: a second one changes nothing
                self._clock.sleep(self._policy.retry_pause_s)
        return read()

    def place(self, request: OrderRequest) -> Order | NotPlaced:
        """The broker's order of that name, placed now or found there already, or why there is none."""
        missing = NotPlaced(OrderFate.UNAVAILABLE, "the broker was not asked")
        for attempt in range(self._policy.attempts_max):
            if attempt:
                self._clock.sleep(self._policy.retry_pause_s)
            try:
                return self._broker.submit_order(request)
            except (DuplicateOrder, ReplyLost) as error:
                found = self._look_up(request.client_order_id)
                if found is not None:
                    return found
                missing = NotPlaced(OrderFate.UNAVAILABLE, f"{error}; the broker holds no such order")
            except OrderRejected as error:
                return NotPlaced(OrderFate.REJECTED, str(error))
            except BrokerUnavailable as error:
                missing = NotPlaced(OrderFate.UNAVAILABLE, str(error))
        return missing

    def _look_up(self, client_order_id: str) -> Order | NotPlaced | None:
        try:
            return self.ask(lambda: self._broker.find_order(client_order_id))
        except BrokerError as error:
            return NotPlaced(
                OrderFate.UNKNOWN, f"{error}; whether {client_order_id} was placed is not known: look it up"
            )
