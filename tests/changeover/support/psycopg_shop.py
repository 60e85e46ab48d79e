"""Paths that are given a connection of psycopg, which was open before the pack was in use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from changeover import Migration, Run
from tests.changeover.support.driver_tables import Tables, tables

Path = Callable[..., Any]


@pytest.fixture
def shop() -> Iterator[Tables]:
    """Tables that nobody else has."""
    with tables() as made:
        yield made


def run_of(
    shop: Tables,
    legacy: Path,
    candidate: Path,
    *,
    stage: str = "shadow",
    before: Path = lambda db: None,
    **options: Any,
) -> Any:
    """What the caller got, an error too, and the run; the caller acts before, and commits what is open."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, sink=runs.append)
    with psycopg.connect(shop.in_schema, **options) as db:
        migration.use("psycopg")
        seam = migration.seam("s", legacy=legacy, candidate=candidate)
        before(db)
        try:
            answer = seam(db)
        except Exception as error:  # noqa: BLE001  handed back
            answer = error
        if not db.closed and db.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
            db.rollback()
    return answer, runs[-1]


def same(shop: Tables, path: Path, **options: Any) -> Any:
    """The same with the same path on both sides, written twice."""
    return run_of(shop, path, lambda db: path(db), **options)


def same_awaited(shop: Tables, path: Path, **options: Any) -> Any:
    """The same for a path that is awaited."""
    runs: list[Run] = []

    async def candidate(db: Any) -> Any:
        return await path(db)

    async def scene() -> Any:
        async with await psycopg.AsyncConnection.connect(shop.in_schema, **options) as db:
            migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
            migration.use("psycopg")
            return await migration.seam("s", legacy=path, candidate=candidate)(db)

    answer = asyncio.run(scene())
    return answer, runs[-1]
