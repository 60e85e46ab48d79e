"""What every pack has to hold, of statements on the tape."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import text
from sqlalchemy.pool import StaticPool

from changeover import Migration
from tests.changeover.packs.pack_contract import PackContract


class TestStatements(PackContract):
    """A table in memory, to which paths add numbers."""

    failure = sa.exc.OperationalError

    def begin(self) -> None:
        thread = {"check_same_thread": False}
        self.engine = sa.create_engine("sqlite://", poolclass=StaticPool, connect_args=thread)
        with self.engine.begin() as db:
            db.execute(text("CREATE TABLE numbers (n INTEGER)"))

    def end(self) -> None:
        self.engine.dispose()

    def use(self, migration: Migration) -> None:
        migration.use("sqlalchemy", self.engine)

    def read(self) -> Any:
        with self.engine.connect() as db:
            return db.execute(text("SELECT 41 + 1 AS n")).scalar_one()

    def act(self, number: int) -> Any:
        with self.engine.begin() as db:
            return db.execute(text("INSERT INTO numbers VALUES (:n)"), {"n": number}).rowcount

    def fail(self) -> Any:
        with self.engine.connect() as db:
            return db.execute(text("SELECT * FROM no_such_table")).all()

    def acts(self) -> int:
        with self.engine.connect() as db:
            found: int = db.execute(text("SELECT count(*) FROM numbers")).scalar_one()
            return found
