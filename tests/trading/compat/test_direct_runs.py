"""Direct runs that died: nothing resumes them, so their session counts as traded, and nothing stays open."""

from pathlib import Path

import pytest

from tests.trading.support.deaths import (
    SECOND,
    THIRD,
    Moment,
    account_after_a_session,
    open_account,
    settings_with,
    trade,
)
from tests.trading.support.desks import front_door
from tests.trading.test_second_run import die, orders_of, seen
from trading.composition import TradingPath
from trading.domain.order import OrderStatus
from trading.run_guard import RunRefused

PATHS = list(TradingPath)
SLOW = settings_with(delay_s=dict.fromkeys(("AAA", "BBB", "CCC", "DDD", "EEE"), 20))


@pytest.fixture
def account(tmp_path: Path) -> Path:
    return account_after_a_session(tmp_path / "account")


PLACES_AN_ORDER = Moment("submit", 1, True)
# The process ends between two calls, which no recording holds: the other path asks beyond its end.
DIES_UNRECORDED = pytest.mark.changeover(expect="failed")


@DIES_UNRECORDED
@pytest.mark.parametrize("path", PATHS)
def test_a_direct_run_that_died_is_closed_and_its_session_counts_as_traded(
    account: Path, path: TradingPath
) -> None:
    die(account, TradingPath.FLAGS, PLACES_AN_ORDER, SLOW)
    workflows, orders = seen(account)
    assert (workflows[-1].state, workflows[-1].finished) == ("DIRECT", False)
    desk, _ = open_account(account, SECOND, settings=SLOW)
    with desk:
        (left_open,) = desk.broker.open_orders()
        with pytest.raises(RunRefused, match="was traded in session"):
            front_door(desk, path).execute_trading()
        assert desk.broker.open_orders() == ()
        assert desk.broker.get_order(left_open.order_id).status is OrderStatus.CANCELLED
        assert [record.finished for record in desk.journal.workflows()] == [True, True]
    assert len(seen(account)[1]) == len(orders)


@DIES_UNRECORDED
@pytest.mark.parametrize("path", PATHS)
def test_a_direct_run_that_died_keeps_no_other_session_from_being_traded(
    account: Path, path: TradingPath
) -> None:
    die(account, TradingPath.FLAGS, PLACES_AN_ORDER)
    assert trade(account, THIRD, path=path) == "ended"
    assert orders_of(account, THIRD)


@DIES_UNRECORDED
def test_nothing_begins_while_what_is_left_open_cannot_be_cancelled(account: Path) -> None:
    die(account, TradingPath.FLAGS, PLACES_AN_ORDER, SLOW)
    away = settings_with(outage_methods=["open_orders"])
    desk, _ = open_account(account, SECOND, settings=away)
    before = len(desk.broker.orders())
    with desk, pytest.raises(RunRefused, match="open orders could not be cancelled"):
        front_door(desk, TradingPath.CANDIDATE).execute_trading(again=True)
    assert len(seen(account)[1]) == before
