"""What stands in a line of `use`: which file, under which port, and what is wrong with it."""

from __future__ import annotations

import inspect
import sqlite3
import sqlite3.dbapi2
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.errors import DeclarationError
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.sqlite_runs import take
from tests.changeover.support.sqlite_shop import LEFT, Shop, shop_in


def test_several_databases_get_a_line_and_a_port_each(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with shop_in(tmp_path / "other") as other:
        runs: list[Run] = []
        migration = Migration(environment={}, sink=runs.append)
        migration.use("sqlite3", shop.path)
        migration.use("sqlite3", other.path, port="audit")
        shop.open()
        other.open()

        def path(ref: str, more: int = 0) -> Any:
            take(other.db, ref, 1 + more)
            return take(shop.db, ref)

        for more, verdict in ((0, "match"), (1, "unsafe")):
            seam = migration.seam(f"s{more}", legacy=path, candidate=partial(path, more=more))
            with as_under_a_test():
                seam(f"r{more}")
            assert runs[-1].verdict == verdict, runs[-1].reason or runs[-1].divergences
        assert all(one.place.startswith("effects.audit.") for one in runs[-1].divergences)


@pytest.mark.parametrize(
    ("targets", "options", "what"),
    [
        ([3], {}, "database was 3"),
        ([], {"rows": 1}, "rows was 1"),
        ([], {"deadline_ms": 0}, "deadline_ms was 0"),
        ([], {"row": True}, 'did you mean "rows"'),
    ],
    ids=str,
)
def test_a_wrong_option_is_named(targets: list[Any], options: dict[str, Any], what: str) -> None:
    with pytest.raises(DeclarationError, match=what):
        Migration(environment={}).use("sqlite3", *targets, **options)


@pytest.mark.parametrize("module", [sqlite3, sqlite3.dbapi2])
def test_however_often_it_is_used_a_connection_is_opened_through_it_once(shop: Shop, module: Any) -> None:
    depths: list[int] = []

    class Deep(sqlite3.Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            depths.append(len(inspect.stack()))
            super().__init__(*args, **kwargs)

    for _ in range(4):
        migration = Migration(environment={})
        migration.use("sqlite3", shop.path)
        module.connect(shop.path, factory=Deep).close()
    assert len(set(depths)) == 1, depths


def test_a_second_line_for_the_same_file_is_refused(shop: Shop) -> None:
    migration = Migration(environment={})
    migration.use("sqlite3")
    with pytest.raises(DeclarationError, match="in use already"):
        migration.use("sqlite3", shop.path, port="audit")


def test_doctor_names_a_connection_that_is_older_than_the_pack(shop: Shop) -> None:
    migration = Migration(environment={})
    with closing(sqlite3.Connection(shop.path)) as db:
        migration.use("sqlite3", shop.path)
        shop.open()
        pack = migration.book.packs["sqlite3"]
        older = (
            f'a connection to {shop.path} is older than use("sqlite3"), so that nobody sees what it does: '
            "import the module of the migration before it is opened"
        )
        assert [*pack.problems()] == [older]
        assert db.execute(LEFT).fetchone() == (6,)
    assert [*pack.problems()] == []
