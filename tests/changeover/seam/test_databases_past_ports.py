"""A database that the answering path opens past every port holds what no comparison sees: never a match."""

import asyncio
import sqlite3
import sqlite3.dbapi2
import threading
from collections.abc import Callable
from pathlib import Path
from sqlite3 import connect as imported
from typing import Any

import pytest

from changeover import Migration, Run

File = Callable[[str], sqlite3.Connection]


def in_a_thread(path: str) -> sqlite3.Connection:
    found: list[sqlite3.Connection] = []
    thread = threading.Thread(target=lambda: found.append(sqlite3.connect(path, check_same_thread=False)))
    thread.start()
    thread.join()
    return found[0]


def through_an_engine_that_nobody_covers(path: str) -> Any:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    return sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=sqlalchemy.NullPool).raw_connection()


WAYS: dict[str, File] = {
    "called in its module": lambda path: sqlite3.connect(path),
    "imported by name": lambda path: imported(path),
    "by keyword": lambda path: sqlite3.connect(database=path),
    "a path": lambda path: sqlite3.connect(Path(path)),
    "an address": lambda path: sqlite3.connect(f"file:{path}", uri=True),
    "of dbapi2": lambda path: sqlite3.dbapi2.connect(path),
    "in a thread": in_a_thread,
    "an engine": through_an_engine_that_nobody_covers,
}


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = str(tmp_path / "shop.db")
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE orders (name TEXT)")
    connection.close()
    return path


def insert(path: str, connect: File) -> None:
    connection = connect(path)
    connection.cursor().execute("INSERT INTO orders VALUES ('lamp')")
    connection.commit()
    connection.close()


def runs_of(legacy: Any, candidate: Any, *, stage: str = "shadow", mode: str = "inline") -> list[Run]:
    """Those of two calls, each of which has to be answered."""
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_SHOP_PLACE": stage}
    migration = Migration(environment=environment, sink=runs.append, mode=mode)
    place: Any = migration.seam("shop.place", legacy=legacy, candidate=candidate)
    for _ in range(2):
        answer = place()
        assert (asyncio.run(answer) if asyncio.iscoroutine(answer) else answer) == "placed"
    migration.close()
    return runs


def said(path: str) -> str:
    return f"seam shop.place talked to {path} through sqlite3"


@pytest.mark.parametrize("way", WAYS)
def test_rows_that_only_the_answering_path_writes_are_no_match(way: str, file: str) -> None:
    def writes() -> str:
        insert(file, WAYS[way])
        return "placed"

    runs = runs_of(writes, lambda: "placed")
    assert [run.verdict for run in runs] == ["failed", "failed"]
    assert all(str(run.reason).startswith("seam shop.place talked to ") for run in runs)
    assert all(file in str(run.reason) and "past every port" in str(run.reason) for run in runs)
    use = 'migration.use("sqlalchemy", engine)' if way == "an engine" else 'migration.use("sqlite3")'
    assert all(use in str(run.reason) for run in runs), [run.reason for run in runs]


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("is_async", [False, True])
def test_it_is_so_whichever_path_answers_and_wherever_it_is_compared(
    mode: str, stage: str, is_async: bool, file: str
) -> None:
    def writes() -> str:
        insert(file, sqlite3.connect)
        return "placed"

    async def writes_async() -> str:
        return writes()

    async def answers_async() -> str:
        return "placed"

    paths = (writes_async, answers_async) if is_async else (writes, lambda: "placed")
    legacy, candidate = paths if stage == "shadow" else paths[::-1]
    runs = runs_of(legacy, candidate, stage=stage, mode=mode)
    assert [run.verdict for run in runs] == ["failed", "failed"]
    assert all(str(run.reason).startswith(said(file)) for run in runs)


@pytest.mark.parametrize("name", [":memory:", "", "file:{}?mode=ro", "file:x?mode=memory"])
def test_a_database_in_memory_or_one_that_is_only_read_is_no_way_out(name: str, file: str) -> None:
    def asks() -> str:
        sqlite3.connect(name.format(file), uri=True).close()
        return "placed"

    assert [run.verdict for run in runs_of(asks, asks)] == ["vacuous", "vacuous"]


def test_the_answering_path_gets_the_connection_and_the_errors_of_sqlite(file: str) -> None:
    seen: list[Any] = []

    def writes() -> str:
        seen.append(type(sqlite3.connect(file)))
        with pytest.raises(sqlite3.OperationalError):
            sqlite3.connect(str(Path(file).parent / "none" / "shop.db"))
        return "placed"

    runs_of(writes, lambda: "placed")
    assert all(issubclass(cls, sqlite3.Connection) for cls in seen), seen
    insert(file, sqlite3.connect)
