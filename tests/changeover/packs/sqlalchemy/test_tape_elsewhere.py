"""A path that was given a session is replayed by another process as well: there it is given another one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import sessionmaker

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import contents, engine_of, place_by_orm, place_by_sql
from tests.changeover.support.stored_ways import WAYS

ITEMS = [("s1", 2), ("s2", 1)]
Placing = Callable[..., Any]
GIVEN: dict[str, Placing] = {
    "a session": lambda engine: sessionmaker(engine, future=True)(),
    "a connection": lambda engine: engine.connect(),
    "the engine": lambda engine: engine,
}


def run_of(way: str, engine: Any, given: Any, legacy: Placing, candidate: Placing, *args: Any) -> Run:
    def prepare(migration: Migration) -> Any:
        migration.use("sqlalchemy", engine)
        return migration.seam("s", legacy=legacy, candidate=candidate)

    return WAYS[way](prepare, given, *args)


def on(path: Placing, given: Any, ref: str) -> Any:
    """The path on a session of an engine, or on what was given."""
    if not isinstance(given, sa.engine.Engine):
        return path(given, ref, ITEMS)
    with sessionmaker(given, future=True)() as db:
        return path(db, ref, ITEMS)


def other_values(db: Any, ref: str, items: Any) -> str:
    place_by_sql(db, f"{ref}x", items)
    return ref


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["file", "postgresql"])
@pytest.mark.parametrize("make", GIVEN.values(), ids=GIVEN)
def test_the_same_statements_match_and_happen_once(
    tmp_path: Path, make: Placing, kind: str, way: str
) -> None:
    with engine_of(kind, tmp_path) as engine:
        given, path = make(engine), partial(on, place_by_sql)
        run = run_of(way, engine, given, path, lambda *args: path(*args), "r1")
        assert run.verdict == "match", run.reason or run.divergences
        assert contents(engine)["lines"] == ITEMS
        if given is not engine:
            given.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", GIVEN.values(), ids=GIVEN)
def test_other_values_differ_and_another_statement_is_no_verdict(
    tmp_path: Path, make: Placing, way: str
) -> None:
    with engine_of("file", tmp_path) as engine:
        for ref, (path, verdict) in enumerate([(other_values, "unsafe"), (place_by_orm, "failed")]):
            if path is place_by_orm and make is GIVEN["a connection"]:
                continue
            given = make(engine)
            candidate = partial(on, path)
            run = run_of(way, engine, given, partial(on, place_by_sql), candidate, f"r{ref}")
            assert run.verdict == verdict, run.reason or run.divergences
            if given is not engine:
                given.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["file", "postgresql"])
def test_a_statement_that_was_refused_is_refused_again(tmp_path: Path, kind: str, way: str) -> None:
    def twice(db: Any) -> str:
        try:
            db.execute(text("INSERT INTO orders (ref, status) VALUES ('old', 'new')"))
        except IntegrityError:
            db.rollback()
            return "there already"
        return "made"

    with engine_of(kind, tmp_path) as engine, sessionmaker(engine, future=True)() as db:
        run = run_of(way, engine, db, twice, lambda db: twice(db))
    assert run.verdict == "match", run.reason or run.divergences


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("more", [0, 1], ids=["the same", "other values"])
def test_an_async_session_is_another_one_elsewhere(tmp_path: Path, way: str, more: int) -> None:
    asynchronous = pytest.importorskip("sqlalchemy.ext.asyncio")
    pytest.importorskip("aiosqlite")
    with engine_of("file", tmp_path) as sync:
        engine = asynchronous.create_async_engine(f"sqlite+aiosqlite:///{sync.url.database}")

        async def take(db: Any, qty: int) -> int:
            taken = text("UPDATE stock SET on_hand = on_hand - :qty WHERE sku = 's1'")
            await db.execute(taken, {"qty": qty})
            await db.commit()
            left = await db.execute(text("SELECT on_hand FROM stock WHERE sku = 's1'"))
            return int(left.scalar_one())

        async def candidate(db: Any, qty: int) -> int:
            return await take(db, qty + more)

        db = asynchronous.AsyncSession(engine, expire_on_commit=False)
        run = run_of(way, engine, db, take, candidate, 2)
        assert run.verdict == ("unsafe" if more else "match"), run.reason or run.divergences
        assert contents(sync)["stock"]["s1"] == 4
        asyncio.run(db.close())
        asyncio.run(engine.dispose())
