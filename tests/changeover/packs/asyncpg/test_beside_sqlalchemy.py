"""An engine of SQLAlchemy that asks by a driver which has a pack as well: what it sends is its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.asyncpg_shop import effects, said
from tests.changeover.support.driver_tables import Tables

sa = pytest.importorskip("sqlalchemy")
asynchronous = pytest.importorskip("sqlalchemy.ext.asyncio")
INSERT = sa.text("INSERT INTO numbers VALUES (:n)")


def migrated(driver: str, engine: Any) -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("sqlalchemy", engine)
    migration.use(driver, port=driver)
    return migration, runs


def check(runs: list[Run], shop: Tables) -> None:
    assert (runs[-1].verdict, shop.numbers) == ("match", [1]), said(runs[-1])
    assert {call.name.partition(".")[0] for call in effects(runs[-1])} == {"db"}


def test_what_an_async_engine_sends_by_asyncpg_is_its_own(shop: Tables) -> None:
    address = shop.address.replace("postgresql://", "postgresql+asyncpg://", 1)
    settings = {"server_settings": {"search_path": shop.schema}}
    engine = asynchronous.create_async_engine(address, connect_args=settings)
    migration, runs = migrated("asyncpg", engine)

    async def legacy(number: int) -> None:
        async with engine.begin() as db:
            await db.execute(INSERT, {"n": number})

    async def candidate(number: int) -> None:
        await legacy(number)

    async def scene() -> None:
        await migration.seam("s", legacy=legacy, candidate=candidate)(1)
        await engine.dispose()

    asyncio.run(scene())
    check(runs, shop)


def test_what_an_engine_sends_by_psycopg_is_its_own(shop: Tables) -> None:
    address = shop.address.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = sa.create_engine(address, connect_args={"options": f"-c search_path={shop.schema}"})
    migration, runs = migrated("psycopg", engine)

    def legacy(number: int) -> None:
        with engine.begin() as db:
            db.execute(INSERT, {"n": number})

    migration.seam("s", legacy=legacy, candidate=lambda number: legacy(number))(1)
    engine.dispose()
    check(runs, shop)
