"""The account file: kept, shared between processes, copied and refused."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.trading.support.fake_market import FakeMarket, at
from tests.trading.support.paper_world import PRICES, PaperWorld, holding
from trading.broker import rows
from trading.broker.book import Opening, OpenOrder
from trading.broker.ledger import Ledger
from trading.broker.paper import PaperBroker
from trading.broker.port import BrokerUnavailable, DuplicateOrder, OrderRejected
from trading.clock import SimulatedClock
from trading.database import DatabaseUnusable, open_database
from trading.domain.order import OrderRequest, OrderStatus, Side

OPENING = Opening("paper", Decimal(10_000))

KILLED_WHILE_FILLING = """
import os, sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from trading.broker.ledger import Ledger
from trading.broker.book import Opening
from trading.broker.book import settle
ledger = Ledger.open(Path(sys.argv[1]), Opening("paper", Decimal(10_000)))
with ledger.effect(fenced=True) as book:
    for changed, order, fill in settle(book, datetime(2016, 1, 4, 16, tzinfo=UTC), lambda moment: True):
        ledger.record_change(changed, order, fill)
        print(fill.quantity)
        sys.stdout.flush()
        os._exit(9)
"""


def state(broker: PaperBroker) -> tuple[object, ...]:
    return (broker.account(), broker.positions(), broker.orders(), broker.fills(), broker.open_orders())


def copied(world: PaperWorld) -> PaperBroker:
    return world.broker.copy(market=FakeMarket(PRICES), clock=SimulatedClock(world.clock.now()))


def test_a_file_that_is_opened_again_holds_the_same_account(tmp_path: Path) -> None:
    path = tmp_path / "account.db"
    with PaperWorld(path=path, holdings=(holding("TLT", "5", "99.123456"),)) as world:
        world.buy("SPY", "3")
        world.clock.sleep(1)
        world.buy("GLD", "2", "open")
        with pytest.raises(OrderRejected):
            world.buy("SPY", "1000", "refused")
        before = state(world.broker)
    with PaperWorld("55.55", path=path) as again:
        again.clock.sleep(1)
        assert state(again.broker) == before
        for name in ("open", "refused"):
            with pytest.raises(DuplicateOrder):
                again.buy("SPY", "1", name)
        again.clock.sleep(1)
        assert again.broker.orders()[1].status is OrderStatus.FILLED


def test_a_process_killed_while_an_order_fills_leaves_the_order_open(tmp_path: Path) -> None:
    path = tmp_path / "account.db"
    with PaperWorld(path=path) as world:
        world.buy("SPY", "3")
        before = state(world.broker)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_FILLING, path], capture_output=True, text=True
    )
    assert (killed.returncode, killed.stdout) == (9, "3\n"), killed.stderr
    with PaperWorld(path=path) as again:
        assert state(again.broker) == before
        again.clock.sleep(1)
        assert [held.quantity for held in again.broker.positions()] == [3]


def test_a_failure_in_the_middle_of_an_effect_undoes_all_of_it(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "account.db", OPENING)
    before = ledger.book()
    with PaperWorld() as world:
        accepted = OpenOrder(world.buy("SPY", "1", "mine"), Decimal("200.10"), Decimal(1), at(4, 16))

    def fail_half_way() -> None:
        with ledger.effect(fenced=True) as book:
            ledger.record_accepted(book.with_accepted(accepted), accepted)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert ledger.order_of_client("mine") is None
    assert ledger.book() == before
    ledger.close()


def test_two_brokers_on_one_file_see_each_other_and_never_overdraw(tmp_path: Path) -> None:
    path = tmp_path / "account.db"
    with PaperWorld("2001.00", path=path) as one, PaperWorld("2001.00", path=path) as other:
        assert other.broker.account().buying_power == Decimal("2001.00")
        first = one.buy("SPY", "6", "first")
        assert other.broker.account().buying_power == Decimal("800.40")
        assert other.broker.open_orders() == (first,)
        with pytest.raises(OrderRejected, match=r"buying power is 800\.40"):
            other.buy("SPY", "6", "second")
        with pytest.raises(DuplicateOrder):
            other.buy("SPY", "1", "first")
        one.clock.sleep(1)
        assert one.broker.account().cash == Decimal("800.40")
        assert other.broker.get_order(first.order_id).status is OrderStatus.FILLED
        other.clock.sleep(1)
        assert len(other.broker.fills()) == 1


def test_while_one_effect_is_under_way_no_other_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trading.database.BUSY_TIMEOUT_S", 0.01)
    one, other = (Ledger.open(tmp_path / "account.db", OPENING) for _ in range(2))
    with one.effect(fenced=True), pytest.raises(BrokerUnavailable, match="locked"), other.effect(fenced=True):
        raise AssertionError("both began")
    one.close()
    other.close()


def test_a_copy_of_a_shared_file_has_what_another_process_wrote_last(tmp_path: Path) -> None:
    path = tmp_path / "account.db"
    with PaperWorld(path=path) as one, PaperWorld(path=path) as other:
        assert one.broker.open_orders() == ()
        order = other.buy("SPY", "1")
        copy = copied(one)
        assert copy.open_orders() == (order,)
        copy.close()


def test_a_file_that_stays_locked_is_a_broker_that_is_not_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trading.database.BUSY_TIMEOUT_S", 0.01)
    path = tmp_path / "account.db"
    with PaperWorld(path=path) as world:
        other = open_database(path, kind=rows.KIND, version=rows.VERSION, schema=rows.SCHEMA)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            BrokerUnavailable, match="the paper account cannot be written: database is locked"
        ):
            world.buy("SPY", "1", "mine")
        assert world.broker.find_order("mine") is None
        other.execute("ROLLBACK")
        other.close()
        assert world.buy("SPY", "1", "mine").status is OrderStatus.ACCEPTED


@pytest.mark.parametrize("kept", ["memory", "file"])
def test_a_copy_is_the_same_and_independent(tmp_path: Path, kept: str) -> None:
    with PaperWorld(path=tmp_path / "account.db" if kept == "file" else None) as world:
        world.buy("SPY", "3")
        world.clock.sleep(1)
        world.buy("GLD", "2")
        copy = copied(world)
        before = state(world.broker)
        assert state(copy) == before
        made = copy.submit_order(OrderRequest("mine", "TLT", Side.BUY, Decimal(1)))
        assert state(world.broker) == before
        assert world.buy("TLT", "1", "mine") == made
        world.clock.sleep(1)
        assert len(world.broker.fills()) == 3
        assert len(copy.fills()) == 1
        copy.close()
        assert world.broker.account().cash < 10_000


def test_a_copy_has_its_own_market_and_clock() -> None:
    with PaperWorld() as world:
        world.buy("SPY", "1")
        clock = SimulatedClock(at(4, 15, 1))
        copy = world.broker.copy(market=FakeMarket({"SPY": Decimal(7)}), clock=clock)
        assert copy.quote("SPY") == 7
        assert (len(copy.open_orders()), len(world.broker.open_orders())) == (0, 1)
        copy.close()


def test_the_account_of_another_id_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "account.db"
    Ledger.open(path, OPENING).close()
    with pytest.raises(DatabaseUnusable, match=r"account\.db: holds account 'paper', not 'live'"):
        Ledger.open(path, Opening("live", Decimal(1)))


def test_a_file_of_a_newer_version_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "account.db"
    open_database(path, kind=rows.KIND, version=rows.VERSION + 1, schema=rows.SCHEMA).close()
    before = path.read_bytes()
    with pytest.raises(DatabaseUnusable, match="paper account of version 2, this program reads version 1"):
        Ledger.open(path, OPENING)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["account.db"]


def test_a_path_that_cannot_hold_an_account_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "account.db"):
        with pytest.raises(DatabaseUnusable, match="cannot be opened as a paper account"):
            Ledger.open(path, OPENING)
