"""A result dictionary on standard output: as text for people, as JSON for programs."""

import json
from collections.abc import Callable, Sequence

from trading.results import ResultDict
from trading.wording import number, percent, quantity, table


def signals_screen(results: ResultDict) -> list[str]:
    """Signals by strategy, target against current allocation, account."""
    return [*_signals(results), *_comparison(results), *_account(results), results["message"]]


def trading_screen(results: ResultDict) -> list[str]:
    """The orders of a run, what the account holds after it, and how it ended."""
    verdict = "done" if results["success"] else "FAILED"
    return [*_orders(results), *_positions(results), *_account(results), f"{verdict}: {results['message']}"]


def _signals(results: ResultDict) -> list[str]:
    lines = []
    for name, each in results["strategy_signals"].items():
        lines.append(f"{name}  {percent(each['weight'])} of the account")
        if each["failure"]:
            lines.append(f"    no signal: {each['failure']}")
        rows = [
            [f"    {symbol}", signal["action"], percent(signal["target_weight"]), signal["reason"]]
            for symbol, signal in each["signals"].items()
            if signal["action"] != "HOLD"
        ]
        lines.extend(table("llrl", *rows) if rows else [])
        lines.append("")
    return lines


def _comparison(results: ResultDict) -> list[str]:
    if not results["allocation_comparison"]:
        return []
    rows = [
        [
            symbol,
            percent(row["current_weight"]),
            percent(row["target_weight"]),
            number(row["current_value"]),
            number(row["target_value"]),
            number(row["delta"]),
        ]
        for symbol, row in results["allocation_comparison"].items()
    ]
    heading = ["allocation", "now", "target", "value now", "target value", "difference"]
    return [*table("lrrrrr", heading, *rows), ""]


def _orders(results: ResultDict) -> list[str]:
    if not results["orders_executed"]:
        return []
    rows = [
        [
            f"{order['side']} {order['symbol']}",
            order["fate"],
            quantity(order["wanted_quantity"]),
            quantity(order["filled_quantity"]),
            "-" if order["average_price"] is None else number(order["average_price"], 4),
            order["detail"],
        ]
        for order in results["orders_executed"]
    ]
    return [*table("llrrrl", ["order", "fate", "wanted", "filled", "price", ""], *rows), ""]


def _positions(results: ResultDict) -> list[str]:
    rows = [
        [
            symbol,
            quantity(lot["quantity"]),
            number(lot["current_price"], 4),
            number(lot["market_value"]),
            number(lot["unrealised_pl"]),
        ]
        for symbol, lot in results["current_positions"].items()
    ]
    if not rows:
        return []
    return [*table("lrrrr", ["position", "quantity", "price", "value", "unrealised"], *rows), ""]


def _account(results: ResultDict) -> list[str]:
    account = results["account_info"]
    if not account:
        return []
    return [
        f"account {account['account_id']}: value {account['portfolio_value']:,.2f}, "
        f"cash {account['cash']:,.2f}, buying power {account['buying_power']:,.2f}",
        "",
    ]


SCHEMA_VERSION = 1


class TextDisplay:
    """Lines for a person; the first says which account is traded."""

    def __init__(self, write: Callable[[str], None], heading: str) -> None:
        self._write = write
        self._heading = heading

    def show_signals(self, results: ResultDict) -> None:
        """Signals, target against current allocation, account."""
        self._show(signals_screen(results))

    def show_trading(self, results: ResultDict) -> None:
        """Orders, holdings, account."""
        self._show(trading_screen(results))

    def show_failure(self, message: str) -> None:
        """Why there are no results."""
        self._show([f"FAILED: {message}"])

    def _show(self, lines: Sequence[str]) -> None:
        self._write("\n".join([self._heading, "", *lines]))


class JsonDisplay:
    """One JSON object."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def show_signals(self, results: ResultDict) -> None:
        """The result dictionary."""
        self._dump(results)

    def show_trading(self, results: ResultDict) -> None:
        """The result dictionary."""
        self._dump(results)

    def show_failure(self, message: str) -> None:
        """Only that it failed, and why."""
        self._dump({"success": False, "message": message})

    def _dump(self, content: ResultDict) -> None:
        self._write(json.dumps({"schema_version": SCHEMA_VERSION, "paper": True, **content}, indent=2))
