"""A paper account living through the days of the price history."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from trading.domain.account import PortfolioState
from trading.domain.audit import audit
from trading.domain.order import Fill
from trading.domain.performance import EquityCurve
from trading.results import ResultDict


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One session: the account after it, what was ordered, and what does not add up."""

    session: date
    value: Decimal
    cash: Decimal
    orders: int
    success: bool
    message: str
    audit_problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TradingHistory:
    """All days of a run, ascending; at least one."""

    account_id: str
    starting_value: Decimal
    days: tuple[TradingDay, ...]

    @property
    def curve(self) -> EquityCurve:
        """Portfolio value at the end of each day."""
        return EquityCurve(tuple(day.session for day in self.days), tuple(day.value for day in self.days))

    @property
    def orders(self) -> int:
        """Orders placed at the broker."""
        return sum(day.orders for day in self.days)

    @property
    def unsuccessful(self) -> tuple[TradingDay, ...]:
        """Days on which not everything that was planned happened."""
        return tuple(day for day in self.days if not day.success)

    @property
    def unbalanced(self) -> tuple[TradingDay, ...]:
        """Days after which the books did not close."""
        return tuple(day for day in self.days if day.audit_problems)


@dataclass(frozen=True, slots=True)
class AccountBooks:
    """Reads of the account that belong to no trading run: state, and fills from the n-th on."""

    state: Callable[[], PortfolioState]
    fills_from: Callable[[int], Sequence[Fill]]


def trade_sessions(
    sessions: Sequence[date],
    *,
    begin_session: Callable[[date], None],
    trade: Callable[[], ResultDict | None],
    books: AccountBooks,
) -> Iterator[TradingDay]:
    """Trade each session in turn and audit the account after each; yields a day when it is over."""
    before, fills_seen = books.state(), len(books.fills_from(0))
    for session in sessions:
        begin_session(session)
        results = trade()
        after, fills = books.state(), books.fills_from(fills_seen)
        yield TradingDay(
            session=session,
            value=after.account.portfolio_value,
            cash=after.account.cash,
            orders=_placed(results),
            success=results is not None and bool(results["success"]),
            message="the run ended early" if results is None else str(results["message"]),
            audit_problems=tuple(audit(before, fills, after)),
        )
        before, fills_seen = after, fills_seen + len(fills)


def _placed(results: ResultDict | None) -> int:
    orders = results["orders_executed"] if results is not None else []
    return sum(order["order_id"] is not None for order in orders)
