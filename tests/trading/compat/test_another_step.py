"""Holdings that the step of today does not divide: every path sells their whole steps, and says the rest."""

from datetime import date
from decimal import Decimal

import pytest

from tests.trading.support.desks import front_door
from trading.broker.book import Holding, Opening
from trading.composition import TradingPath, open_desk
from trading.desk import Special
from trading.domain.order import Order
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.notify.notifiers import MemoryNotifier
from trading.results import ResultDict
from trading.settings import Settings

SESSIONS = (date(2011, 8, 9), date(2011, 8, 10))
HELD = {"AAPL": "11.678", "GE": "0.4", "KO": "30.5"}


def lived(path: TradingPath, step: str) -> tuple[list[ResultDict], tuple[Order, ...], dict[str, Decimal]]:
    """Results, orders and holdings after two sessions, from holdings of a small step."""
    settings = Settings.model_validate(
        {
            "execution": {"quantity_step": step},
            "strategies": {"rsi_ladder": {"weight": 1, "symbols": ("BAC", "KO")}},
        }
    )
    held = tuple(Holding(name, Decimal(number), Decimal(10), Decimal(10)) for name, number in HELD.items())
    special = Special(opening=Opening("paper", Decimal("10000.00"), held))
    results = []
    with open_desk(
        settings,
        load_bundled(),
        account=None,
        now=session_time(SESSIONS[0]),
        notifier=MemoryNotifier(),
        special=special,
    ) as desk:
        door = front_door(desk, path)
        for session in SESSIONS:
            desk.clock.advance_to(session_time(session))
            assert door.execute_trading()
            assert door.results is not None
            results.append(door.results)
        positions = {position.symbol: position.quantity for position in desk.broker.positions()}
        return results, desk.broker.orders(), positions


@pytest.mark.parametrize("step", ["1", "3", "10"])
def test_every_path_sells_whole_steps_and_says_what_stays(step: str) -> None:
    results, orders, positions = lived(TradingPath.LEGACY, step)
    assert orders
    assert {order.quantity % Decimal(step) for order in orders} == {0}
    assert positions["AAPL"] == Decimal("11.678") % Decimal(step)
    assert positions["GE"] == Decimal("0.4")
    for day in results:
        exits = {one["symbol"]: one for one in day["orders_executed"] if one["symbol"] in ("AAPL", "GE")}
        assert f"{positions['AAPL']} of " in exits["AAPL"]["detail"]
        assert (exits["GE"]["fate"], exits["GE"]["detail"][:23]) == ("BELOW_STEP", "0.4 of 0.4 held cannot ")
    for path in (TradingPath.CANDIDATE, TradingPath.FLAGS):
        others = lived(path, step)
        assert others[2] == positions
        assert [(o.symbol, o.side, o.quantity, o.status) for o in others[1]] == [
            (o.symbol, o.side, o.quantity, o.status) for o in orders
        ]
        assert [day["message"] for day in others[0]] == [day["message"] for day in results]
