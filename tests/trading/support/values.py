"""Values made up for tests, with only what a test is about to be said."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from trading.domain.account import Account, PortfolioState, Position
from trading.domain.comparison import AllocationComparison, AllocationRow
from trading.domain.money import ZERO, to_cents
from trading.domain.order import Fill, Side
from trading.domain.signal import Signal, SignalAction, StrategySignals

DAY = date(2016, 1, 4)
MOMENT = datetime(2016, 1, 4, 20, 45, tzinfo=UTC)


def made_position(symbol: str, quantity: str, price: str) -> Position:
    held, current = Decimal(quantity), Decimal(price)
    return Position(symbol, held, current, current, to_cents(held * current), ZERO)


def made_state(cash: str, *positions: Position) -> PortfolioState:
    money = Decimal(cash)
    value = sum((held.market_value for held in positions), money)
    account = Account("test", value, money, max(money, ZERO), value)
    return PortfolioState(account, positions, ())


def made_fill(symbol: str, side: Side, quantity: str, price: str) -> Fill:
    gross = to_cents(Decimal(quantity) * Decimal(price))
    flow = gross if side is Side.SELL else -gross
    return Fill("order-1", symbol, side, Decimal(quantity), Decimal(price), flow, MOMENT)


def said(strategy: str, weight: str, **wishes: str | None) -> StrategySignals:
    """A weight is a BUY, "SELL" and "HOLD" are themselves."""
    signals = []
    for symbol, wish in wishes.items():
        action = SignalAction(wish) if wish in ("SELL", "HOLD") else SignalAction.BUY
        asked = Decimal(str(wish)) if action is SignalAction.BUY else ZERO
        signals.append(Signal(strategy, symbol, action, asked, "because", DAY))
    return StrategySignals(strategy, Decimal(weight), tuple(signals))


def failed(strategy: str, weight: str, why: str) -> StrategySignals:
    return StrategySignals(strategy, Decimal(weight), (), failure=why)


def made_comparison(rows: Mapping[str, tuple[str, str, str]]) -> AllocationComparison:
    """By symbol: target weight, target value, current value."""
    made = []
    for symbol, (weight, target, current) in sorted(rows.items()):
        delta = Decimal(target) - Decimal(current)
        made.append(AllocationRow(symbol, Decimal(weight), ZERO, Decimal(target), Decimal(current), delta))
    return AllocationComparison(Decimal(100_000), Decimal("0.02"), tuple(made))
