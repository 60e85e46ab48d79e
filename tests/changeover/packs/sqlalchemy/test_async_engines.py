"""Async engines on the program's own loop: sessions are exchanged, rows and statements compared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from changeover import Case, Migration, Run
from tests.changeover.support.alchemy_shop import (
    Line,
    Order,
    Stock,
    as_under_a_test,
    contents,
    engine_of,
    open_transactions,
    shadowed,
)
from tests.changeover.support.scenario_lines import replayed_lines, scenario_lines
from tests.changeover.support.stores import SERVER

asynchronous = pytest.importorskip("sqlalchemy.ext.asyncio")
if not hasattr(asynchronous, "async_sessionmaker"):
    pytest.skip("SQLAlchemy 1.4 has no async_sessionmaker", allow_module_level=True)
async_sessionmaker = asynchronous.async_sessionmaker
create_async_engine = asynchronous.create_async_engine

DRIVERS = ("aiosqlite", "psycopg", "asyncpg")
ITEMS = [("s1", 2), ("s2", 1)]


async def by_sql(db: Any, ref: str, items: Any, *, commits: bool = True) -> str:
    made = text("INSERT INTO orders (ref, customer, status) VALUES (:ref, 'c1', 'placed') RETURNING id")
    order = (await db.execute(made, {"ref": ref})).scalar_one()
    for sku, qty in items:
        taken = text("UPDATE stock SET on_hand = on_hand - :qty WHERE sku = :sku")
        await db.execute(taken, {"qty": qty, "sku": sku})
        line = text("INSERT INTO lines (order_id, sku, qty) VALUES (:order, :sku, :qty)")
        await db.execute(line, {"order": order, "sku": sku, "qty": qty})
    if commits:
        await db.commit()
    return ref


async def by_orm(db: Any, ref: str, items: Any, *, commits: bool = True, more: int = 0) -> str:
    order = Order(ref=ref, customer="c1", status="placed", lines=[])
    for sku, qty in items:
        article = await db.get(Stock, sku)
        article.on_hand -= qty
        order.lines.append(Line(sku=sku, qty=qty + more))
    db.add(order)
    await db.flush()
    if commits:
        await db.commit()
    return ref


@asynccontextmanager
async def async_engine(kind: str, sync: Any) -> AsyncIterator[Any]:
    """An async engine of the same database as a sync one."""
    made = made_async(kind, sync)
    try:
        yield made
    finally:
        await made.dispose()


def made_async(kind: str, sync: Any) -> Any:
    """The same, which somebody has to dispose of."""
    name = sync.changeover_test_name
    if kind == "aiosqlite":
        return create_async_engine(f"sqlite+aiosqlite:///{sync.url.database}")
    if kind == "psycopg":
        options = {"options": f"-c search_path={name}", "application_name": name}
        address = SERVER.replace("postgresql://", "postgresql+psycopg_async://", 1)
        return create_async_engine(address, connect_args=options)
    settings = {"search_path": name, "application_name": name}
    address = SERVER.replace("postgresql://", "postgresql+asyncpg://", 1)
    return create_async_engine(address, connect_args={"server_settings": settings})


def run_of(
    kind: str, folder: Path, scene: Callable[[Any], Awaitable[Any]], *, own_traffic: bool = False
) -> Any:
    """What a scene gives on an engine of that driver; the shop afterwards comes with it."""
    pytest.importorskip(kind)
    with engine_of("file" if kind == "aiosqlite" else "postgresql", folder) as sync:

        async def played() -> Any:
            async with async_engine(kind, sync) as engine:
                return await scene(engine)

        with nullcontext() if own_traffic else as_under_a_test():
            found = asyncio.run(played())
        if kind != "aiosqlite":
            assert open_transactions(sync) == []
        return found, contents(sync)


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize("commits", [True, False], ids=["the path commits", "the caller commits"])
def test_sql_and_orm_with_a_session_that_is_given_match(kind: str, commits: bool, tmp_path: Path) -> None:
    async def scene(engine: Any) -> Any:
        async def legacy(db: Any, ref: str) -> str:
            return await by_sql(db, ref, ITEMS, commits=commits)

        async def candidate(db: Any, ref: str) -> str:
            return await by_orm(db, ref, ITEMS, commits=commits)

        seam, runs = shadowed(engine, legacy, candidate, own_traffic=True)
        async with async_sessionmaker(engine, expire_on_commit=False)() as session:
            await seam(session, "r1")
            await session.commit()
        return runs[-1]

    run, shop = run_of(kind, tmp_path, scene)
    assert run.verdict == "match", run.reason or run.divergences
    assert shop["lines"] == ITEMS


@pytest.mark.parametrize("kind", DRIVERS)
def test_a_planted_fault_is_found_as_a_row(kind: str, tmp_path: Path) -> None:
    async def scene(engine: Any) -> Any:
        make = async_sessionmaker(engine, expire_on_commit=False)

        async def legacy(ref: str) -> str:
            async with make() as session:
                return await by_sql(session, ref, ITEMS)

        async def candidate(ref: str) -> str:
            async with make() as session:
                return await by_orm(session, ref, ITEMS, more=1)

        seam, runs = shadowed(engine, legacy, candidate, own_traffic=True)
        await seam("r1")
        return runs[-1]

    run, shop = run_of(kind, tmp_path, scene)
    assert run.verdict == "unsafe", run.reason
    assert {one.place for one in run.divergences} == {
        "effects.db.insert[lines/#1].columns.qty",
        "effects.db.insert[lines/#2].columns.qty",
    }
    assert shop["lines"] == ITEMS


@pytest.mark.parametrize("kind", DRIVERS)
def test_a_refused_statement_of_a_recording_is_refused_again(kind: str, tmp_path: Path) -> None:
    async def scene(engine: Any) -> Any:
        async def twice(ref: str) -> str:
            async with async_sessionmaker(engine)() as session:
                try:
                    await session.execute(text("INSERT INTO orders (ref, status) VALUES ('old', 'new')"))
                except IntegrityError:
                    await session.rollback()
                    return "there already"
                return "made"

        async def again(ref: str) -> str:
            return await twice(ref)

        seam, runs = shadowed(engine, twice, again, own_traffic=True)
        await seam("r1")
        return runs[-1]

    run, _ = run_of(kind, tmp_path, scene, own_traffic=True)
    assert run.verdict == "match", run.reason or run.divergences
    assert run.legacy.outcome.value == "there already"


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize("more", [0, 1], ids=["the same rows", "one wrong row"])
def test_a_scenario_is_replayed_without_the_database(kind: str, more: int, tmp_path: Path) -> None:
    pytest.importorskip(kind)

    def project(engine: Any) -> tuple[Migration, Any]:
        make = async_sessionmaker(engine, expire_on_commit=False)

        async def legacy(ref: str) -> str:
            async with make() as session:
                return await by_sql(session, ref, ITEMS)

        async def candidate(ref: str) -> str:
            async with make() as session:
                return await by_orm(session, ref, ITEMS, more=more)

        migration = Migration(environment={})
        migration.use("sqlalchemy", engine)
        return migration, migration.seam("shop.place", legacy=legacy, candidate=candidate)

    with engine_of("file" if kind == "aiosqlite" else "postgresql", tmp_path) as sync:

        async def called(engine: Any, seam: Any, ref: str) -> None:
            await seam(ref)
            await engine.dispose()

        engine = made_async(kind, sync)
        migration, seam = project(engine)
        migration.source("orders", population="generated")(
            lambda _: [Case(ref, partial(asyncio.run, called(engine, seam, ref))) for ref in ("r1", "r2")]
        )
        lines = scenario_lines(migration, "orders")
        assert contents(sync)["orders"][1:] == [("r1", "placed"), ("r2", "placed")]
    nowhere = "sqlite+aiosqlite:////nowhere/at/all" if kind == "aiosqlite" else engine.url.set(port=1)
    for is_alone in (False, True):
        runs = replayed_lines(project(create_async_engine(nowhere))[0], lines, is_alone=is_alone)
        found = [run.verdict for run in runs]
        assert found == ["unsafe" if more else "match"] * 2, [run.reason or run.divergences for run in runs]


@pytest.mark.parametrize("kind", DRIVERS)
def test_of_a_path_that_takes_longer_than_its_copy_the_time_is_named(kind: str, tmp_path: Path) -> None:
    """Each driver says something else of a connection that was cut, and none of them why."""

    async def scene(engine: Any) -> Any:
        make = async_sessionmaker(engine, expire_on_commit=False)

        async def legacy(ref: str) -> str:
            async with make() as session:
                return await by_sql(session, ref, ITEMS)

        async def candidate(ref: str) -> str:
            async with make() as session:
                await by_orm(session, ref, ITEMS, commits=False)
                await asyncio.sleep(0.6)
                await session.commit()
                return ref

        seam, runs = shadowed(engine, legacy, candidate, own_traffic=True, rows=True, deadline_ms=300)
        await seam("r1")
        return runs[-1]

    run, _ = run_of(kind, tmp_path, scene, own_traffic=True)
    assert run.verdict == "failed", run.divergences
    assert "the time for a copy of the database is up" in str(run.reason)


@pytest.mark.parametrize("kind", DRIVERS)
def test_statements_of_the_own_traffic_match_on_the_tape(kind: str, tmp_path: Path) -> None:
    async def scene(engine: Any) -> Any:
        async def legacy(db: Any, ref: str) -> str:
            return await by_orm(db, ref, ITEMS)

        seam, runs = shadowed(engine, legacy, by_orm_again, own_traffic=True)
        async with async_sessionmaker(engine, expire_on_commit=False)() as session:
            await seam(session, "r1")
        return runs[-1]

    run, shop = run_of(kind, tmp_path, scene, own_traffic=True)
    assert run.verdict == "match", run.reason or run.divergences
    assert shop["lines"] == ITEMS


@pytest.mark.parametrize("levels", [2, 3, 4])
@pytest.mark.parametrize("kind", DRIVERS)
def test_many_rows_by_one_flush_are_the_same_in_seams_inside_of_one_another(
    kind: str, levels: int, tmp_path: Path
) -> None:
    async def scene(engine: Any) -> Any:
        runs: list[Run] = []
        migration = Migration(environment={}, sink=runs.append)
        migration.use("sqlalchemy", engine)

        def handing_on(number: int, inner: Any) -> Any:
            async def legacy(db: Any, ref: str) -> str:
                found: str = await inner(db, ref)
                return found

            async def candidate(db: Any, ref: str) -> str:
                return await legacy(db, ref)

            return migration.seam(f"level-{number}", legacy=legacy, candidate=candidate)

        path: Any = by_orm_again
        for number in range(levels):
            path = handing_on(number, path)
        async with async_sessionmaker(engine, expire_on_commit=False)() as session:
            with as_under_a_test():
                assert await path(session, "r1") == "r1"
        return runs

    runs, shop = run_of(kind, tmp_path, scene)
    assert [str(run.verdict) for run in runs] == ["match"] * levels, [run.reason for run in runs]
    assert shop["lines"] == ITEMS


async def by_orm_again(db: Any, ref: str) -> str:
    return await by_orm(db, ref, ITEMS)


@pytest.mark.parametrize("kind", DRIVERS)
def test_calls_at_once_never_differ_and_keep_their_rows(kind: str, tmp_path: Path) -> None:
    async def scene(engine: Any) -> Any:
        make = async_sessionmaker(engine, expire_on_commit=False)

        async def legacy(ref: str) -> str:
            async with make() as session:
                return await by_sql(session, ref, [])

        async def candidate(ref: str) -> str:
            async with make() as session:
                return await by_orm(session, ref, [])

        seam, runs = shadowed(engine, legacy, candidate, own_traffic=True)
        for first in range(0, 8, 4):
            await asyncio.gather(
                *(seam(f"r{number}") for number in range(first, first + 4)), return_exceptions=True
            )
        return runs

    runs, shop = run_of(kind, tmp_path, scene)
    assert {str(run.verdict) for run in runs} <= {"match", "failed"}, [run.divergences for run in runs]
    assert {ref for ref, _ in shop["orders"]} <= {"old", *(f"r{number}" for number in range(8))}
