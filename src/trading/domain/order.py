"""Orders as a broker knows them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "BUY"
    SELL = "SELL"


class OrderStatus(StrEnum):
    """Where an order stands; the last four are final."""

    ACCEPTED = "ACCEPTED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"

    @property
    def is_terminal(self) -> bool:
        """True where the order can fill no further: it is settled."""
        return self not in (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED)


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """A market order as it is asked for; `client_order_id` names it for ever, so a repeat is recognised."""

    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the broker reports it; `filled_average_price` is None until something has filled."""

    order_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    status: OrderStatus
    filled_quantity: Decimal
    filled_average_price: Decimal | None
    submitted_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """Shares that changed hands; `cash_flow` is quantity times price in whole cents, negative for a BUY."""

    order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    cash_flow: Decimal
    at: datetime
