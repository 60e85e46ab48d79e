"""What is to be traded to reach a target."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trading.domain.comparison import AllocationComparison, AllocationRow
from trading.domain.money import ZERO


class RebalanceAction(StrEnum):
    """What happens to one symbol."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True)
class RebalanceItem:
    """One symbol of a plan; `trade_amount` is signed (negative sells), `priority` 1 is the largest delta."""

    symbol: str
    action: RebalanceAction
    trade_amount: Decimal
    current_weight: Decimal
    target_weight: Decimal
    current_value: Decimal
    target_value: Decimal
    priority: int

    @property
    def sells_whole_position(self) -> bool:
        """True for an exit: of a position that is not targeted any more, all is sold that can be sold."""
        return self.action is RebalanceAction.SELL and self.target_weight == ZERO


@dataclass(frozen=True, slots=True)
class RebalancePlan:
    """Every targeted or held symbol in symbol order; without a BUY or SELL there is nothing to trade."""

    plan_id: str
    portfolio_value: Decimal
    items: tuple[RebalanceItem, ...]

    @property
    def trades(self) -> tuple[RebalanceItem, ...]:
        """The items that trade, in order of execution: SELLs before BUYs, each by priority."""
        sells = (item for item in self.items if item.action is RebalanceAction.SELL)
        buys = (item for item in self.items if item.action is RebalanceAction.BUY)
        return (
            *sorted(sells, key=lambda item: item.priority),
            *sorted(buys, key=lambda item: item.priority),
        )

    def client_order_id(self, item: RebalanceItem) -> str:
        """The one name that an order for this item can ever have, so that a repeat is recognised."""
        return f"{self.plan_id}.{item.symbol}.{item.action}"


def plan_rebalance(comparison: AllocationComparison, minimum_trade: Decimal, plan_id: str) -> RebalancePlan:
    """One item per row; a delta below `minimum_trade` is held, an untargeted position is sold whole.

    Equal amounts are ranked by symbol, so that a plan is a function of its comparison.
    """
    actions = {row.symbol: _action(row, minimum_trade) for row in comparison.rows}
    by_size = sorted(comparison.rows, key=lambda row: (-abs(row.delta), row.symbol))
    priority = {row.symbol: rank for rank, row in enumerate(by_size, start=1)}
    return RebalancePlan(
        plan_id=plan_id,
        portfolio_value=comparison.portfolio_value,
        items=tuple(
            RebalanceItem(
                symbol=row.symbol,
                action=actions[row.symbol],
                trade_amount=ZERO if actions[row.symbol] is RebalanceAction.HOLD else row.delta,
                current_weight=row.current_weight,
                target_weight=row.target_weight,
                current_value=row.current_value,
                target_value=row.target_value,
                priority=priority[row.symbol],
            )
            for row in comparison.rows
        ),
    )


def _action(row: AllocationRow, minimum_trade: Decimal) -> RebalanceAction:
    if row.target_weight == ZERO and row.current_value > ZERO:
        return RebalanceAction.SELL
    if row.delta == ZERO or abs(row.delta) < minimum_trade:
        return RebalanceAction.HOLD
    return RebalanceAction.BUY if row.delta > ZERO else RebalanceAction.SELL
