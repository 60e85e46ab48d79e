"""Both orchestrations, day by day: the same orders, account, messages and results."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from tests.trading.desks import front_door, open_desk
from trading.app import TradingPath, choose_sessions
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.results import ResultDict
from trading.settings import Settings

PLAN_NAME = re.compile(r"plan-[\w-]+?(?=[.'\"]|$)")


def lived(
    path: TradingPath, sessions: Sequence[date], settings: Settings
) -> tuple[list[ResultDict | None], str, str]:
    """Results; as text messages, and all orders with the final account. Names of plans are made alike."""
    desk, mail = open_desk(settings, load_bundled(), sessions[0])
    results = []
    with desk:
        door = front_door(desk, path)
        for session in sessions:
            desk.clock.advance_to(session_time(session))
            door.execute_trading()
            results.append(door.results)
        books = repr((desk.broker.state(), desk.broker.orders(), desk.broker.fills()))
    return results, PLAN_NAME.sub("PLAN", repr(mail)), PLAN_NAME.sub("PLAN", books)


def assert_equal_paths(first: date, last: date, **settings: Any) -> None:
    sessions = choose_sessions(load_bundled(), first, last)
    configured = Settings.model_validate(settings)
    legacy = lived(TradingPath.LEGACY, sessions, configured)
    candidate = lived(TradingPath.CANDIDATE, sessions, configured)
    for session, old, new in zip(sessions, legacy[0], candidate[0], strict=True):
        assert PLAN_NAME.sub("PLAN", repr(new)) == PLAN_NAME.sub("PLAN", repr(old)), session
    assert candidate[1] == legacy[1]
    assert candidate[2] == legacy[2]


def test_both_paths_are_equal_through_the_crash_of_2008() -> None:
    assert_equal_paths(date(2008, 10, 1), date(2008, 12, 31))


@pytest.mark.parametrize(
    "faults",
    [
        {"reject": ["XLU"], "partial": {"IEF": "0.5"}},
        {"lose_reply": ["TIP", "XLU"], "no_quote": ["VGK"]},
        {"delay_s": {"TIP": 45, "XLE": 600}},
        {"outage_methods": ["submit_order"], "outage_calls": 2},
        {"outage_methods": ["account"]},
        {"outage_methods": ["is_market_open"]},
        {"outage_methods": ["positions"]},
        {"market_closed": True},
    ],
    ids=lambda faults: "+".join(faults),
)
def test_both_paths_are_equal_when_the_broker_fails(faults: dict[str, Any]) -> None:
    assert_equal_paths(date(2011, 8, 8), date(2011, 8, 19), paper={"faults": faults})


def test_both_paths_are_equal_where_a_strategy_lacks_history() -> None:
    only = {"trend_rotation": {"weight": 1}}
    assert_equal_paths(date(2008, 10, 10), date(2008, 10, 24), strategies=only)


def test_both_paths_show_the_same_signals() -> None:
    shown = []
    for path in TradingPath:
        desk, mail = open_desk(Settings(), load_bundled(), date(2011, 8, 9))
        with desk:
            door = front_door(desk, path)
            assert door.analyze_signals()
            shown.append(door.results)
            assert mail == []
            assert desk.broker.orders() == ()
    assert shown[0] == shown[1]
