"""A program with two databases: each engine is a port of its own, and both are compared."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.errors import DeclarationError
from tests.changeover.support.alchemy_shop import as_under_a_test

sa = pytest.importorskip("sqlalchemy")
Session = pytest.importorskip("sqlalchemy.orm").Session


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    made = tuple(sa.create_engine(f"sqlite:///{tmp_path / name}.db") for name in ("shop", "audit"))
    for engine in made:
        with engine.begin() as opened:
            opened.execute(sa.text("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)"))
    yield made
    for engine in made:
        engine.dispose()


def note(engine: Any, text: str) -> None:
    with engine.begin() as opened:
        opened.execute(sa.text("INSERT INTO notes (text) VALUES (:text)"), {"text": text})


def notes(engine: Any) -> list[str]:
    with engine.connect() as opened:
        return [str(one) for one in opened.execute(sa.text("SELECT text FROM notes ORDER BY id")).scalars()]


def using(engines: tuple[Any, Any], runs: list[Run]) -> Migration:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("sqlalchemy", engines[0])
    migration.use("sqlalchemy", engines[1], port="audit")
    return migration


@pytest.mark.parametrize("kind", ["rows", "tape"])
@pytest.mark.parametrize(
    ("shop", "audit", "places"),
    [
        ("a", "b", []),
        ("x", "b", ["effects.db."]),
        ("a", "x", ["effects.audit."]),
        ("x", "x", ["effects.audit.", "effects.db."]),
    ],
)
def test_each_is_compared_at_its_own_port_and_changed_once(
    engines: tuple[Any, Any], kind: str, shop: str, audit: str, places: list[str]
) -> None:
    runs: list[Run] = []

    def path(first: str, second: str) -> None:
        note(engines[0], first)
        with engines[1].connect() as opened:
            opened.execute(sa.text("SELECT count(*) FROM notes")).scalar_one()
        note(engines[1], second)

    seam = using(engines, runs).seam(
        "s", legacy=lambda _: path("a", "b"), candidate=lambda _: path(shop, audit)
    )
    with as_under_a_test() if kind == "rows" else nullcontext():
        seam(1)
    assert (notes(engines[0]), notes(engines[1])) == (["a"], ["b"])
    assert runs[0].verdict == ("unsafe" if places else "match"), runs[0].reason or runs[0].divergences
    assert sorted({".".join(one.place.split(".")[:2]) + "." for one in runs[0].divergences}) == places


def test_sessions_of_both_are_exchanged_and_the_caller_commits(engines: tuple[Any, Any]) -> None:
    runs: list[Run] = []

    def path(shop: Any, audit: Any, text: str) -> None:
        shop.execute(sa.text("INSERT INTO notes (text) VALUES ('shop')"))
        audit.execute(sa.text("INSERT INTO notes (text) VALUES (:text)"), {"text": text})

    migration = using(engines, runs)
    seam = migration.seam("s", legacy=path, candidate=lambda shop, audit, text: path(shop, audit, f"{text}!"))
    with as_under_a_test(), Session(engines[0]) as shop, Session(engines[1]) as audit:
        seam(shop, audit, "ok")
        shop.commit()
        audit.commit()
    assert (notes(engines[0]), notes(engines[1])) == (["shop"], ["ok"])
    assert [one.place for one in runs[0].divergences] == ["effects.audit.insert[notes/#1].columns.text"]


def test_two_async_engines_are_two_ports(tmp_path: Path) -> None:
    pytest.importorskip("aiosqlite")
    from sqlalchemy.ext.asyncio import create_async_engine

    made = [create_async_engine(f"sqlite+aiosqlite:///{tmp_path / name}.db") for name in ("shop", "audit")]
    runs: list[Run] = []

    async def path(text: str) -> None:
        for engine in made:
            async with engine.begin() as opened:
                await opened.execute(sa.text("INSERT INTO notes (text) VALUES (:text)"), {"text": text})
            text += "!"

    async def changed(text: str, _: str) -> None:
        await path(text)

    async def work() -> None:
        for engine in made:
            async with engine.begin() as opened:
                await opened.execute(sa.text("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)"))
        with as_under_a_test():
            for text in ("a", "b"):
                seam = using((made[0], made[1]), runs).seam(
                    "s", legacy=path, candidate=partial(changed, text)
                )
                await seam("a")
        for engine in made:
            async with engine.connect() as opened:
                found = (await opened.execute(sa.text("SELECT count(*) FROM notes"))).scalar_one()
                assert found == 2
            await engine.dispose()

    asyncio.run(work())
    assert runs[0].verdict == "match", runs[0].reason or runs[0].divergences
    assert {one.place.split(".")[1] for one in runs[1].divergences} == {"db", "audit"}


def test_an_engine_of_another_migration_is_none_of_this_one(engines: tuple[Any, Any]) -> None:
    runs: list[Run] = []
    Migration().use("sqlalchemy", engines[1])
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("sqlalchemy", engines[0])
    migration.seam("s", legacy=lambda _: note(engines[0], "a"), candidate=lambda _: note(engines[1], "a"))(1)
    if runs[0].verdict != "unsafe":  # as where the pool is empty: a new connection is refused in any case
        assert runs[0].verdict == "failed"
        assert "an engine was used that another migration covers" in (runs[0].reason or "")
    assert notes(engines[1]) == []


def test_what_is_declared_twice_is_refused(engines: tuple[Any, Any]) -> None:
    migration = Migration()
    migration.use("sqlalchemy", engines[0])
    with pytest.raises(DeclarationError, match="this engine is in use already"):
        migration.use("sqlalchemy", engines[0], port="other")
    with pytest.raises(DeclarationError, match='there is a port "db" already'):
        migration.use("sqlalchemy", engines[1])
    migration.use("sqlalchemy", engines[1], port="audit")
    assert sorted(migration.book.packs) == ["sqlalchemy", "sqlalchemy:audit"]
