"""A replayed path leaves the program's connections, cursors, rows and time to the program."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.sqlite_shop import LEFT, ORDER, TAKE, Shop, shop_in
from tests.programs.process import run_python

HOLDS = "import sqlite3,sys,time;d=sqlite3.connect(sys.argv[1],isolation_level=None);d.execute('BEGIN {}');"
KINDS = pytest.mark.parametrize("rows", [True, False], ids=["rows", "tape"])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_in(tmp_path) as made:
        yield made


def declared(
    shop: Shop,
    legacy: Callable[..., Any],
    candidate: Callable[..., Any],
    *,
    rows: bool,
    stage: str = "shadow",
) -> tuple[Any, list[Run]]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, sink=runs.append, mode="inline")
    migration.use("sqlite3", rows=rows)
    if not hasattr(shop, "db"):
        shop.open(is_shared=True)
    return migration.seam("s", legacy=legacy, candidate=candidate), runs


@KINDS
def test_a_connection_that_a_replay_has_opened_and_kept_is_one_to_the_file(shop: Shop, rows: bool) -> None:
    kept: list[Any] = []

    def legacy(number: int) -> Any:
        with closing(sqlite3.connect(shop.path)) as db, db:
            db.execute(TAKE, (number, "s1"))
            return db.execute(LEFT).fetchone()[0]

    def candidate(number: int) -> Any:
        if not kept:
            kept.append(sqlite3.connect(shop.path))
            kept[0].row_factory = sqlite3.Row
            kept[0].name = "mine"
            kept[0].execute("PRAGMA foreign_keys=ON")
            kept.append(kept[0].cursor())
        with kept[0]:
            kept[1].execute(TAKE, (number, "s1"))
            return kept[1].execute(LEFT).fetchone()["on_hand"]

    seam, runs = declared(shop, legacy, candidate, rows=rows)
    seam(1)
    seam(1)
    assert [run.verdict for run in runs] == ["match", "match"], [run.reason for run in runs]
    assert shop.contents()[0]["s1"] == 4
    live, _ = declared(shop, legacy, candidate, rows=rows, stage="live")
    assert live(1) == 3
    assert shop.contents()[0]["s1"] == 3
    assert candidate(1) == 2
    assert shop.contents()[0]["s1"] == 2
    assert kept[0].name == "mine"
    assert kept[0].execute("PRAGMA foreign_keys").fetchone()[0] == 1
    kept[0].close()


@KINDS
def test_a_replay_closes_and_sets_no_cursor_of_the_program(shop: Shop, rows: bool) -> None:
    def legacy(_: int) -> Any:
        return shop.db.execute(LEFT).fetchone()

    def candidate(_: int) -> Any:
        shop.cursor.arraysize = 7
        shop.cursor.row_factory = sqlite3.Row
        found = shop.cursor.execute(LEFT).fetchone()
        shop.cursor.close()
        return tuple(found)

    seam, runs = declared(shop, legacy, candidate, rows=rows)
    seam(1)
    assert runs[-1].verdict == "match", runs[-1].reason or runs[-1].divergences
    assert (shop.cursor.arraysize, shop.cursor.row_factory) == (1, None)
    assert shop.cursor.execute(LEFT).fetchone() == (6,)


def traces(shop: Shop) -> None:
    shop.db.set_trace_callback(print)


def stops(shop: Shop) -> None:
    shop.db.set_progress_handler(lambda: 1, 1)


def writes_over_it(shop: Shop) -> None:
    with closing(sqlite3.connect(":memory:")) as other:
        other.execute("CREATE TABLE empty (n)")
        other.backup(shop.db)


@KINDS
@pytest.mark.parametrize("act", [traces, stops, writes_over_it], ids=lambda act: act.__name__)
def test_what_a_replay_may_not_do_to_a_connection_it_does_not(
    shop: Shop, act: Callable[[Shop], None], rows: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    def candidate(_: int) -> Any:
        act(shop)
        return shop.db.execute(LEFT).fetchone()

    seam, runs = declared(shop, lambda _: shop.db.execute(LEFT).fetchone(), candidate, rows=rows)
    seam(1)
    assert runs[-1].verdict == "failed"
    assert "of sqlite3: what it does is not seen" in str(runs[-1].reason)
    capsys.readouterr()
    assert shop.db.execute(LEFT).fetchone() == (6,)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
@KINDS
def test_a_lock_of_somebody_else_takes_no_more_time_than_the_copy_may(
    shop: Shop, rows: bool, lock: str
) -> None:
    def path(_: int) -> Any:
        with closing(sqlite3.connect(shop.path, timeout=0.3)) as db:
            try:
                db.execute(TAKE, (1, "s1"))
            except sqlite3.OperationalError as error:
                return str(error)

    seam, _ = declared(shop, path, lambda number: path(number), rows=rows)
    holding = HOLDS.format(lock) + "print(1,flush=True);time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", holding, shop.path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        began = monotonic()
        try:
            assert seam(1) == "database is locked"
            assert monotonic() - began < 2.5
        finally:
            other.kill()


def test_a_copy_lets_go_of_the_file_in_time_though_its_path_waits_for_a_lock_of_the_program(
    shop: Shop,
) -> None:
    mine, replaying, released = Lock(), Lock(), Lock()
    released.acquire()

    def path(number: int) -> None:
        with closing(sqlite3.connect(shop.path)) as db, db:
            db.execute(TAKE, (number, "s1"))

    def candidate(number: int) -> None:
        with closing(sqlite3.connect(shop.path)) as db:
            db.execute(TAKE, (number, "s1"))
            released.release()
            with mine:
                db.execute(TAKE, (1, "s2"))
                db.commit()

    seam, runs = declared(shop, path, candidate, rows=True)
    mine.acquire()
    caller = Thread(target=seam, args=(1,))
    caller.start()
    released.acquire()
    with replaying, closing(sqlite3.Connection(shop.path, timeout=3)) as db, db:
        db.execute(TAKE, (1, "s1"))
    mine.release()
    caller.join()
    assert runs[-1].verdict == "failed"
    assert "deadline_ms" in str(runs[-1].reason)
    assert shop.contents()[0] == {"s1": 4, "s2": 6}


def test_two_runs_at_once_on_one_connection_are_no_verdict_and_lose_no_row(shop: Shop) -> None:
    lock = Lock()

    def path(number: int) -> Any:
        with lock, shop.db:
            shop.db.execute(ORDER, (f"r{number}", number))
        sleep(0.003)
        with lock:
            return shop.db.execute("SELECT qty FROM orders WHERE ref = ?", (f"r{number}",)).fetchone()[0]

    seam, runs = declared(shop, path, lambda number: path(number), rows=True)
    found: list[tuple[int, int]] = []

    def work(first: int) -> None:
        found.extend((number, seam(number)) for number in range(first, first + 5))

    threads = [Thread(target=work, args=(first,)) for first in (10, 20, 30, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert all(number == given for number, given in found)
    assert len(shop.contents()[1]) == 21
    assert {run.verdict for run in runs} <= {"match", "failed"}


ONE_FOR_ALL = """
import sqlite3
from threading import Lock, Thread
from changeover import Migration

migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, mode="inline")
migration.use("sqlite3", "shop.db", rows=True)
db = sqlite3.connect("shop.db", check_same_thread=False)
lock = Lock()
MANY = '''WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
INSERT INTO orders (sku, qty) SELECT 's1', i FROM n'''


def place(number):
    with lock, db:
        db.execute(MANY)
    return number


seam = migration.seam("s", legacy=place, candidate=lambda number: place(number))
threads = [Thread(target=lambda: [seam(n) for n in range(3)], daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(db.execute("SELECT count(*) FROM orders WHERE ref IS NULL").fetchone()[0])
"""


def test_threads_with_one_connection_never_wait_for_the_toolkit_for_ever(shop: Shop) -> None:
    """A trigger of the toolkit waits for the interpreter while SQLite holds the connection."""
    done = run_python(["-c", ONE_FOR_ALL], cwd=Path(shop.path).parent, text=True, timeout=60)
    assert (done.stdout, done.returncode) == (f"{3 * 3 * 200}\n", 0), done.stderr


def test_what_rolls_back_all_in_a_replay_rolls_back_nothing_of_the_program(shop: Shop) -> None:
    def legacy(db: Any) -> None:
        db.execute(TAKE, (1, "s1"))

    def candidate(db: Any) -> None:
        with suppress(sqlite3.IntegrityError):
            db.execute("INSERT OR ROLLBACK INTO stock VALUES ('s1', 3)")
        db.execute("UPDATE stock SET on_hand = 0")

    seam, runs = declared(shop, legacy, candidate, rows=True)
    with shop.db:
        shop.db.execute(ORDER, ("mine", 1))
        seam(shop.db)
    assert runs[-1].verdict == "failed"
    assert "roll" in str(runs[-1].reason)
    assert shop.contents() == ({"s1": 5, "s2": 6}, [("old", 1), ("mine", 1)])


def test_the_program_may_change_its_schema_after_a_run(shop: Shop) -> None:
    def path(ref: str) -> None:
        with shop.db:
            shop.db.execute(ORDER, (ref, 1))

    seam, runs = declared(shop, path, lambda ref: path(ref), rows=True)
    seam("r1")
    shop.db.execute("ALTER TABLE orders DROP COLUMN sku")
    shop.db.executescript("ALTER TABLE orders DROP COLUMN qty")
    assert shop.db.execute("SELECT * FROM orders WHERE ref = 'r1'").fetchall() == [(2, "r1")]
    assert runs[-1].verdict == "match", runs[-1].reason


def test_a_path_may_change_the_schema_that_an_earlier_run_has_listened_to(shop: Shop) -> None:
    def path(ref: str) -> None:
        with shop.db:
            shop.db.execute(ORDER, (ref, 1))

    def migrates(_: str) -> None:
        shop.db.execute("ALTER TABLE orders DROP COLUMN qty")

    seam, _ = declared(shop, path, lambda ref: path(ref), rows=True)
    seam("r1")
    seam, runs = declared(shop, migrates, lambda ref: None, rows=True)
    seam("r2")
    assert runs[-1].verdict == "failed"
    assert "changes the schema" in str(runs[-1].reason)
