"""Whether the books close: laws that hold over every span of days, whatever the broker did."""

from collections.abc import Iterator, Sequence

from trading.domain.account import PortfolioState
from trading.domain.money import ZERO, to_cents
from trading.domain.order import Fill, Side


def audit(before: PortfolioState, fills: Sequence[Fill], after: PortfolioState) -> list[str]:
    """What does not close between two states, as sentences; `fills` are all that happened in between."""
    return [*_state_problems(after), *_fill_problems(fills), *_flow_problems(before, fills, after)]


def _state_problems(state: PortfolioState) -> Iterator[str]:
    account = state.account
    market_value = sum((held.market_value for held in state.positions), ZERO)
    if account.cash + market_value != account.portfolio_value:
        yield f"cash {account.cash} + holdings {market_value} is not {account.portfolio_value}"
    if account.cash < ZERO:
        yield f"cash {account.cash} is negative"
    for held in state.positions:
        if held.quantity < ZERO:
            yield f"{held.symbol}: {held.quantity} is a short position"
        if to_cents(held.quantity * held.current_price) != held.market_value:
            yield f"{held.symbol}: {held.market_value} is not {held.quantity} x {held.current_price}"


def _fill_problems(fills: Sequence[Fill]) -> Iterator[str]:
    for fill in fills:
        gross = to_cents(fill.quantity * fill.price)
        if fill.cash_flow != (gross if fill.side is Side.SELL else -gross):
            yield f"order {fill.order_id}: {fill.cash_flow} is not {fill.quantity} x {fill.price}"


def _flow_problems(before: PortfolioState, fills: Sequence[Fill], after: PortfolioState) -> Iterator[str]:
    flows = sum((fill.cash_flow for fill in fills), ZERO)
    if before.account.cash + flows != after.account.cash:
        yield f"cash {before.account.cash} and flows {flows} do not make {after.account.cash}"
    expected = {held.symbol: held.quantity for held in before.positions}
    for fill in fills:
        signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
        expected[fill.symbol] = expected.get(fill.symbol, ZERO) + signed
    found = {held.symbol: held.quantity for held in after.positions}
    for symbol in sorted(expected.keys() | found.keys()):
        if expected.get(symbol, ZERO) != found.get(symbol, ZERO):
            held = found.get(symbol, ZERO)
            yield f"{symbol}: fills lead to {expected.get(symbol, ZERO)}, held is {held}"
