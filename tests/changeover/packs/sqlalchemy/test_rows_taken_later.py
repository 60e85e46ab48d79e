"""A path under a loop that takes the rows of an answer after it has waited for it, as SQLAlchemy lets it."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test

pytest.importorskip("aiosqlite")

TAKING: dict[str, Any] = {
    "scalar_one": lambda found: found.scalar_one(),
    "one": lambda found: tuple(found.one()),
    "all": lambda found: [tuple(row) for row in found.all()],
    "iteration": lambda found: [tuple(row) for row in found],
    "fetchmany": lambda found: [tuple(row) for row in found.fetchmany(2)],
    "mappings": lambda found: dict(found.mappings().one()),
}


@pytest.mark.parametrize("as_in", ["a test", "traffic"])
@pytest.mark.parametrize("take", sorted(TAKING))
def test_rows_that_are_taken_after_the_answer_are_there_for_both_paths(
    tmp_path: Path, take: str, as_in: str
) -> None:
    """Rows are compared in a test, statements in traffic."""

    async def run() -> Run:
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT)"))
        runs: list[Run] = []
        environment = {} if as_in == "a test" else {"CHANGEOVER_STAGE_S": "shadow"}
        migration = Migration(environment=environment, sink=runs.append)
        migration.use("sqlalchemy", engine)

        async def path(item: str) -> Any:
            async with engine.begin() as connection:
                statement = text("INSERT INTO orders (item) VALUES (:item) RETURNING id, item")
                found = await connection.execute(statement, {"item": item})
                return TAKING[take](found)

        async def same(item: str) -> Any:
            return await path(item)

        seam = migration.seam("s", legacy=path, candidate=same)
        with as_under_a_test() if as_in == "a test" else nullcontext():
            await seam("lamp")
        await engine.dispose()
        return runs[-1]

    found = asyncio.run(run())
    assert found.verdict == "match", found.divergences or found.reason
