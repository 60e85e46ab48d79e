"""A seam inside of one whose rows are compared is compared by its statements."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test, contents, engine_of, open_transactions
from tests.changeover.support.nested_runs import HOW, Take, nested_runs

LEFT = text("SELECT on_hand FROM stock WHERE sku = 's1'")
TAKE = text("UPDATE stock SET on_hand = on_hand - :qty WHERE sku = 's1'")
ORDER = text("INSERT INTO orders (ref, customer, status) VALUES ('r1', 'c1', 'placed')")


@pytest.fixture(params=["memory", "file", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with engine_of(request.param, tmp_path) as made:
        yield made
        if request.param == "postgresql":
            assert open_transactions(made) == []


def takes(engine: Any, factor: int = 1) -> Take:
    """Takes articles on a connection of its own."""

    def take(qty: int) -> Any:
        with engine.begin() as db:
            before = db.execute(LEFT).scalar_one()
            db.execute(TAKE, {"qty": qty * factor})
            return before - db.execute(LEFT).scalar_one()

    return take


def place(engine: Any) -> Any:
    def path(take: Take, qty: int) -> Any:
        with sessionmaker(engine)() as session:
            session.execute(ORDER)
            session.commit()
            taken = take(qty)
            return taken, session.execute(LEFT).scalar_one()

    return path


def reasons(runs: dict[str, Run]) -> dict[str, Any]:
    return {name: run.reason or run.divergences for name, run in runs.items()}


@pytest.mark.parametrize("how", HOW, ids=str)
def test_the_same_code_matches_in_every_seam_and_acts_once(engine: Any, how: dict[str, Any]) -> None:
    answer, runs = nested_runs(
        lambda one: one.use("sqlalchemy", engine), place(engine), takes(engine), takes(engine), **how
    )
    assert {str(run.verdict) for run in runs.values()} == {"match"}, reasons(runs)
    assert answer == (2, 4)
    assert contents(engine)["stock"]["s1"] == 4
    assert contents(engine)["orders"] == [("old", "new"), ("r1", "placed")]


@pytest.mark.parametrize("how", HOW, ids=str)
def test_a_seam_inside_that_changes_another_row_differs(engine: Any, how: dict[str, Any]) -> None:
    answer, runs = nested_runs(
        lambda one: one.use("sqlalchemy", engine), place(engine), takes(engine), takes(engine, 2), **how
    )
    assert runs["stock.take"].verdict == "unsafe", runs["stock.take"].reason
    assert runs["shop.place"].verdict in ("match", "unsafe"), runs["shop.place"].reason
    assert answer == (2, 4)
    assert contents(engine)["stock"]["s1"] == 4


@pytest.mark.parametrize("how", HOW, ids=str)
def test_a_commit_of_what_the_seam_around_it_wrote_is_the_same_in_every_seam(
    engine: Any, how: dict[str, Any]
) -> None:
    sessions: list[Any] = []

    def orders(commit: Take, qty: int) -> Any:
        with sessionmaker(engine)() as session:
            sessions.append(session)
            session.execute(ORDER)
            commit(qty)
            return session.execute(LEFT).scalar_one()

    def commits(_: int) -> bool:
        sessions[-1].commit()
        return True

    answer, runs = nested_runs(
        lambda one: one.use("sqlalchemy", engine), orders, commits, lambda qty: commits(qty), **how
    )
    assert runs["shop.place"].verdict == "match", reasons(runs)
    assert {str(run.verdict) for run in runs.values()} <= {"match", "failed"}, reasons(runs)
    assert answer == 6
    assert ("r1", "placed") in contents(engine)["orders"]


def test_a_seam_inside_that_asks_no_database_is_compared(engine: Any) -> None:
    _, runs = nested_runs(
        lambda one: one.use("sqlalchemy", engine), place(engine), lambda qty: qty, lambda qty: qty + 1
    )
    assert runs["stock.take"].verdict == "diverged"


def test_a_session_that_is_handed_on_is_used_in_both_seams(engine: Any) -> None:
    runs: list[Run] = []
    migration = Migration(environment={}, sink=runs.append)
    migration.use("sqlalchemy", engine)

    def take(session: Any, qty: int) -> Any:
        session.execute(TAKE, {"qty": qty})
        return session.execute(LEFT).scalar_one()

    inner = migration.seam("stock.take", legacy=take, candidate=lambda session, qty: take(session, qty))

    def path(qty: int) -> Any:
        with sessionmaker(engine)() as session:
            session.execute(ORDER)
            left = inner(session, qty)
            session.commit()
            return left

    outer = migration.seam("shop.place", legacy=path, candidate=lambda qty: path(qty))
    with as_under_a_test():
        outer(2)
    assert [str(run.verdict) for run in runs] == ["match", "match"], [run.reason for run in runs]
    assert contents(engine)["stock"]["s1"] == 4


def test_seams_of_an_async_engine_match_one_inside_the_other(tmp_path: Path) -> None:
    pytest.importorskip("aiosqlite")
    from sqlalchemy.ext.asyncio import create_async_engine

    with engine_of("file", tmp_path) as made:
        runs: list[Run] = []
        migration = Migration(environment={}, sink=runs.append)
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
        migration.use("sqlalchemy", engine)

        async def take(qty: int) -> Any:
            async with engine.begin() as db:
                await db.execute(TAKE, {"qty": qty})
                return (await db.execute(LEFT)).scalar_one()

        async def take_again(qty: int) -> Any:
            return await take(qty)

        inner = migration.seam("stock.take", legacy=take, candidate=take_again)

        async def path(qty: int) -> Any:
            async with engine.begin() as db:
                await db.execute(ORDER)
            return await inner(qty)

        async def path_again(qty: int) -> Any:
            return await path(qty)

        outer = migration.seam("shop.place", legacy=path, candidate=path_again)

        async def program() -> None:
            with as_under_a_test():
                await outer(2)
            await engine.dispose()

        asyncio.run(program())
        assert [str(run.verdict) for run in runs] == ["match", "match"], [run.reason for run in runs]
        assert contents(made)["stock"]["s1"] == 4
