"""A copy of a PostgreSQL database waits for nobody, and is gone whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from random import Random
from time import sleep
from typing import Any

import pytest

from changeover.packs.database.postgres_copy import PostgresCopy
from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.row_change import NotComparable
from changeover.packs.database.statement import run
from tests.changeover.support.shop_rows import dump, transact
from tests.changeover.support.stores import why_no_server
from tests.sweeps.rows import PostgresShop


@pytest.fixture
def shop() -> Iterator[PostgresShop]:
    if why := why_no_server():
        pytest.skip(why)
    made = PostgresShop(triggers=False)
    yield made
    made.end()
    left = made.left()
    made.close()
    assert left == []


def recorded_update(shop: PostgresShop) -> RecordedRows:
    """A committed transaction that changed a row which was there before."""
    for seed in range(100):
        recorded = shop.record(Random(seed), pending=False)
        if any(change.table == "stock" and change.before and change.after for change in recorded.changes):
            return recorded
    raise AssertionError("no transaction updated the stock")


def copy_of(shop: PostgresShop, recorded: RecordedRows, deadline_s: float) -> tuple[PostgresCopy, Any, Any]:
    connection, side = shop.connect(), shop.connect(autocommit=True)
    return PostgresCopy(connection, side, "format", {}, recorded, deadline_s, inside=False), connection, side


def test_a_copy_waits_ten_milliseconds_for_a_row_and_is_ended_by_the_server_too(shop: PostgresShop) -> None:
    copy, connection, side = copy_of(shop, RecordedRows(), 2.5)
    with closing(connection), closing(side):
        copy.begin()
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        limits = [run(connection, f"SELECT current_setting('{name}')")[0][0] for name in names]
        copy.close()
    assert limits == ["10ms", "2500ms", "2500ms"]


def test_a_copy_whose_time_is_up_is_rolled_back_by_the_server(shop: PostgresShop) -> None:
    recorded = recorded_update(shop)
    before = dump(shop.connection)
    shop.connection.rollback()
    copy, connection, side = copy_of(shop, recorded, 1.0)
    with closing(connection), closing(side):
        made = copy.begin()
        with suppress(Exception):  # however the driver says that the line is dead
            while not copy.is_over:
                transact(made, Random(5), postgres=True)
        while not copy.is_over:
            sleep(0.01)
        with pytest.raises(NotComparable, match="time for a copy"):
            copy.finish(keep_open=False)
        copy.close()
    assert dump(shop.connection) == before


def test_a_copy_that_cannot_begin_leaves_nothing(shop: PostgresShop) -> None:
    recorded = recorded_update(shop)
    run(shop.connection, "SELECT * FROM orders FOR UPDATE")
    run(shop.connection, "SELECT * FROM stock FOR UPDATE")
    copy, connection, side = copy_of(shop, recorded, 5.0)
    with closing(connection), closing(side):
        with pytest.raises(NotComparable, match="rows changed by others"):
            copy.begin()
        copy.close()
        shop.connection.rollback()
        held = run(side, "SELECT count(*) FROM pg_locks WHERE pid = %s", (connection.info.backend_pid,))
        assert held == [(0,)]
