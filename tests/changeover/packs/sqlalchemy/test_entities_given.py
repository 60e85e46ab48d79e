"""An entity that a path is given is with the session that it is given: in a replay too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import (
    Line,
    Order,
    as_under_a_test,
    contents,
    engine_of,
    open_transactions,
    shadowed,
)

LINE = text("INSERT INTO lines (order_id, sku, qty) SELECT id, 's1', 2 FROM orders WHERE ref = 'old'")


@pytest.fixture(params=["memory", "file", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with engine_of(request.param, tmp_path) as made:
        with made.begin() as db:
            db.execute(LINE)
        yield made
        if request.param == "postgresql":
            assert open_transactions(made) == []


def the_order(session: Any) -> Any:
    return session.execute(select(Order).where(Order.ref == "old")).scalar_one()  # type: ignore[attr-defined]


def set_status(session: Any, order: Any) -> Any:
    order.status = "paid"
    session.commit()
    return order.status


def leave_to_the_caller(session: Any, order: Any) -> Any:
    order.status = "paid"
    session.flush()


def load(session: Any, order: Any) -> Any:
    return [(line.sku, line.qty) for line in order.lines]


def add_line(session: Any, order: Any) -> Any:
    order.lines.append(Line(sku="s2", qty=1))
    session.commit()
    return len(order.lines)


def remove_line(session: Any, order: Any) -> Any:
    session.delete(order.lines[0])
    session.commit()
    return len(order.lines)


def ask_for_it(session: Any, order: Any) -> Any:
    return session.get(Order, order.id) is order, order in session


PATHS = pytest.mark.parametrize(
    "path", [set_status, leave_to_the_caller, load, add_line, remove_line, ask_for_it]
)
LOADED = pytest.mark.parametrize("loaded", [False, True])
OWN_TRAFFIC = pytest.mark.parametrize("own_traffic", [False, True])


def run_of(engine: Any, path: Callable[..., Any], candidate: Callable[..., Any], **how: Any) -> Run:
    loaded, before = how.pop("loaded", False), how.pop("before", lambda session, order: None)
    seam, runs = shadowed(engine, path, candidate, **how)
    with sessionmaker(engine)() as session:
        order = the_order(session)
        assert not loaded or len(order.lines) == 1
        before(session, order)
        seam(session, order)
        session.commit()
    run: Run = runs[-1]
    return run


@PATHS
@LOADED
@OWN_TRAFFIC
def test_a_path_works_with_an_entity_and_its_session(
    engine: Any, path: Any, loaded: bool, own_traffic: bool
) -> None:
    run = run_of(engine, path, lambda *given: path(*given), loaded=loaded, own_traffic=own_traffic)
    assert run.verdict == "match", run.reason or run.divergences


@PATHS
@OWN_TRAFFIC
def test_it_is_the_same_where_both_are_given_by_name(engine: Any, path: Any, own_traffic: bool) -> None:
    def by_name(*, session: Any, order: Any) -> Any:
        session.add(order)
        return path(session, order)

    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_SHOP_PAY": "shadow"}
    migration = Migration(environment=environment if own_traffic else {}, sink=runs.append)
    migration.use("sqlalchemy", engine)
    seam = migration.seam("shop.pay", legacy=by_name, candidate=lambda **given: by_name(**given))
    with sessionmaker(engine)() as session, nullcontext() if own_traffic else as_under_a_test():
        seam(order=the_order(session), session=session)
        session.commit()
    assert runs[-1].verdict == "match", runs[-1].reason or runs[-1].divergences


@OWN_TRAFFIC
def test_another_value_that_is_set_differs_and_is_not_kept(engine: Any, own_traffic: bool) -> None:
    def set_other(session: Any, order: Any) -> Any:
        order.status = "sent"
        session.commit()
        return "paid"

    run = run_of(engine, set_status, set_other, own_traffic=own_traffic)
    assert run.verdict == "unsafe", run.reason
    assert ("old", "paid") in contents(engine)["orders"]


@OWN_TRAFFIC
def test_an_entity_without_its_session_loads_what_it_leads_to(engine: Any, own_traffic: bool) -> None:
    seam, runs = shadowed(
        engine, lambda order: load(None, order), lambda order: load(None, order), own_traffic=own_traffic
    )
    with sessionmaker(engine)() as session:
        seam(the_order(session))
    assert runs[-1].verdict == "match", runs[-1].reason or runs[-1].divergences


@OWN_TRAFFIC
def test_an_object_with_a_session_and_an_entity_is_one_world(engine: Any, own_traffic: bool) -> None:
    class Desk:
        def __init__(self, session: Any, order: Any) -> None:
            self.session, self.order = session, order

        def pay(self) -> Any:
            return set_status(self.session, self.order)

    seam, runs = shadowed(
        engine, lambda desk: desk.pay(), lambda desk: Desk.pay(desk), own_traffic=own_traffic
    )
    with sessionmaker(engine)() as session:
        seam(Desk(session, the_order(session)))
    assert runs[-1].verdict == "match", runs[-1].reason or runs[-1].divergences


@pytest.mark.parametrize(
    "before",
    [
        lambda session, order: setattr(order, "status", "changed"),
        lambda session, order: session.add(Order(ref="n1", customer="c1", status="new")),
        lambda session, order: session.delete(order),
    ],
)
@OWN_TRAFFIC
def test_what_was_not_flushed_before_the_path_is_no_false_difference(
    engine: Any, before: Any, own_traffic: bool
) -> None:
    def only_commits(session: Session, order: Any) -> None:
        session.commit()

    run = run_of(
        engine,
        only_commits,
        lambda *given: only_commits(*given),
        before=before,
        own_traffic=own_traffic,
    )
    assert run.verdict == "failed", run.divergences
    assert "unflushed" in (run.reason or "")


def test_entities_of_an_async_session_are_with_that_of_the_replay(tmp_path: Path) -> None:
    pytest.importorskip("aiosqlite")
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    with engine_of("file", tmp_path) as made:
        runs: list[Run] = []
        migration = Migration(environment={}, sink=runs.append)
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
        migration.use("sqlalchemy", engine)

        async def pay(session: Any, order: Any) -> Any:
            order.status = "paid"
            await session.commit()
            await session.refresh(order)
            return order.status

        async def pay_again(session: Any, order: Any) -> Any:
            return await pay(session, order)

        seam = migration.seam("shop.pay", legacy=pay, candidate=pay_again)

        async def program() -> None:
            async with AsyncSession(engine) as session:
                wanted = select(Order).where(Order.ref == "old")  # type: ignore[attr-defined]
                order = (await session.execute(wanted)).scalar_one()
                with as_under_a_test():
                    await seam(session, order)
            await engine.dispose()

        asyncio.run(program())
        assert runs[-1].verdict == "match", runs[-1].reason or runs[-1].divergences
        assert ("old", "paid") in contents(made)["orders"]
