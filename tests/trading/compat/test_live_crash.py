"""A trading run that dies while events answer: the next process finishes it, whatever the stage is then."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.trading.support.desks import front_door
from trading import composition
from trading.composition import compose_migration
from trading.desk import Desk
from trading.domain.order import Order, OrderRequest, OrderStatus
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.notify.notifiers import MemoryNotifier
from trading.run_guard import RunRefused
from trading.settings import Settings

MIGRATION = compose_migration()

NOW = session_time(date(2011, 8, 9))
ORDERS = 17


class Death(BaseException):
    """The process ends here."""


def open_desk(account: Path) -> Desk:
    return composition.open_desk(
        Settings(), load_bundled(), account=account, now=NOW, notifier=MemoryNotifier()
    )


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    monkeypatch.undo()
    MIGRATION.look_again()


def set_all(stages: pytest.MonkeyPatch, stage: str) -> None:
    for phase in ("PORTFOLIO", "TRADING", "ENTRY_POINTS"):
        stages.setenv(f"CHANGEOVER_STAGE_{phase}", stage)
    MIGRATION.look_again()


@pytest.mark.parametrize("after", [False, True], ids=["before-the-call", "after-the-call"])
@pytest.mark.parametrize("dies_at", [1, 3, ORDERS])
@pytest.mark.parametrize("then", ["off", "live"])
def test_a_run_that_died_in_live_ends_with_every_order_once_and_filled(
    stages: pytest.MonkeyPatch, tmp_path: Path, then: str, dies_at: int, after: bool
) -> None:
    account = tmp_path / "a.db"
    set_all(stages, "live")
    with open_desk(account) as desk:
        submit, calls = desk.broker.submit_order, iter(range(1, ORDERS + 1))

        def dying(order: OrderRequest) -> Order:
            dies = next(calls) == dies_at
            if dies and not after:
                raise Death
            placed = submit(order)
            if dies:
                raise Death
            return placed

        stages.setattr(desk.broker, "submit_order", dying)
        with pytest.raises(Death):
            front_door(desk).execute_trading()
    set_all(stages, then)
    with open_desk(account) as desk:
        with pytest.raises(RunRefused, match="was traded in session"):
            front_door(desk).execute_trading()
        orders = desk.broker.orders()
        assert len({(order.symbol, order.side) for order in orders}) == len(orders) == ORDERS
        assert {order.status for order in orders} == {OrderStatus.FILLED}
