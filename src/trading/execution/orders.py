"""Orders on their way: one is placed once, whatever happens to the replies, and followed to its end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

from trading.broker.port import (
    Broker,
    BrokerError,
    BrokerUnavailable,
    DuplicateOrder,
    OrderRejected,
    ReplyLost,
)
from trading.clock import Clock, PassingTime
from trading.domain.execution import OrderFate
from trading.domain.money import ZERO
from trading.domain.order import Order, OrderRequest, OrderStatus


@dataclass(frozen=True, slots=True)
class ExecutionPolicy:
    """Bounds of every wait and every repeat; times in seconds."""

    quantity_step: Decimal = Decimal(1)
    poll_interval_s: float = 1.0
    settle_deadline_s: float = 60.0
    attempts_max: int = 3
    retry_pause_s: float = 2.0

    def __post_init__(self) -> None:
        if not (self.quantity_step > 0 and self.poll_interval_s > 0 and self.attempts_max >= 1):
            raise ValueError(f"{self}: step and poll interval must be above 0, attempts at least 1")


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


class Settlement:
    """Polls orders until each is in a final state or the deadline has passed, then cancels what is left."""

    def __init__(self, broker: Broker, clock: Clock, policy: ExecutionPolicy, submission: Submission) -> None:
        self._broker = broker
        self._submission = submission
        self._clock = clock
        self._policy = policy

    def wait_for(self, orders: dict[str, Order]) -> dict[str, Order]:
        """The same orders by the same keys, as the broker reported them last."""
        settled = dict(orders)
        time = PassingTime(self._clock)
        deadline = time.now() + timedelta(seconds=self._policy.settle_deadline_s)
        while waiting := [key for key, order in settled.items() if not order.status.is_terminal]:
            if time.now() >= deadline:  # time that passes: slow answers count as well
                return settled | {key: self._cancel(settled[key]) for key in waiting}
            self._clock.sleep(self._policy.poll_interval_s)
            for key in waiting:
                settled[key] = self._latest(settled[key])
        return settled

    def _latest(self, order: Order) -> Order:
        try:
            return self._broker.get_order(order.order_id)
        except BrokerError:
            return order  # it is asked again at the next poll, until the deadline

    def _cancel(self, order: Order) -> Order:
        try:
            return self._submission.ask(partial(self._broker.cancel_order, order.order_id))
        except BrokerError:
            return self._latest(order)


def fate_of(order: Order) -> tuple[OrderFate, str]:
    """How an order ended, with a sentence where that is not what was wanted."""
    if order.filled_quantity == order.quantity:
        return OrderFate.FILLED, ""
    if not order.status.is_terminal:
        return OrderFate.TIMED_OUT, "the order is still open at the broker: it could not be cancelled"
    why = order.reason or order.status.lower()
    if order.filled_quantity > ZERO:
        return (
            OrderFate.PARTIALLY_FILLED,
            f"{order.filled_quantity} of {order.quantity} filled, the rest {why}",
        )
    if order.status is OrderStatus.REJECTED:
        return OrderFate.REJECTED, why
    return OrderFate.TIMED_OUT, f"nothing filled in time: {why}"
