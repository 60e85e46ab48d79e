"""Carrying out a plan: SELLs first, then BUYs with what is there, and a fate for every trade.

Each trade is sized as the plan wants, within what is held or affordable.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Protocol

from trading.broker.port import Broker, BrokerError
from trading.clock import Clock
from trading.domain.execution import ExecutionResult, OrderFate, OrderOutcome
from trading.domain.money import ZERO, orderable, to_cents, why_it_stays
from trading.domain.order import Order, OrderRequest, Side
from trading.domain.plan import RebalanceAction, RebalanceItem, RebalancePlan
from trading.execution.orders import ExecutionPolicy, Settlement, Submission, fate_of


def planned_quantity(item: RebalanceItem, price: Decimal, step: Decimal) -> Decimal:
    """The amount of a trade as a quantity at this price that an order may ask for, rounded down."""
    return orderable(abs(item.trade_amount) / price, step)


class Sizing(Protocol):
    """Turns items of one side into quantities, and remembers what earlier ones took."""

    def wanted(self, item: RebalanceItem, price: Decimal) -> Decimal:
        """The quantity that the plan asks for, in whole steps of the broker, rounded down."""
        ...

    def possible(self, item: RebalanceItem, wanted: Decimal, price: Decimal) -> Decimal:
        """As much of it as means allow."""
        ...

    def take(self, quantity: Decimal, price: Decimal) -> None:
        """An order of that size may fill: its means are gone."""
        ...

    def stays(self, item: RebalanceItem) -> str:
        """What the plan would trade and no order can, as a sentence; empty where there is nothing of it."""
        ...


class SellSizing:
    """Never more than is held; an exit is all of it that an order may ask for."""

    def __init__(self, held: Mapping[str, Decimal], step: Decimal) -> None:
        self._held = held
        self._step = step

    def wanted(self, item: RebalanceItem, price: Decimal) -> Decimal:
        """What can be sold of the holding for an exit, else the amount at this price."""
        if item.sells_whole_position:
            return self._sellable(item)
        return planned_quantity(item, price, self._step)

    def possible(self, item: RebalanceItem, wanted: Decimal, price: Decimal) -> Decimal:
        """What can be sold of the holding, at the most."""
        return min(wanted, self._sellable(item))

    def take(self, quantity: Decimal, price: Decimal) -> None:
        """A plan has one item per symbol, so one SELL never limits another."""

    def stays(self, item: RebalanceItem) -> str:
        """What an exit leaves behind."""
        held = self._held.get(item.symbol, ZERO)
        return why_it_stays(held, self._step) if item.sells_whole_position else ""

    def _sellable(self, item: RebalanceItem) -> Decimal:
        return orderable(self._held.get(item.symbol, ZERO), self._step)


class BuySizing:
    """Never more than the buying power that earlier BUYs of the plan have left."""

    def __init__(self, buying_power: Decimal, step: Decimal) -> None:
        self._left = buying_power
        self._step = step

    def wanted(self, item: RebalanceItem, price: Decimal) -> Decimal:
        """The amount at this price."""
        return planned_quantity(item, price, self._step)

    def possible(self, item: RebalanceItem, wanted: Decimal, price: Decimal) -> Decimal:
        """What the rest of the buying power pays for."""
        return min(wanted, orderable(self._left / price, self._step))

    def take(self, quantity: Decimal, price: Decimal) -> None:
        """The price of the order is spoken for."""
        self._left -= to_cents(quantity * price)

    def stays(self, item: RebalanceItem) -> str:
        """The next plan buys what this one is short of."""
        return ""


Attempt = tuple[OrderOutcome, Order | None]  # the order that is to be followed, if there is one


class PlanExecutor:
    """Executes plans at one broker; a trade that fails never keeps the others from being tried."""

    def __init__(self, broker: Broker, clock: Clock, policy: ExecutionPolicy) -> None:
        self._broker = broker
        self._policy = policy
        self._submission = Submission(broker, clock, policy)
        self._settlement = Settlement(broker, clock, policy, self._submission)

    def execute(self, plan: RebalancePlan, *, resuming: bool) -> ExecutionResult:
        """Trade the plan once. `resuming` says that an earlier attempt may have placed some of its orders.

        When resuming, the orders of a side are looked up under their names before any of them is sized or
        sent: by then cash and positions show the earlier attempt's fills, and sizes computed from them would
        be wrong. One that cannot be looked up is not sent either: its fate is UNKNOWN.
        """
        sells = [item for item in plan.trades if item.action is RebalanceAction.SELL]
        buys = [item for item in plan.trades if item.action is RebalanceAction.BUY]
        return ExecutionResult(
            plan.plan_id,
            (
                *self._trade(plan, sells, self._sell_sizing, resuming=resuming),
                *self._trade(plan, buys, self._buy_sizing, resuming=resuming),
            ),
        )

    def _sell_sizing(self) -> Sizing:
        positions = self._submission.ask(self._broker.positions)
        return SellSizing({held.symbol: held.quantity for held in positions}, self._policy.quantity_step)

    def _buy_sizing(self) -> Sizing:
        account = self._submission.ask(self._broker.account)
        return BuySizing(account.buying_power, self._policy.quantity_step)

    def _trade(
        self,
        plan: RebalancePlan,
        items: Sequence[RebalanceItem],
        read_sizing: Callable[[], Sizing],
        *,
        resuming: bool,
    ) -> list[OrderOutcome]:
        earlier = self._look_up(plan, items) if resuming else {}
        new = [item for item in items if item.symbol not in earlier]
        attempts = earlier | (self._place_all(plan, new, read_sizing) if new else {})
        orders = {symbol: order for symbol, (_, order) in attempts.items() if order is not None}
        settled = self._settlement.wait_for(orders)
        outcomes = []
        for item in items:
            outcome, order = attempts[item.symbol][0], settled.get(item.symbol)
            if order is not None and item.symbol in earlier:
                outcome = replace(outcome, wanted_quantity=self._wanted_earlier(item, order))
            outcomes.append(outcome if order is None else _settled(outcome, order))
        return outcomes

    def _look_up(self, plan: RebalancePlan, items: Sequence[RebalanceItem]) -> dict[str, Attempt]:
        """What an earlier attempt placed, or may have placed; what is not in the answer was not."""
        attempts: dict[str, Attempt] = {}
        for item in items:
            blank = _not_tried(plan, item)
            try:
                found = self._submission.ask(partial(self._broker.find_order, blank.client_order_id))
            except BrokerError as error:
                detail = f"{error}; whether an earlier attempt placed it is not known: look it up"
                attempts[item.symbol] = replace(blank, fate=OrderFate.UNKNOWN, detail=detail), None
                continue
            if found is not None:
                attempts[item.symbol] = replace(blank, asked_quantity=found.quantity, detail=""), found
        return attempts

    def _wanted_earlier(self, item: RebalanceItem, order: Order) -> Decimal:
        """What an earlier attempt wanted is not on record: the price of the fill stands for its quote."""
        price = order.filled_average_price
        if price is None or item.sells_whole_position:
            return order.quantity
        return max(order.quantity, planned_quantity(item, price, self._policy.quantity_step))

    def _place_all(
        self, plan: RebalancePlan, items: Sequence[RebalanceItem], read_sizing: Callable[[], Sizing]
    ) -> dict[str, Attempt]:
        blanks = {item.symbol: _not_tried(plan, item) for item in items}
        try:
            sizing = read_sizing()
        except BrokerError as error:
            return {symbol: (replace(blank, detail=str(error)), None) for symbol, blank in blanks.items()}
        attempts: dict[str, Attempt] = {}
        for item in items:
            blank = blanks[item.symbol]
            try:
                attempts[item.symbol] = self._place(item, blank, sizing)
            except BrokerError as error:
                attempts[item.symbol] = replace(blank, detail=str(error)), None
        return attempts

    def _place(self, item: RebalanceItem, blank: OrderOutcome, sizing: Sizing) -> Attempt:
        price = self._submission.ask(partial(self._broker.quote, item.symbol))
        if price is None or not price.is_finite() or price <= ZERO:
            return replace(blank, fate=OrderFate.NO_QUOTE, detail="the broker has no quote"), None
        wanted = sizing.wanted(item, price)
        asked = sizing.possible(item, wanted, price)
        stays = sizing.stays(item)
        outcome = replace(blank, wanted_quantity=wanted, asked_quantity=asked, detail=stays)
        if wanted == ZERO:
            detail = stays or "less than one step of the broker"
            return replace(outcome, fate=OrderFate.BELOW_STEP, detail=detail), None
        if asked == ZERO:
            return replace(outcome, fate=OrderFate.UNFUNDED, detail="nothing is left to trade with"), None
        placed = self._submission.place(OrderRequest(blank.client_order_id, item.symbol, blank.side, asked))
        if isinstance(placed, Order):
            may_take = placed.filled_quantity if placed.status.is_terminal else placed.quantity
            sizing.take(may_take, price)
            return replace(outcome, asked_quantity=placed.quantity), placed
        if placed.fate is OrderFate.UNKNOWN:
            sizing.take(asked, price)
        return replace(outcome, fate=placed.fate, detail=placed.detail), None


def _not_tried(plan: RebalancePlan, item: RebalanceItem) -> OrderOutcome:
    return OrderOutcome(
        symbol=item.symbol,
        side=Side(item.action),
        client_order_id=plan.client_order_id(item),
        order_id=None,
        trade_amount=item.trade_amount,
        wanted_quantity=ZERO,
        asked_quantity=ZERO,
        filled_quantity=ZERO,
        average_price=None,
        fate=OrderFate.UNAVAILABLE,
        detail="the order was not tried",
    )


def _settled(outcome: OrderOutcome, order: Order) -> OrderOutcome:
    fate, detail = fate_of(order)
    if fate is OrderFate.FILLED and outcome.asked_quantity < outcome.wanted_quantity:
        fate = OrderFate.UNFUNDED
        means = "buying power for" if order.side is Side.BUY else "held were"
        detail = f"{means} {outcome.asked_quantity} of {outcome.wanted_quantity}"
    return replace(
        outcome,
        order_id=order.order_id,
        filled_quantity=order.filled_quantity,
        average_price=order.filled_average_price,
        fate=fate,
        detail=detail or outcome.detail,
    )
