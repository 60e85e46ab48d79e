"""The text of messages: pure functions from a result dictionary to what a person reads."""

from collections.abc import Sequence
from datetime import date, datetime

from trading.notify.port import Notification
from trading.results import ResultDict
from trading.wording import quantity


def market_closed(day: date) -> Notification:
    """Nothing was done, and that is as it should be."""
    return Notification(
        "market-closed", f"{day}: market closed", "The market is closed. Nothing was evaluated or traded.\n"
    )


def failure(day: date, message: str) -> Notification:
    """The run ended before there was anything to report."""
    return Notification("failure", f"{day}: trading run FAILED", f"{message}\n")


def overdue(day: date, awaited: Sequence[str], given_up_from: datetime) -> Notification:
    """The run has not ended in time, and may still."""
    return Notification(
        "overdue",
        f"{day}: trading run OVERDUE",
        f"It waits for {' and '.join(awaited)}, and goes on when that arrives. From "
        f"{given_up_from:%Y-%m-%d %H:%M:%S}Z on it is given up: nothing more is ordered then.\n"
        "`python -m trading status` shows what is under way.\n",
    )


def trading_report(day: date, results: ResultDict) -> Notification:
    """What was traded, what was aimed at, what is held now, and what to be wary of."""
    verdict = "done" if results["success"] else "FAILED"
    parts = [[results["message"]], _orders(results), _targets(results), _account(results), _warnings(results)]
    body = "\n\n".join("\n".join(part) for part in parts if part)
    return Notification("trading", f"{day}: trading run {verdict}", f"{body}\n")


def _orders(results: ResultDict) -> list[str]:
    orders = results["orders_executed"]
    return ["Orders", *(f"  {_order(order)}" for order in orders)] if orders else []


def _order(order: ResultDict) -> str:
    price = "" if order["average_price"] is None else f" at {order['average_price']:,.4f}"
    detail = f" ({order['detail']})" if order["detail"] else ""
    filled = f"{quantity(order['filled_quantity'])} of {quantity(order['wanted_quantity'])}"
    return f"{order['side']} {order['symbol']}  {filled}{price}  {order['fate']}{detail}"


def _targets(results: ResultDict) -> list[str]:
    if not results["consolidated_portfolio"]:
        return []
    targets = results["consolidated_portfolio"]["target_allocations"]
    cash = results["consolidated_portfolio"]["cash_weight"]
    rows = [f"  {symbol}  {weight:.2%}" for symbol, weight in targets.items()]
    return ["Target", *rows, f"  cash  {cash:.2%}"]


def _account(results: ResultDict) -> list[str]:
    account = results["account_info"]
    if not account:
        return ["Account", "  could not be read"]
    held = [
        f"  {symbol}  {quantity(lot['quantity'])}  {lot['market_value']:,.2f}"
        for symbol, lot in results["current_positions"].items()
    ]
    money = f"  value {account['portfolio_value']:,.2f}  cash {account['cash']:,.2f}"
    return ["Account", money, *held]


def _warnings(results: ResultDict) -> list[str]:
    silent = [
        f"  {name} gave no signal: {each['failure']}"
        for name, each in results["strategy_signals"].items()
        if each["failure"]
    ]
    return ["Warnings", *silent] if silent else []
