"""Whoever has the connection: an argument, an object, a thread, a class of the program, another process."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.observation import Returned
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.sqlite_runs import BOTH, ROWS, judged, take
from tests.changeover.support.sqlite_shop import LEFT, ORDER, TAKE, Shop
from tests.changeover.support.stored_ways import WAYS


@BOTH
def test_a_connection_may_be_given_as_an_argument(shop: Shop, kind: str) -> None:
    run = judged(shop, take, lambda db, ref: take(db, ref), lambda: shop.db, "r1", kind=kind)
    assert run.verdict == "match", run.reason or run.divergences
    wrong = judged(shop, take, lambda db, ref: take(db, ref, 3), lambda: shop.db, "r2", kind=kind)
    assert wrong.verdict == "unsafe", wrong.reason
    assert shop.contents()[1] == [("old", 1), ("r1", 2), ("r2", 2)]


NAMES: dict[str, Callable[[], Any]] = {
    "a name": lambda: sqlite3.connect("shop.db"),
    "bytes": lambda: sqlite3.connect(b"shop.db"),
    "a path": lambda: sqlite3.connect(Path("shop.db")),
    "a path above": lambda: sqlite3.connect("../" + Path.cwd().name + "/shop.db"),
    "a URI": lambda: sqlite3.connect("file:shop.db?mode=rw", uri=True),
}


@BOTH
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("more", "verdict"), [(0, "match"), (1, "unsafe")])
def test_a_program_that_changes_its_working_folder_keeps_its_database(
    shop: Shop, kind: str, name: str, more: int, verdict: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()

    def open_and_leave() -> Any:
        monkeypatch.chdir(tmp_path)
        db = NAMES[name]()
        monkeypatch.chdir(tmp_path / "elsewhere")
        return db

    run = judged(shop, take, lambda db, ref: take(db, ref, 2 + more), open_and_leave, "r1", kind=kind)
    assert run.verdict == verdict, run.reason or run.divergences
    assert not [*(tmp_path / "elsewhere").iterdir()]


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_that_is_given_is_another_one_in_another_process(shop: Shop, way: str) -> None:
    def prepare(migration: Migration) -> Any:
        migration.use("sqlite3", shop.path)
        return migration.seam("s", legacy=take, candidate=partial(take))

    Migration(environment={}).use("sqlite3", shop.path)
    shop.open()
    run = WAYS[way](prepare, shop.db, "r1")
    assert run.verdict == "match", run.reason or run.divergences
    assert shop.contents()[1] == [("old", 1), ("r1", 2)]


class Store:
    """An object that has a connection and a cursor."""

    def __init__(self, db: Any) -> None:
        self.db = db
        self.cursor = db.cursor()

    def take(self, ref: str, qty: int = 2) -> Any:
        """The work of a method."""
        self.cursor.execute(TAKE, (qty, "s1"))
        self.cursor.execute(ORDER, (ref, qty))
        self.db.commit()
        return self.cursor.execute(LEFT).fetchone()


@BOTH
@pytest.mark.parametrize(("more", "verdict"), [(0, "match"), (1, "unsafe")])
def test_a_method_finds_the_connection_in_its_object(shop: Shop, kind: str, more: int, verdict: str) -> None:
    run = judged(
        shop,
        lambda store, ref: store.take(ref),
        lambda store, ref: store.take(ref, 2 + more),
        lambda: Store(shop.db),
        "r1",
        kind=kind,
    )
    assert run.verdict == verdict, run.reason or run.divergences
    assert shop.contents()[1] == [("old", 1), ("r1", 2)]


@BOTH
def test_an_async_path_uses_it_too(shop: Shop, kind: str) -> None:
    async def legacy(ref: str) -> Any:
        await asyncio.sleep(0)
        return take(shop.db, ref)

    async def candidate(ref: str) -> Any:
        return take(shop.db, ref)

    run = judged(shop, legacy, candidate, "r1", kind=kind)
    assert run.verdict == "match", run.reason or run.divergences
    assert shop.contents()[1] == [("old", 1), ("r1", 2)]


@BOTH
@pytest.mark.parametrize("is_kept", [False, True], ids=["opened by the path", "the program's own"])
@pytest.mark.parametrize(("more", "verdict"), [(0, "match"), (1, "unsafe")])
def test_aiosqlite_is_followed_into_its_thread(
    shop: Shop, kind: str, is_kept: bool, more: int, verdict: str
) -> None:
    aiosqlite = pytest.importorskip("aiosqlite")
    runs: list[Run] = []
    environment = {} if kind == ROWS else {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration(environment=environment, sink=runs.append, mode="inline")
    migration.use("sqlite3")

    async def take_by(db: Any, qty: int) -> Any:
        await db.execute(TAKE, (qty, "s1"))
        await db.commit()
        async with db.execute(LEFT) as cursor:
            return [tuple(row) async for row in cursor]

    async def program() -> None:
        async with aiosqlite.connect(shop.path) as kept:

            async def path(qty: int) -> Any:
                if is_kept:
                    return await take_by(kept, qty)
                async with aiosqlite.connect(shop.path) as db:
                    return await take_by(db, qty)

            async def candidate(qty: int) -> Any:
                return await path(qty + more)

            seam = migration.seam("s", legacy=path, candidate=candidate)
            if kind == ROWS:
                with as_under_a_test():
                    await seam(2)
            else:
                await seam(2)
            migration.flush()

    asyncio.run(program())
    assert runs[-1].verdict == verdict, runs[-1].reason or runs[-1].divergences
    assert shop.contents()[0]["s1"] == 4


@BOTH
def test_a_thread_of_the_path_is_followed(shop: Shop, kind: str) -> None:
    def path(ref: str) -> None:
        thread = Thread(target=take, args=(shop.db, ref))
        thread.start()
        thread.join()

    run = judged(shop, path, lambda ref: path(ref), "r1", kind=kind, is_shared=True)
    assert run.verdict == "match", run.reason or run.divergences
    assert shop.contents()[1] == [("old", 1), ("r1", 2)]


class OwnConnection(sqlite3.Connection):
    """As a program derives it."""

    def total(self) -> Any:
        """A method of its own."""
        return self.execute(LEFT).fetchone()[0]


class OwnCursor(sqlite3.Cursor):
    """Likewise."""


@BOTH
def test_classes_that_a_program_derives_stay_what_they_are(shop: Shop, kind: str) -> None:
    def path(ref: str) -> Any:
        with closing(sqlite3.connect(Path(shop.path), 3, factory=OwnConnection)) as db, db:
            cursor = db.cursor(OwnCursor)
            cursor.execute(TAKE, (1, "s1"))
            kinds = [isinstance(db, OwnConnection), isinstance(cursor, OwnCursor), cursor.connection is db]
            return kinds, db.total()

    run = judged(shop, path, lambda ref: path(ref), "r1", kind=kind)
    assert run.verdict == "match", run.reason or run.divergences
    assert run.legacy is not None
    assert isinstance(run.legacy.outcome, Returned)
    assert run.legacy.outcome.value[0] == [True, True, True]
    assert shop.contents()[0]["s1"] == 5


def opened_by(address: str, **options: Any) -> Callable[[Shop], Any]:
    """A path that opens the database so."""

    def path(shop: Shop) -> Any:
        with closing(sqlite3.connect(address.format(shop.path), **options)) as db, db:
            db.execute(TAKE, (1, "s1"))
            return db.execute(LEFT).fetchone()

    return path


@BOTH
def test_an_address_of_a_file_is_that_file(shop: Shop, kind: str) -> None:
    path = opened_by("file:{}?cache=private", uri=True)
    run = judged(shop, lambda _: path(shop), lambda _: path(shop), 1, kind=kind)
    assert run.verdict == "match", run.reason or run.divergences
    assert shop.contents()[0]["s1"] == 5


def test_a_connection_stays_that_of_its_thread(shop: Shop) -> None:
    Migration(environment={}).use("sqlite3")
    db = sqlite3.connect(shop.path)
    cursor = db.cursor()
    said: list[str] = []

    def elsewhere() -> None:
        for use in (db.cursor, db.commit, partial(db.execute, LEFT), partial(cursor.execute, LEFT)):
            try:
                use()
            except sqlite3.ProgrammingError as error:
                said.append(str(error))

    thread = Thread(target=elsewhere)
    thread.start()
    thread.join()
    db.close()
    assert len(said) == 4
    assert all("can only be used in that same thread" in text for text in said)


@BOTH
def test_a_closed_connection_is_closed_for_the_path_and_open_for_the_program(shop: Shop, kind: str) -> None:
    def legacy(ref: str) -> str:
        with closing(sqlite3.connect(shop.path)) as db:
            db.execute(LEFT).fetchone()
        try:
            db.execute(LEFT)
        except sqlite3.ProgrammingError as error:
            return str(error)
        return "open"

    run = judged(shop, legacy, lambda ref: legacy(ref), "r1", kind=kind)
    assert run.verdict == "match", run.reason or run.divergences
    assert shop.db.execute(LEFT).fetchone() == (6,)


def test_a_replay_sets_nothing_of_the_programs_connection(shop: Shop) -> None:
    def legacy(ref: str) -> Any:
        return shop.db.execute(LEFT).fetchone()[0]

    def candidate(ref: str) -> Any:
        shop.db.row_factory = sqlite3.Row
        shop.db.isolation_level = None
        return shop.db.execute(LEFT).fetchone()["on_hand"]

    run = judged(shop, legacy, candidate, "r1")
    assert run.verdict == "match", run.reason or run.divergences
    assert (shop.db.row_factory, shop.db.isolation_level) == (None, "")
