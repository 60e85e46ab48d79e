"""What every pack has to hold, of connections of psycopg."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import Any

import psycopg

from changeover import Migration
from changeover.packs.host import outside
from tests.changeover.packs.pack_contract import PackContract
from tests.changeover.support.driver_tables import tables


class PsycopgContract(PackContract):
    """A table to which paths add numbers."""

    failure = psycopg.errors.UndefinedTable

    def begin(self) -> None:
        self.stack = ExitStack()
        self.tables = self.stack.enter_context(tables())

    def end(self) -> None:
        self.stack.close()

    def use(self, migration: Migration) -> None:
        migration.use("psycopg")

    def acts(self) -> int:
        with outside():
            return len(self.tables.numbers)

    async def read_async(self) -> Any:
        async with await psycopg.AsyncConnection.connect(self.tables.in_schema) as db:
            found = await db.execute("SELECT 41 + %s", [1])
            return (await found.fetchone())[0]  # type: ignore[index]

    async def act_async(self, number: int) -> Any:
        async with await psycopg.AsyncConnection.connect(self.tables.in_schema) as db:
            return (await db.execute("INSERT INTO numbers VALUES (%s)", [number])).rowcount


class TestConnection(PsycopgContract):
    """A connection that a path opens, and that commits as its block ends."""

    def read(self) -> Any:
        with psycopg.connect(self.tables.in_schema) as db:
            return db.execute("SELECT 41 + %s", [1]).fetchone()

    def act(self, number: int) -> Any:
        with psycopg.connect(self.tables.in_schema) as db:
            return db.execute("INSERT INTO numbers VALUES (%s)", [number]).rowcount

    def fail(self) -> Any:
        with psycopg.connect(self.tables.in_schema) as db:
            return db.execute("SELECT * FROM no_such_table")


class TestOpenConnection(PsycopgContract):
    """One that is open before any run, in autocommit, of which paths take cursors."""

    def begin(self) -> None:
        super().begin()
        self.db = self.stack.enter_context(psycopg.connect(self.tables.in_schema, autocommit=True))

    def read(self) -> Any:
        with self.db.cursor() as cursor:
            return cursor.execute("SELECT 41 + %(n)s AS n", {"n": 1}).fetchall()

    def act(self, number: int) -> Any:
        with self.db.transaction(), self.db.cursor() as cursor:
            return cursor.execute("INSERT INTO numbers VALUES (%s)", [number]).statusmessage

    def fail(self) -> Any:
        return self.db.execute("SELECT * FROM no_such_table")


class TestAwaitedConnection(PsycopgContract):
    """One that a path opens and awaits."""

    def read(self) -> Any:
        return asyncio.run(self.read_async())

    def act(self, number: int) -> Any:
        return asyncio.run(self.act_async(number))

    def fail(self) -> Any:
        async def failing() -> Any:
            async with await psycopg.AsyncConnection.connect(self.tables.in_schema) as db:
                return await db.execute("SELECT * FROM no_such_table")

        return asyncio.run(failing())
