"""What an account holds at one moment."""

from dataclasses import dataclass
from decimal import Decimal

from trading.domain.order import Order


@dataclass(frozen=True, slots=True)
class Account:
    """Money of an account; `buying_power` is cash less what open BUY orders may still take."""

    account_id: str
    portfolio_value: Decimal
    cash: Decimal
    buying_power: Decimal
    equity: Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """A holding; `market_value` is quantity times current price in whole cents."""

    symbol: str
    quantity: Decimal
    average_entry_price: Decimal
    current_price: Decimal
    market_value: Decimal
    unrealised_pl: Decimal


@dataclass(frozen=True, slots=True)
class PortfolioState:
    """Account, positions in symbol order and open orders, read together."""

    account: Account
    positions: tuple[Position, ...]
    open_orders: tuple[Order, ...]

    def position(self, symbol: str) -> Position | None:
        """The holding of one symbol, or None."""
        return next((held for held in self.positions if held.symbol == symbol), None)
