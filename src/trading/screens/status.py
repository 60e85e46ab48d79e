"""An account at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from trading.domain.account import PortfolioState
from trading.domain.order import Order
from trading.events.journal.records import DeadLetter, WorkflowRecord
from trading.parking import Parking
from trading.results import ResultDict, account_dict, open_orders_list, positions_dict
from trading.screens.parking import parking_data, parking_screen
from trading.screens.workflows import (
    dead_letter_data,
    dead_letters_screen,
    record_data,
    workflows_screen,
)
from trading.wording import number, percent, quantity, table

SCHEMA_VERSION = 1
ORDERS_SHOWN = 8
WORKFLOWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """What there is to see of an account at one moment."""

    state: PortfolioState
    orders: Sequence[Order]
    as_of: datetime
    workflows: Sequence[WorkflowRecord]
    dead_letters: Sequence[DeadLetter]
    parking: Parking


def status_screen(seen: StatusSeen) -> list[str]:
    """What was given up comes first; then money, holdings, the latest orders and workflows."""
    state, account = seen.state, seen.state.account
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
    given_up = dead_letters_screen(seen.dead_letters)
    return [
        *(["! " + given_up[0], *given_up[1:], ""] if given_up else []),
        f"account {account.account_id}: value {account.portfolio_value:,.2f}, "
        f"buying power {account.buying_power:,.2f}, as of {seen.as_of:%Y-%m-%d %H:%M}Z",
        "",
        *table("lrrrrr", heading, *rows),
        "",
        *_orders(seen.orders),
        "",
        *parking_screen(seen.parking),
        "",
        *workflows_screen(seen.workflows[-WORKFLOWS_SHOWN:]),
    ]


def status_data(seen: StatusSeen) -> ResultDict:
    """The same as JSON-compatible data."""
    state, orders = seen.state, seen.orders
    return {
        "schema_version": SCHEMA_VERSION,
        "paper": True,
        "as_of": seen.as_of.isoformat(),
        "account_info": account_dict(state),
        "current_positions": positions_dict(state),
        "open_orders": open_orders_list(state.open_orders),
        "last_orders": open_orders_list(orders[-ORDERS_SHOWN:]),
        "orders": len(orders),
        "last_workflows": [record_data(record) for record in seen.workflows[-WORKFLOWS_SHOWN:]],
        "dead_letters": [dead_letter_data(letter) for letter in seen.dead_letters],
        **parking_data(seen.parking),
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
