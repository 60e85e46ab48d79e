"""A store in one SQLite file. The only place of the toolkit that imports sqlite3."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from changeover.evidence.store.connection import Types
from changeover.evidence.store.place import StoreProblem
from changeover.evidence.store.schema import SCHEMA_VERSION, make_tables
from changeover.values.atomic_file import OWNER_ONLY
from changeover.values.private_folder import keep_others_out, make_state_folder

TIMEOUT_S = 1.0
TYPES = Types("INTEGER", "TEXT", "INTEGER", "REAL", "BLOB")
_TROUBLES = (sqlite3.Error, OSError, ValueError, OverflowError)


class SqliteConnection(sqlite3.Connection):
    """One transaction on a file."""

    def batches(
        self, query: str, values: Sequence[object] = (), most: int = 1_000
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of one question, at most so many at once."""
        cursor = self.execute(query, tuple(values))
        while rows := cursor.fetchmany(most):
            yield rows

    def used_bytes(self, *, exact: bool = False) -> int:
        """Without the free pages of the file."""
        pages, free, size = (
            self.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)


@contextmanager
def writing(path: Path, timeout_s: float) -> Iterator[SqliteConnection]:
    """One transaction on today's tables: all of it is kept or nothing. Raises StoreProblem."""
    with _troubles_of(path):
        _make_private(path)
        with closing(SqliteConnection(path, timeout=timeout_s, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("BEGIN IMMEDIATE")
            try:
                _bring_to_today(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise


def _make_private(path: Path) -> None:
    """The store holds arguments and answers of production: its owner alone reads it.

    SQLite gives the files beside it the mode of the store.
    """
    make_state_folder(path.parent)
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
    except FileExistsError:
        for suffix in ("", "-journal", "-wal", "-shm"):
            keep_others_out(path.with_name(path.name + suffix))


@contextmanager
def reading(path: Path) -> Iterator[SqliteConnection]:
    """One look at a store that exists, brought to today's tables where it is older. Raises StoreProblem."""
    with _troubles_of(path):
        with closing(_opened(path)) as connection:
            is_older = _version_of(connection) < SCHEMA_VERSION
        if is_older:
            with writing(path, TIMEOUT_S):
                pass
        with closing(_opened(path)) as connection:
            yield connection


def rows_at_once(path: Path, query: str, values: Sequence[object], wait_s: float) -> list[tuple[Any, ...]]:
    """The rows of one question to a file as it is: no table is brought to today. Raises StoreProblem."""
    with _troubles_of(path):
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, timeout=wait_s, uri=True)) as connection:
            return connection.execute(query, tuple(values)).fetchall()


def compact(path: Path) -> None:
    """Give the space of what was forgotten back; raises StoreProblem."""
    with (
        _troubles_of(path),
        closing(sqlite3.Connection(path, timeout=TIMEOUT_S, isolation_level=None)) as connection,
    ):
        connection.execute("VACUUM")


def copied(path: Path, target: Path) -> None:
    """A sound copy of a store, on today's tables; raises StoreProblem where it cannot be read in full."""
    try:
        with (
            _troubles_of(path),
            closing(_opened(path)) as source,
            closing(sqlite3.Connection(target)) as made,
        ):
            source.backup(made)
            ((sound,), *_) = made.execute("PRAGMA quick_check(1)").fetchall()
            if sound != "ok":
                raise sqlite3.DatabaseError(sound)
            if _version_of(made) == 0:
                raise sqlite3.DatabaseError("it is no store of evidence")
        with writing(target, TIMEOUT_S):
            pass
    except StoreProblem as problem:
        raise StoreProblem(path, problem.why) from problem


@contextmanager
def _troubles_of(path: Path) -> Iterator[None]:
    """Whatever is wrong with the file is a problem of this store."""
    try:
        yield
    except _TROUBLES as error:
        raise StoreProblem(path, error) from error


def _opened(path: Path) -> SqliteConnection:
    """For reading; where a writer died in the middle, what it began has to be undone first, by writing."""
    place = path.resolve().as_uri()
    try:
        return _connected(f"{place}?mode=ro")
    except sqlite3.OperationalError:
        return _connected(f"{place}?mode=rw")


def _connected(uri: str) -> SqliteConnection:
    connection = SqliteConnection(uri, uri=True, timeout=TIMEOUT_S)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_to_today(connection: SqliteConnection) -> None:
    version = _version_of(connection)
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        raise sqlite3.DatabaseError("it is a database of something else")
    if version < SCHEMA_VERSION:
        make_tables(connection, version, TYPES)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _version_of(connection: sqlite3.Connection) -> int:
    """0 for a file without tables; raises DatabaseError for a version that is newer than this program."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        newer = f"it has version {version}, this program knows {SCHEMA_VERSION}: a newer changeover wrote it"
        raise sqlite3.DatabaseError(newer)
    return version
