"""A program that uses Django and SQLAlchemy, each with a database: two ports of two names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.errors import DeclarationError
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.django_shop import Stock

sa = pytest.importorskip("sqlalchemy")
connection = pytest.importorskip("django.db").connection


@pytest.fixture
def tables() -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.create_model(Stock)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Stock)
    connection.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Any]:
    made = sa.create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with made.begin() as opened:
        opened.execute(sa.text("CREATE TABLE ledger (id INTEGER PRIMARY KEY, cents INTEGER)"))
    yield made
    made.dispose()


@pytest.mark.usefixtures("tables")
def test_rows_of_both_databases_are_compared_and_changed_once(engine: Any) -> None:
    runs: list[Run] = []
    migration = Migration(sink=runs.append)
    migration.use("django")
    migration.use("sqlalchemy", engine, port="ledger")

    def place(sku: str, cents: int) -> None:
        Stock.objects.create(sku=sku, on_hand=3)
        with engine.begin() as opened:
            opened.execute(sa.text("INSERT INTO ledger (cents) VALUES (:cents)"), {"cents": cents})

    seam = migration.seam("s", legacy=place, candidate=place)
    other = migration.seam("t", legacy=place, candidate=lambda sku, cents: place(sku, cents + 1))
    with as_under_a_test():
        seam("ink", 5)
        other("pen", 5)
    assert runs[0].verdict == "match", runs[0].reason or runs[0].divergences
    assert [str(one.place) for one in runs[1].divergences] == [
        "effects.ledger.insert[ledger/#1].columns.cents"
    ]
    with engine.connect() as opened:
        assert opened.execute(sa.text("SELECT cents FROM ledger")).scalars().all() == [5, 5]
    assert Stock.objects.count() == 2


def test_a_name_that_is_taken_is_one_sentence_with_the_way_out(engine: Any) -> None:
    migration = Migration()
    migration.use("django")
    with pytest.raises(DeclarationError, match=r'there is a port "db" already: give this one another name'):
        migration.use("sqlalchemy", engine)
    with pytest.raises(DeclarationError, match=r"port was '', allowed: a name"):
        migration.use("sqlalchemy", engine, port="")
