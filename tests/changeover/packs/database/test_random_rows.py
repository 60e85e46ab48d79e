"""A cut of `python -m tests.sweeps rows`: random transactions, captured and turned back."""

import pytest

from tests.changeover.support.stores import why_no_server
from tests.sweeps.rows import RENEWED_EVERY, PostgresShop, SqliteShop, sweep

COUNT = 40
COUNT_OF_A_SERVER = 15  # with a server each takes five times as long


@pytest.mark.parametrize("first", [0, RENEWED_EVERY], ids=["plain schema", "schema with triggers"])
def test_sqlite_transactions_are_turned_back_without_one_wrong_row(first: int) -> None:
    assert list(sweep(COUNT, SqliteShop, postgres=False, first=first)) == []


@pytest.mark.parametrize("first", [0, RENEWED_EVERY], ids=["plain schema", "schema with triggers"])
def test_postgresql_transactions_are_turned_back_without_one_wrong_row(first: int) -> None:
    if why := why_no_server():
        pytest.skip(why)
    assert list(sweep(COUNT_OF_A_SERVER, PostgresShop, postgres=True, first=first)) == []
