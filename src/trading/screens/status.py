"""An account at a glance."""

from collections.abc import Sequence
from datetime import datetime

from trading.domain.account import PortfolioState
from trading.domain.order import Order
from trading.figures import number, percent, quantity
from trading.results import ResultDict, account_dict, open_orders_list, positions_dict
from trading.screens.table import table

SCHEMA_VERSION = 1
ORDERS_SHOWN = 8


def status_screen(state: PortfolioState, orders: Sequence[Order], as_of: datetime) -> list[str]:
    """Money, holdings with their share of the account, the latest orders."""
    account = state.account
    value = float(account.portfolio_value)
    rows = [
        [
            held.symbol,
            quantity(float(held.quantity)),
            number(float(held.current_price), 4),
            number(float(held.market_value)),
            percent(float(held.market_value) / value if value else 0.0),
            number(float(held.unrealised_pl)),
        ]
        for held in state.positions
    ]
    rows.append(
        [
            "cash",
            "",
            "",
            number(float(account.cash)),
            percent(float(account.cash) / value if value else 0.0),
            "",
        ]
    )
    heading = ["position", "quantity", "price", "value", "share", "unrealised"]
    return [
        f"account {account.account_id}: value {account.portfolio_value:,.2f}, "
        f"buying power {account.buying_power:,.2f}, as of {as_of:%Y-%m-%d %H:%M}Z",
        "",
        *table("lrrrrr", heading, *rows),
        "",
        *_orders(orders),
    ]


def status_data(state: PortfolioState, orders: Sequence[Order], as_of: datetime) -> ResultDict:
    """The same as JSON-compatible data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "paper": True,
        "as_of": as_of.isoformat(),
        "account_info": account_dict(state),
        "current_positions": positions_dict(state),
        "open_orders": open_orders_list(state.open_orders),
        "last_orders": open_orders_list(orders[-ORDERS_SHOWN:]),
        "orders": len(orders),
    }


def _orders(orders: Sequence[Order]) -> list[str]:
    if not orders:
        return ["no order yet"]
    rows = [
        [
            f"{order.submitted_at:%Y-%m-%d %H:%M}Z",
            f"{order.side} {order.symbol}",
            order.status.value,
            f"{quantity(float(order.filled_quantity))} of {quantity(float(order.quantity))}",
            "-" if order.filled_average_price is None else f"{order.filled_average_price:,.4f}",
            order.reason or "",
        ]
        for order in orders[-ORDERS_SHOWN:]
    ]
    heading = [f"last of {len(orders):,} orders", "", "", "filled", "price", ""]
    return table("lllrrl", heading, *rows)
