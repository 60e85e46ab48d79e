"""A whole trading run at the front door, on real prices and the paper broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from tests.trading.support.desks import front_door, open_desk, trade_once
from trading import composition
from trading.desk import Desk
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.notify.port import Notification, NotificationFailed
from trading.settings import Settings

SESSION = date(2011, 8, 9)
NEXT_SESSION = date(2011, 8, 10)


@contextmanager
def traded_day(**settings: Any) -> Iterator[tuple[dict[str, Any], Desk, list[Notification]]]:
    desk, mail = open_desk(Settings.model_validate(settings), load_bundled(), SESSION)
    with desk:
        yield trade_once(desk), desk, mail


def with_faults(**faults: Any) -> dict[str, Any]:
    return {"paper": {"faults": faults}}


def fates(results: dict[str, Any]) -> dict[str, str]:
    return {order["symbol"]: order["fate"] for order in results["orders_executed"]}


def test_a_good_day_fills_every_order_and_says_so_once() -> None:
    with traded_day() as (results, _, mail):
        assert results["success"]
        assert set(fates(results).values()) == {"FILLED"}
        assert results["message"] == "17 of 17 trades done"
        assert [message.subject for message in mail] == ["2011-08-09: trading run done"]
        assert "BUY TLT  370 of 370 at 105.8700  FILLED" in mail[0].body


def test_the_result_dictionary_has_the_keys_of_the_old_interface() -> None:
    with traded_day() as (results, _, _):
        assert list(results) == [
            "strategy_signals",
            "consolidated_portfolio",
            "account_info",
            "current_positions",
            "allocation_comparison",
            "orders_executed",
            "execution_result",
            "open_orders",
            "success",
            "message",
        ]
        assert isinstance(results["account_info"]["cash"], float)


def test_a_run_after_a_run_has_nothing_to_trade_and_says_so() -> None:
    with traded_day() as (_, desk, mail):
        again = trade_once(desk)
        assert again["success"]
        assert again["orders_executed"] == []
        assert again["message"].startswith("nothing to trade")
        assert len(mail) == 2
        assert len(desk.broker.orders()) == 17


def test_sells_come_before_buys_on_every_later_day() -> None:
    with traded_day() as (_, desk, _):
        desk.clock.advance_to(session_time(NEXT_SESSION))
        sides = [order["side"] for order in trade_once(desk)["orders_executed"]]
        assert "SELL" in sides
        assert "BUY" in sides
        assert sides == sorted(sides, reverse=True)


@pytest.mark.parametrize(
    ("faults", "symbol", "fate"),
    [
        ({"reject": ["TLT"]}, "TLT", "REJECTED"),
        ({"partial": {"TLT": "0.5"}}, "TLT", "PARTIALLY_FILLED"),
        ({"delay_s": {"TLT": 600}}, "TLT", "TIMED_OUT"),
        ({"no_quote": ["TLT"]}, "TLT", "NO_QUOTE"),
    ],
)
def test_one_order_that_fails_leaves_the_others_and_is_told(
    faults: dict[str, Any], symbol: str, fate: str
) -> None:
    with traded_day(**with_faults(**faults)) as (results, _, mail):
        assert fates(results)[symbol] == fate
        assert {other for name, other in fates(results).items() if name != symbol} == {"FILLED"}
        assert not results["success"]
        assert f"BUY {symbol} {fate}" in results["message"]
        assert [message.subject for message in mail] == ["2011-08-09: trading run FAILED"]
        assert fate in mail[0].body


def test_a_lost_reply_ends_in_one_order_that_is_found_again() -> None:
    with traded_day(**with_faults(lose_reply=["TLT"])) as (results, desk, _):
        assert results["success"]
        assert [order.symbol for order in desk.broker.orders()].count("TLT") == 1


def test_an_outage_of_a_few_calls_is_waited_for() -> None:
    with traded_day(**with_faults(outage_methods=["submit_order"], outage_calls=2)) as (results, _, _):
        assert results["success"]


def test_an_outage_of_the_account_trades_nothing_and_is_told() -> None:
    with traded_day(**with_faults(outage_methods=["account"])) as (results, desk, mail):
        assert not results["success"]
        assert results["message"] == "account data could not be read: nothing was traded"
        assert desk.broker.orders() == ()
        assert [message.subject for message in mail] == ["2011-08-09: trading run FAILED"]


def test_a_broker_that_cannot_say_whether_it_is_open_ends_the_run() -> None:
    with traded_day(**with_faults(outage_methods=["is_market_open"])) as (results, _, mail):
        assert not results["success"]
        assert [message.kind for message in mail] == ["failure"]


def test_a_closed_market_runs_nothing_sends_one_notification_and_is_a_success() -> None:
    with traded_day(**with_faults(market_closed=True)) as (results, desk, mail):
        assert results["success"]
        assert results["strategy_signals"] == {}
        assert desk.broker.orders() == ()
        assert [message.kind for message in mail] == ["market-closed"]


def test_market_hours_are_not_asked_about_when_they_are_to_be_ignored() -> None:
    desk, _ = open_desk(Settings.model_validate(with_faults(market_closed=True)), load_bundled(), SESSION)
    with desk:
        door = front_door(desk)
        assert not door.execute_trading(ignore_market_hours=True)
        assert door.results is not None
        assert set(fates(door.results).values()) == {"REJECTED"}


def test_a_strategy_without_history_is_reported_and_its_money_stays_cash() -> None:
    desk, mail = open_desk(Settings(), load_bundled(), date(2008, 10, 1))
    with desk:
        results = trade_once(desk)
        assert results["success"]
        assert "200 are needed" in results["strategy_signals"]["trend_rotation"]["failure"]
        assert results["consolidated_portfolio"]["cash_weight"] >= 0.4
        assert "trend_rotation gave no signal" in mail[0].body


def test_no_strategy_with_a_signal_means_no_order_rather_than_a_sale_of_everything() -> None:
    only = Settings.model_validate({"strategies": {"trend_rotation": {"weight": 1}}})
    desk, mail = open_desk(only, load_bundled(), date(2008, 1, 2))
    with desk:
        results = trade_once(desk)
        assert not results["success"]
        assert "no strategy gave a signal" in results["message"]
        assert desk.broker.orders() == ()
        assert mail[0].subject.endswith("FAILED")


class DeafNotifier:
    def send(self, notification: Notification) -> None:
        raise NotificationFailed("nobody listens")


def test_a_message_that_does_not_leave_changes_nothing_about_the_run() -> None:
    desk = composition.open_desk(
        Settings(), load_bundled(), account=None, now=session_time(SESSION), notifier=DeafNotifier()
    )
    with desk:
        assert trade_once(desk)["success"]


class BrokenNotifier:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def send(self, notification: Notification) -> None:
        self.asked.append(notification.kind)
        if len(self.asked) == 1:
            raise ZeroDivisionError("a defect")


# A handler that raises is delivered again, where the direct path gives up at once.
@pytest.mark.changeover(expect="diverged")
def test_a_defect_ends_the_run_without_results_and_is_told() -> None:
    notifier = BrokenNotifier()
    desk = composition.open_desk(
        Settings(), load_bundled(), account=None, now=session_time(SESSION), notifier=notifier
    )
    with desk:
        door = front_door(desk)
        assert not door.execute_trading()
        assert door.results is None
        assert notifier.asked == ["trading", "failure"]


def test_analysing_signals_orders_nothing_and_notifies_nobody() -> None:
    desk, mail = open_desk(Settings(), load_bundled(), SESSION)
    with desk:
        door = front_door(desk)
        assert door.analyze_signals()
        assert door.results is not None
        assert door.results["allocation_comparison"]
        assert desk.broker.orders() == ()
        assert mail == []
