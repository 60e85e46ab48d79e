"""What programs do with `sqlite3` besides rows: the same code matches, and is given what it gets alone."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.sqlite_shop import LEFT, ORDER, TAKE, Shop, shop_in
from tests.changeover.support.stored_ways import WAYS as WAYS_ELSEWHERE

WAYS = ("under a test", "rows beside", "tape", "tape beside", "worker", "scenario")
NO_TEXT: Any = None
MORE = """
PRAGMA foreign_keys=ON;
CREATE TABLE parts (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES orders(id) ON DELETE CASCADE);
CREATE TABLE later (
    id INTEGER PRIMARY KEY, parent INTEGER REFERENCES orders(id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO parts (parent) VALUES (1), (1);
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_in(tmp_path) as made:
        with closing(sqlite3.Connection(made.path)) as db:
            db.executescript(MORE)
        yield made


def said(act: Callable[[], Any]) -> Any:
    """What an act gives, or the kind and text of what it raises."""
    try:
        return act()
    except sqlite3.Error as error:
        return type(error).__name__, str(error)


def opened(shop: Shop, **options: Any) -> Any:
    return closing(sqlite3.connect(shop.path, **options))


def sets_as_it_opens(shop: Shop) -> Any:
    with opened(shop) as db:
        told = (
            db.execute("PRAGMA journal_mode=WAL").fetchone(),
            db.execute("PRAGMA busy_timeout=900").fetchone(),
        )
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM orders WHERE ref = 'old'")
        db.commit()
        asked = (
            db.execute("PRAGMA foreign_keys").fetchone(),
            db.execute("PRAGMA table_info(parts)").fetchall(),
        )
        return told, asked, db.execute("SELECT count(*) FROM parts").fetchone()


def is_refused_by_a_reference(shop: Shop) -> Any:
    with opened(shop) as db:
        db.execute("PRAGMA foreign_keys=1;")
        refused = said(lambda: db.execute("INSERT INTO parts (parent) VALUES (99)"))
        db.rollback()
        return refused


def is_set_too_late(shop: Shop) -> Any:
    shop.db.execute(TAKE, (1, "s1"))
    shop.db.execute("PRAGMA foreign_keys=OFF")
    shop.db.execute("DELETE FROM orders")
    shop.db.commit()
    return shop.db.execute("SELECT count(*) FROM parts").fetchone()


def is_set_by_its_owner(shop: Shop) -> Any:
    shop.db.execute("DELETE FROM orders WHERE ref = 'old'")
    shop.db.commit()
    return shop.db.execute("SELECT count(*) FROM parts").fetchone()


class Checked(sqlite3.Connection):
    """As programs derive it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.execute("PRAGMA foreign_keys=ON")
        self.commits = 0

    def commit(self) -> None:
        """Counted."""
        self.commits += 1
        super().commit()


def is_set_by_its_class(shop: Shop) -> Any:
    with opened(shop, factory=Checked) as db:
        db.execute("DELETE FROM orders")
        db.commit()
        return db.commits, db.execute("SELECT count(*) FROM parts").fetchone()


def is_made_by_a_function(shop: Shop) -> Any:
    with opened(shop, factory=functools.partial(Checked)) as db, db:
        db.execute(TAKE, (1, "s1"))
        return db.execute(LEFT).fetchone()


def savepoint_of_its_own(shop: Shop) -> Any:
    with opened(shop) as db:
        db.execute("SAVEPOINT one")
        db.execute(TAKE, (1, "s1"))
        db.execute("SAVEPOINT two")
        db.execute(TAKE, (9, "s2"))
        db.execute("ROLLBACK TO two")
        db.execute("RELEASE SAVEPOINT one")
        is_open = db.in_transaction
        db.commit()
        return is_open, db.execute(LEFT).fetchone()


def savepoint_without_transactions(shop: Shop) -> Any:
    with opened(shop, isolation_level=None) as db:
        db.execute("SAVEPOINT 'one'")
        db.execute(TAKE, (1, "s1"))
        db.execute("release 'one';")
        return db.in_transaction


def commits_without_transactions(shop: Shop) -> Any:
    with opened(shop, isolation_level=None) as db:
        db.execute(TAKE, (1, "s1"))
        db.commit()
        db.execute(TAKE, (1, "s2"))
        db.rollback()
        return db.execute(LEFT).fetchone()


def sets_the_level(shop: Shop) -> Any:
    with opened(shop) as db:
        db.execute(TAKE, (1, "s1"))
        db.isolation_level = None
        return db.in_transaction


def closes_twice(shop: Shop) -> Any:
    db = sqlite3.connect(shop.path)
    rows = db.execute("SELECT sku FROM stock")
    found = rows.fetchone()
    db.close()
    db.close()
    acts = (db.cursor, db.commit, db.rollback, rows.fetchone, rows.fetchall, lambda: db.execute(LEFT))
    return found, [said(act) for act in (*acts, lambda: db.in_transaction, lambda: next(rows))]


def closes_a_cursor(shop: Shop) -> Any:
    with opened(shop) as db:
        rows = db.execute("SELECT sku FROM stock")
        rows.fetchone()
        rows.close()
        return [said(act) for act in (rows.fetchone, rows.fetchall, lambda: rows.execute(LEFT), rows.close)]


def asks_a_cursor(shop: Shop) -> Any:
    with opened(shop) as db, db:
        rows = db.cursor()
        first = rows.execute(ORDER, ("n1", 1)).lastrowid
        rows.executemany(ORDER, [("n2", 1), ("n3", 1)])
        told = first, rows.lastrowid, rows.rowcount
        return told, rows.execute(LEFT).description, rows.lastrowid


def reads_in_parts(shop: Shop) -> Any:
    with opened(shop) as db:
        rows = db.execute("SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5")
        return [rows.fetchmany(2), rows.fetchone(), rows.fetchmany(), rows.fetchall()]


def commits_what_is_refused(shop: Shop) -> Any:
    with opened(shop) as db:
        db.execute("PRAGMA foreign_keys=ON")
        db.execute("INSERT INTO later (parent) VALUES (99)")
        refused = said(db.commit)
        db.rollback()
        db.execute(TAKE, (1, "s1"))
        db.commit()
        return refused


def sends_no_text(shop: Shop) -> Any:
    try:
        shop.db.execute(NO_TEXT)
    except TypeError as error:
        return str(error)


def too_large(shop: Shop) -> Any:
    with opened(shop) as db:
        try:
            db.execute(TAKE, (2**80, "s1"))
        except OverflowError as error:
            db.rollback()
            return str(error)


def texts_are_bytes(shop: Shop) -> Any:
    with opened(shop) as db:
        db.text_factory = bytes
        db.execute(TAKE, (1, "s1"))
        db.commit()
        return db.execute("SELECT sku FROM stock").fetchall()


def reads_by_another_connection(shop: Shop) -> Any:
    address = f"file:{shop.path}?mode=ro"
    with opened(shop) as db, closing(sqlite3.connect(address, uri=True)) as read_alone:
        (left,) = read_alone.execute(LEFT).fetchone()
        db.execute("UPDATE stock SET on_hand = ? WHERE sku = 's1'", (left - 1,))
        db.commit()
        return left


PATHS: dict[str, Callable[[Shop], Any]] = {
    path.__name__: path
    for path in (
        sets_as_it_opens,
        is_refused_by_a_reference,
        is_set_by_its_owner,
        is_set_too_late,
        is_set_by_its_class,
        is_made_by_a_function,
        savepoint_of_its_own,
        savepoint_without_transactions,
        commits_without_transactions,
        sets_the_level,
        closes_twice,
        closes_a_cursor,
        asks_a_cursor,
        reads_in_parts,
        commits_what_is_refused,
        sends_no_text,
        too_large,
        texts_are_bytes,
        reads_by_another_connection,
    )
}


def prepared(shop: Shop) -> None:
    shop.open()
    shop.db.execute("PRAGMA foreign_keys=ON")


def contents(shop: Shop) -> Any:
    with closing(sqlite3.Connection(shop.path)) as db:
        return shop.contents(), db.execute("SELECT * FROM parts").fetchall()


def alone(path: Callable[[Shop], Any], folder: Path) -> tuple[Any, Any]:
    """What a path gives and leaves where nobody looks at it."""
    folder.mkdir()
    with shop_in(folder) as shop:
        with closing(sqlite3.Connection(shop.path)) as db:
            db.executescript(MORE)
        prepared(shop)
        return path(shop), contents(shop)


def run_of(shop: Shop, way: str, path: Callable[[Shop], Any]) -> tuple[Run, list[Any]]:
    """The run of a path and itself, and what the caller was given."""
    runs: list[Run] = []
    given: list[Any] = []

    def prepare(migration: Migration) -> Any:
        rows: dict[str, Any] = {"rows": True, "deadline_ms": 5_000} if way == "rows beside" else {}
        migration.use("sqlite3", shop.path, **rows)
        if not hasattr(shop, "db"):
            prepared(shop)
        seam = migration.seam("s", legacy=lambda _: path(shop), candidate=lambda _: path(shop))

        def call(number: int) -> Any:
            given.append(seam(number))

        return call

    if way in WAYS_ELSEWHERE:
        return WAYS_ELSEWHERE[way](prepare, 1), given
    environment = {} if way == "under a test" else {"CHANGEOVER_STAGE_S": "shadow"}
    mode = "background" if "beside" in way else "inline"
    migration = Migration(environment=environment, sink=runs.append, mode=mode)
    call = prepare(migration)
    if way == "under a test":
        with as_under_a_test():
            call(1)
    else:
        call(1)
    migration.flush()
    return runs[-1], given


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PATHS)
def test_the_same_code_matches_and_is_given_what_it_gets_alone(
    shop: Shop, tmp_path: Path, name: str, way: str
) -> None:
    answer, left = alone(PATHS[name], tmp_path / "alone")
    run, given = run_of(shop, way, PATHS[name])
    assert given[0] == answer
    assert contents(shop) == left
    assert run.verdict == "match", run.reason or run.divergences


def test_what_writes_into_the_file_beside_its_rows_is_no_match(shop: Shop) -> None:
    def path(shop: Shop) -> None:
        shop.db.execute("PRAGMA user_version = 7")

    run, _ = run_of(shop, "under a test", path)
    assert run.verdict == "failed"
    assert "PRAGMA user_version changes the file beside its rows" in str(run.reason)
