"""How a paper account is laid out in SQLite; decimals and moments are TEXT: exact, and readable."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from trading.broker.book import Holding, OpenOrder
from trading.domain.order import Fill, Order, OrderStatus, Side

KIND = "paper account"
VERSION = 1
SCHEMA = """
CREATE TABLE account (account_id TEXT PRIMARY KEY, starting_cash TEXT NOT NULL, cash TEXT NOT NULL);
CREATE TABLE positions (
    symbol TEXT PRIMARY KEY,
    quantity TEXT NOT NULL,
    average_entry_price TEXT NOT NULL,
    last_price TEXT NOT NULL
);
CREATE TABLE orders (
    number INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    client_order_id TEXT NOT NULL UNIQUE,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    status TEXT NOT NULL,
    filled_quantity TEXT NOT NULL,
    filled_average_price TEXT,
    submitted_at TEXT NOT NULL,
    reason TEXT,
    price TEXT,
    fill_quantity TEXT,
    fills_at TEXT
);
CREATE INDEX open_orders ON orders (number) WHERE status IN ('ACCEPTED', 'PARTIALLY_FILLED');
CREATE TABLE fills (
    number INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price TEXT NOT NULL,
    cash_flow TEXT NOT NULL,
    at TEXT NOT NULL
);
"""

ORDERS = (
    "SELECT order_id, client_order_id, symbol, side, quantity, status, filled_quantity,"
    " filled_average_price, submitted_at, reason, price, fill_quantity, fills_at FROM orders"
)
OPEN_ORDERS = f"{ORDERS} WHERE status IN ('ACCEPTED', 'PARTIALLY_FILLED') ORDER BY number"
ORDER_BY_ID = f"{ORDERS} WHERE order_id = ?"
ORDER_BY_CLIENT_ID = f"{ORDERS} WHERE client_order_id = ?"
ALL_ORDERS = f"{ORDERS} ORDER BY number"
LAST_ORDER_AT = "SELECT max(submitted_at) FROM orders"
NEXT_ORDER_NUMBER = "SELECT coalesce(max(number), 0) + 1 FROM orders"
INSERT_ORDER = (
    "INSERT INTO orders (order_id, client_order_id, symbol, side, quantity, status, filled_quantity,"
    " filled_average_price, submitted_at, reason, price, fill_quantity, fills_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# An order changes only by its one fill or by its end: after either, no fill is to come.
UPDATE_ORDER = (
    "UPDATE orders SET status = ?, filled_quantity = ?, filled_average_price = ?, reason = ?, fills_at = NULL"
    " WHERE order_id = ?"
)

POSITIONS = "SELECT symbol, quantity, average_entry_price, last_price FROM positions ORDER BY symbol"
REPLACE_POSITION = (
    "REPLACE INTO positions (symbol, quantity, average_entry_price, last_price) VALUES (?, ?, ?, ?)"
)
DELETE_POSITION = "DELETE FROM positions WHERE symbol = ?"

# Fills are never deleted: they are numbered from 1 without a gap.
FILLS_AFTER = (
    "SELECT order_id, symbol, side, fills.quantity, fills.price, cash_flow, at"
    " FROM fills JOIN orders USING (order_id) WHERE fills.number > ? ORDER BY fills.number"
)
INSERT_FILL = "INSERT INTO fills (order_id, quantity, price, cash_flow, at) VALUES (?, ?, ?, ?, ?)"

ACCOUNT = "SELECT account_id, cash FROM account"
INSERT_ACCOUNT = "INSERT INTO account (account_id, starting_cash, cash) VALUES (?, ?, ?)"
UPDATE_CASH = "UPDATE account SET cash = ?"

Row = Sequence[Any]


def order_row(order: Order, accepted: OpenOrder | None) -> Row:
    """For INSERT_ORDER; an order that was refused has no fate."""
    fate: Row = (None, None, None)
    if accepted is not None:
        fate = (str(accepted.price), str(accepted.fill_quantity), _moment_text(accepted.fills_at))
    return (
        order.order_id,
        order.client_order_id,
        order.symbol,
        order.side.value,
        str(order.quantity),
        order.status.value,
        str(order.filled_quantity),
        _decimal_text(order.filled_average_price),
        order.submitted_at.isoformat(),
        order.reason,
        *fate,
    )


def order_change_row(order: Order) -> Row:
    """For UPDATE_ORDER."""
    return (
        order.status.value,
        str(order.filled_quantity),
        _decimal_text(order.filled_average_price),
        order.reason,
        order.order_id,
    )


def order_of(row: Row) -> Order:
    """From any SELECT of orders."""
    order_id, client_order_id, symbol, side, quantity, status, filled, average, submitted_at, reason = row[
        :10
    ]
    return Order(
        order_id=order_id,
        client_order_id=client_order_id,
        symbol=symbol,
        side=Side(side),
        quantity=Decimal(quantity),
        status=OrderStatus(status),
        filled_quantity=Decimal(filled),
        filled_average_price=None if average is None else Decimal(average),
        submitted_at=datetime.fromisoformat(submitted_at),
        reason=reason,
    )


def open_order_of(row: Row) -> OpenOrder:
    """From OPEN_ORDERS."""
    price, fill_quantity, fills_at = row[10:]
    return OpenOrder(
        order=order_of(row),
        price=Decimal(price),
        fill_quantity=Decimal(fill_quantity),
        fills_at=moment_of(fills_at),
    )


def holding_row(held: Holding) -> Row:
    """For REPLACE_POSITION."""
    return (held.symbol, str(held.quantity), str(held.average_entry_price), str(held.last_price))


def holding_of(row: Row) -> Holding:
    """From POSITIONS."""
    symbol, quantity, average_entry_price, last_price = row
    return Holding(symbol, Decimal(quantity), Decimal(average_entry_price), Decimal(last_price))


def fill_row(fill: Fill) -> Row:
    """For INSERT_FILL."""
    return (fill.order_id, str(fill.quantity), str(fill.price), str(fill.cash_flow), fill.at.isoformat())


def fill_of(row: Row) -> Fill:
    """From FILLS_AFTER."""
    order_id, symbol, side, quantity, price, cash_flow, at = row
    return Fill(
        order_id=order_id,
        symbol=symbol,
        side=Side(side),
        quantity=Decimal(quantity),
        price=Decimal(price),
        cash_flow=Decimal(cash_flow),
        at=datetime.fromisoformat(at),
    )


def moment_of(text: str | None) -> datetime | None:
    """A moment as it is stored, None where there is none."""
    return None if text is None else datetime.fromisoformat(text)


def _decimal_text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _moment_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
