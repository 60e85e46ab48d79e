"""What every pack has to hold, of connections and pools of asyncpg."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

import asyncpg

from changeover import Migration
from changeover.packs.host import outside
from tests.changeover.packs.pack_contract import PackContract
from tests.changeover.support.driver_tables import tables


class AsyncpgContract(PackContract):
    """A table to which paths add numbers."""

    failure = asyncpg.UndefinedTableError

    def begin(self) -> None:
        self.stack = ExitStack()
        self.tables = self.stack.enter_context(tables())
        self.settings = {"server_settings": {"search_path": self.tables.schema}}

    def end(self) -> None:
        self.stack.close()

    def use(self, migration: Migration) -> None:
        migration.use("asyncpg")

    def acts(self) -> int:
        with outside():
            return len(self.tables.numbers)

    async def with_connection(self, use: Any) -> Any:
        """What `use` gives with a connection."""
        raise NotImplementedError

    def read(self) -> Any:
        return asyncio.run(self.read_async())

    def act(self, number: int) -> Any:
        return asyncio.run(self.act_async(number))

    def fail(self) -> Any:
        return asyncio.run(self.with_connection(lambda db: db.fetch("SELECT * FROM no_such_table")))

    async def read_async(self) -> Any:
        return await self.with_connection(lambda db: db.fetchval("SELECT 41 + $1::int", 1))

    async def act_async(self, number: int) -> Any:
        return await self.with_connection(lambda db: db.execute("INSERT INTO numbers VALUES ($1)", number))


class TestConnection(AsyncpgContract):
    """A connection that a path opens."""

    async def with_connection(self, use: Any) -> Any:
        db = await asyncpg.connect(self.tables.address, **self.settings)
        try:
            return await use(db)
        finally:
            await db.close()


class TestPool(AsyncpgContract):
    """A pool that a path opens, and whose connections it takes."""

    async def with_connection(self, use: Any) -> Any:
        async with (
            asyncpg.create_pool(self.tables.address, min_size=1, max_size=1, **self.settings) as pool,
            pool.acquire() as db,
        ):
            return await use(db)


class TestPoolItself(AsyncpgContract):
    """The functions of a pool, which takes a connection for each."""

    async def with_connection(self, use: Any) -> Any:
        pool = await asyncpg.create_pool(self.tables.address, min_size=0, max_size=1, **self.settings)
        try:
            return await use(pool)
        finally:
            await pool.close()


class TestTransaction(AsyncpgContract):
    """Each act is a transaction of its own."""

    async def with_connection(self, use: Any) -> Any:
        db = await asyncpg.connect(self.tables.address, **self.settings)
        try:
            async with db.transaction():
                return await use(db)
        finally:
            await db.close()
