"""Where the account stands against where it should stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trading.domain.account import PortfolioState
from trading.domain.money import ONE, ZERO, to_cents, to_weight


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """One symbol: `delta` is target value less current value, in cents; weights are of the whole."""

    symbol: str
    target_weight: Decimal
    current_weight: Decimal
    target_value: Decimal
    current_value: Decimal
    delta: Decimal


@dataclass(frozen=True, slots=True)
class AllocationComparison:
    """Rows for every symbol that is targeted or held, in symbol order."""

    portfolio_value: Decimal
    cash_reserve: Decimal
    rows: tuple[AllocationRow, ...]


def compare_allocations(
    target_allocations: Mapping[str, Decimal], state: PortfolioState, cash_reserve: Decimal
) -> AllocationComparison:
    """Target against current allocation; target value = portfolio value x (1 - cash reserve) x weight.

    An account without value, or with debts above its holdings, has current weights and target values of 0.
    """
    portfolio_value = state.account.portfolio_value
    held = {position.symbol: position.market_value for position in state.positions}
    investable = max(portfolio_value, ZERO) * (ONE - cash_reserve)
    rows = []
    for symbol in sorted(target_allocations.keys() | held.keys()):
        weight = target_allocations.get(symbol, ZERO)
        current = held.get(symbol, ZERO)
        target = to_cents(investable * weight)
        current_weight = to_weight(current / portfolio_value) if portfolio_value > ZERO else ZERO
        rows.append(AllocationRow(symbol, weight, current_weight, target, current, target - current))
    return AllocationComparison(portfolio_value, cash_reserve, tuple(rows))
