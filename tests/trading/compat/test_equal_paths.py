"""Both orchestrations, day by day: the same orders, account, messages and results."""

from datetime import date
from typing import Any

import pytest

from tests.trading.support.desks import front_door, open_desk
from tests.trading.support.two_paths import differences, lived
from trading.app import choose_sessions
from trading.composition import TradingPath
from trading.market.history import load_bundled
from trading.settings import Settings

PATHS = (TradingPath.LEGACY, TradingPath.CANDIDATE)


def assert_equal_paths(first: date, last: date, **settings: Any) -> None:
    sessions = choose_sessions(load_bundled(), first, last)
    configured = Settings.model_validate(settings)
    legacy, candidate = (lived(path, sessions, configured) for path in PATHS)
    assert len(legacy.results) == len(sessions)
    assert differences(sessions, legacy, candidate) == []


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
