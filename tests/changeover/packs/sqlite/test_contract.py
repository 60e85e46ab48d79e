"""What every pack has to hold: of `sqlite3` with statements on the tape."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from changeover import Migration
from tests.changeover.packs.pack_contract import PackContract


class TestStatements(PackContract):
    """A table to which paths add numbers."""

    failure = sqlite3.OperationalError

    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.path = str(Path(self.folder.name) / "numbers.db")
        Migration(environment={}).use("sqlite3")
        self.db = sqlite3.connect(self.path, check_same_thread=False)
        self.db.execute("CREATE TABLE numbers (n INTEGER)")

    def end(self) -> None:
        self.db.close()
        self.folder.cleanup()

    def use(self, migration: Migration) -> None:
        migration.use("sqlite3")

    def read(self) -> Any:
        return self.db.execute("SELECT 41 + 1").fetchone()[0]

    def act(self, number: int) -> Any:
        with closing(sqlite3.connect(self.path)) as db, db:
            return db.execute("INSERT INTO numbers VALUES (?)", (number,)).rowcount

    def fail(self) -> Any:
        return self.db.execute("SELECT * FROM no_such_table").fetchall()

    def acts(self) -> int:
        with closing(sqlite3.Connection(self.path)) as db:
            return int(db.execute("SELECT count(*) FROM numbers").fetchone()[0])
