"""Waiting until orders are settled, and saying what became of them."""

from datetime import timedelta
from functools import partial

from trading.broker.port import Broker, BrokerError
from trading.clock import Clock
from trading.domain.execution import OrderFate
from trading.domain.money import ZERO
from trading.domain.order import Order, OrderStatus
from trading.execution.policy import ExecutionPolicy
from trading.execution.submission import Submission


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
        deadline = self._clock.now() + timedelta(seconds=self._policy.settle_deadline_s)
        while waiting := [key for key, order in settled.items() if not order.status.is_terminal]:
            if self._clock.now() >= deadline:  # by the clock: slow answers count as well
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
