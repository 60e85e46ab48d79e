"""Years of trading at the front door: the books close, and the same command gives the same answer."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.support.desks import SMALL_STRATEGIES, front_door, made_prices, open_desk
from trading.app import choose_sessions, trade_through
from trading.composition import DEFAULT_PATH
from trading.domain.order import Side
from trading.history import TradingDay
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.settings import Settings


def lived(first: date, last: date, settings: Settings) -> list[TradingDay]:
    prices = load_bundled()
    sessions = choose_sessions(prices, first, last)
    desk, _ = open_desk(settings, prices, sessions[0])
    with desk:
        return list(trade_through(desk, DEFAULT_PATH, sessions))


def test_the_books_close_after_every_session_of_the_crash_of_2008() -> None:
    days = lived(date(2008, 10, 1), date(2008, 12, 31), Settings())
    assert len(days) == 64
    assert [day.audit_problems for day in days] == [()] * 64
    assert sum(day.orders for day in days) > 100


def test_the_books_close_with_faults_all_the_time_and_the_days_say_that_they_failed() -> None:
    faults = {"reject": ["XLU"], "partial": {"IEF": "0.5"}, "lose_reply": ["TIP"], "no_quote": ["VGK"]}
    days = lived(date(2009, 3, 2), date(2009, 4, 15), Settings.model_validate({"paper": {"faults": faults}}))
    assert [day.audit_problems for day in days] == [()] * len(days)
    assert any(not day.success for day in days)


def history_json(hash_seed: str) -> bytes:
    command = [sys.executable, "-m", "trading", "history", "--from", "2012-01-03", "--to", "2012-02-01"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [*command, "--format", "json"], env=environment, check=True, capture_output=True
    ).stdout


def test_the_same_command_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    first = history_json("0")
    assert json.loads(first)["sessions"] == 21
    assert history_json("1") == first
    assert history_json("4242") == first


def price_columns(days: int) -> st.SearchStrategy[dict[str, list[Decimal]]]:
    step = st.sampled_from([Decimal(text) for text in ("0.7", "0.93", "1", "1.004", "1.05", "1.4")])
    start = st.decimals(min_value=1, max_value=400, places=4)

    def walk(first: Decimal, steps: Sequence[Decimal]) -> list[Decimal]:
        closes = [first]
        for factor in steps:
            closes.append(max((closes[-1] * factor).quantize(Decimal("0.0001")), Decimal("0.0100")))
        return closes

    column = st.builds(walk, start, st.lists(step, min_size=days - 1, max_size=days - 1))
    return st.fixed_dictionaries(dict.fromkeys(("AAA", "BBB", "CCC"), column))


def faults() -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(st.sampled_from(["AAA", "BBB", "CCC"]), unique=True, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "reject": some,
            "no_quote": some,
            "lose_reply": some,
            "partial": st.dictionaries(
                st.sampled_from(["AAA", "BBB"]), st.sampled_from(["0", "0.3", "0.99"]), max_size=2
            ),
            "delay_s": st.dictionaries(st.just("CCC"), st.sampled_from([5, 59, 61, 900]), max_size=1),
            "outage_methods": st.lists(
                st.sampled_from(
                    ["account", "quote", "submit_order", "get_order", "find_order", "cancel_order"]
                ),
                max_size=2,
            ),
        },
    ).map(lambda chosen: chosen | ({"outage_calls": 7} if chosen.get("outage_methods") else {}))


@settings(max_examples=60, deadline=None)
@given(
    closes=price_columns(14),
    cash=st.decimals(min_value=0, max_value=5_000_000, places=2),
    minimum=st.sampled_from(["0", "1", "500"]),
    broken=faults(),
)
def test_accounting_closes_whatever_prices_account_and_broker_do(
    closes: dict[str, list[Decimal]], cash: Decimal, minimum: str, broken: dict[str, Any]
) -> None:
    prices = made_prices(closes)
    configured = Settings.model_validate(
        {
            "strategies": SMALL_STRATEGIES,
            "minimum_trade": minimum,
            "paper": {"cash": cash, "faults": broken},
        }
    )
    desk, _ = open_desk(configured, prices, prices.sessions[0])
    with desk:
        for session in prices.sessions:
            held_before = {held.symbol: held.quantity for held in desk.broker.state().positions}
            orders_before = len(desk.broker.orders())
            [day] = trade_through(desk, DEFAULT_PATH, [session])
            assert day.audit_problems == ()
            orders = desk.broker.orders()[orders_before:]
            assert [order.side for order in orders] == sorted((order.side for order in orders), reverse=True)
            for order in orders:
                if order.side is Side.SELL:
                    assert order.quantity <= held_before.get(order.symbol, Decimal(0))


def test_every_order_has_a_signal_behind_it() -> None:
    """A BUY needs a BUY signal; a SELL lowers a position towards the consolidated target."""
    prices = load_bundled()
    sessions = choose_sessions(prices, date(2010, 5, 3), date(2010, 6, 30))
    desk, _ = open_desk(Settings(), prices, sessions[0])
    with desk:
        door = front_door(desk)
        for session in sessions:
            desk.clock.advance_to(session_time(session))
            door.execute_trading()
            results = door.results
            assert results is not None
            bought = {
                symbol
                for said in results["strategy_signals"].values()
                for symbol, signal in said["signals"].items()
                if signal["action"] == "BUY" and signal["target_weight"] > 0
            }
            for order in results["orders_executed"]:
                row = results["allocation_comparison"][order["symbol"]]
                if order["side"] == "BUY":
                    assert order["symbol"] in bought
                else:
                    assert row["delta"] < 0 or row["target_weight"] == 0
