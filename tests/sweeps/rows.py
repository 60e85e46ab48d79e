"""Random transactions are captured and turned back without one wrong row, and the real rows never change."""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from random import Random
from typing import Any, TextIO
from uuid import uuid4

import psycopg

from changeover.packs.database.postgres_copy import PostgresCopy
from changeover.packs.database.postgres_recording import PostgresRecording
from changeover.packs.database.postgres_tables import KnownTables
from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.row_change import NotComparable
from changeover.packs.database.sqlite_capture import SqliteCapture
from changeover.packs.database.sqlite_copy import SqliteCopy
from changeover.packs.database.sqlite_recording import SqliteRecording
from tests.changeover.support.shop_rows import changed, dump, fill, schema, transact
from tests.changeover.support.stores import SERVER, sql, why_no_server

DEADLINE_S = 60.0
SHOWN_MAX = 20
RENEWED_EVERY = 200
TOLD_EVERY = 500
UNSEEN = "in a schema with triggers"


class SqliteShop:
    """The shop in memory, on one connection."""

    def __init__(self, *, triggers: bool) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute("PRAGMA foreign_keys=ON")
        self.connection.executescript(schema(postgres=False, triggers=triggers))
        fill(self.connection, postgres=False)
        self._capture = SqliteCapture(self.connection)

    def record(self, random: Random, *, pending: bool) -> RecordedRows:
        """Run a transaction as the path that answers."""
        recording = SqliteRecording(lambda connection: self._capture)
        recording.before_statement(self.connection, "BEGIN")
        self.connection.execute("BEGIN")
        heard = partial(recording.before_statement, self.connection)
        heard("SELECT")
        transact(self.connection, random, postgres=False, before=heard)
        if not pending:
            recording.before_commit(self.connection)
            self.connection.execute("COMMIT")
        return recording.finish()

    def check(self, statement: str) -> None:
        """Whether what a statement changes in a copy is seen."""
        self._capture.check_statement(statement)

    @contextmanager
    def copy(self, recorded: RecordedRows) -> Iterator[Any]:
        """The database as it was."""
        copy = SqliteCopy(self.connection, self._capture, recorded, DEADLINE_S)
        try:
            yield copy
        finally:
            copy.close()

    def end(self) -> None:
        """The caller rolls back what is pending."""
        if self.connection.in_transaction:
            self.connection.rollback()

    def close(self) -> None:
        """Nothing is left."""
        self.connection.close()


class PostgresShop:
    """The shop in a schema of its own."""

    def __init__(self, *, triggers: bool) -> None:
        self._name = f"rows_{uuid4().hex}"
        self._known: KnownTables = {}
        sql(f'CREATE SCHEMA "{self._name}"')
        self.connection = self.connect()
        for statement in schema(postgres=True, triggers=triggers).split(";\n"):
            if statement.strip():
                self.connection.execute(statement.encode())
        fill(self.connection, postgres=True)
        self.connection.commit()

    def connect(self, *, autocommit: bool = False) -> Any:
        """A connection of the shop."""
        options = f"-c search_path={self._name}"
        return psycopg.connect(SERVER, options=options, autocommit=autocommit, application_name=self._name)

    def _side(self) -> Any:
        return self.connect(autocommit=True)

    def record(self, random: Random, *, pending: bool) -> RecordedRows:
        """Run a transaction as the path that answers."""
        recording = PostgresRecording(lambda: closing(self._side()), "format", self._known)
        recording.before_statement(self.connection, "UPDATE")
        transact(self.connection, random, postgres=True)
        if not pending:
            recording.before_commit(self.connection)
            self.connection.commit()
            recording.after_commit(self.connection)
        return recording.finish()

    def check(self, statement: str) -> None:
        """Every statement is seen."""

    @contextmanager
    def copy(self, recorded: RecordedRows) -> Iterator[Any]:
        """The database as it was."""
        inside = recorded.pending is not None
        connection = self.connection if inside else self.connect()
        with closing(self._side()) as side:
            copy = PostgresCopy(connection, side, "format", self._known, recorded, DEADLINE_S, inside=inside)
            try:
                yield copy
            finally:
                copy.close()
                if not inside:
                    connection.close()

    def end(self) -> None:
        """The caller rolls back what is pending; nobody else has a transaction or a lock left."""
        self.connection.rollback()

    def left(self) -> list[tuple[Any, ...]]:
        """What connections of the shop still have open, beside its own."""
        return sql(
            "SELECT state, query FROM pg_stat_activity "
            f"WHERE application_name = '{self._name}' AND state <> 'idle'"
        )

    def close(self) -> None:
        """Nothing is left."""
        self.connection.close()
        sql(f'DROP SCHEMA "{self._name}" CASCADE')


def problems_of(shop: Any, seed: int, *, postgres: bool, pending: bool) -> list[str]:
    """One transaction recorded and turned back, another one in the copy; what went wrong."""
    random, found = Random(seed), []
    real = shop.connection
    before = dump(real)
    recorded = shop.record(random, pending=pending)
    after = dump(real)
    if recorded.problems:
        shop.end()
        return [] if UNSEEN in recorded.problems[0] else recorded.problems
    if _places(recorded) != changed(before, after):
        found.append("captured other rows than those that changed")
    try:
        with shop.copy(recorded) as copy:
            copied = copy.begin()
            if wrong := changed(before, dump(copied)):
                found.append(f"not turned back: {sorted(wrong, key=repr)[:3]}")
            transact(copied, random, postgres=postgres, before=shop.check)
            kept = dump(copied)
            seen = copy.finish(keep_open=True)
            if _places(seen) != changed(before, kept):
                found.append("captured other rows of the copy than those that changed in it")
    except NotComparable as problem:
        found += [] if UNSEEN in str(problem) else [str(problem)]
    if wrong := changed(after, dump(real)):
        found.append(f"the real rows changed: {sorted(wrong, key=repr)[:3]}")
    shop.end()
    return found


def _places(recorded: RecordedRows) -> set[tuple[str, Any]]:
    return {(change.table.rpartition(".")[2], tuple(map(str, change.key))) for change in recorded.changes}


def sweep(
    count: int, make: Callable[..., Any], *, postgres: bool, first: int = 0, told: TextIO | None = None
) -> Iterator[str]:
    """What went wrong with so many transactions, pending or committed, with triggers of the schema or not.

    `told` hears now and then how many are done.
    """
    shop: Any = None
    try:
        for seed in range(first, first + count):
            if told is not None and (seed - first) % TOLD_EVERY == 0:
                print(f"{seed - first:,} of {count:,}", file=told, flush=True)
            if shop is None or seed % RENEWED_EVERY == 0:
                if shop is not None:
                    shop.close()
                shop = make(triggers=seed // RENEWED_EVERY % 2 == 1)
            for problem in problems_of(shop, seed, postgres=postgres, pending=seed % 3 == 0):
                yield f"{'postgresql' if postgres else 'sqlite'} seed {seed}: {problem}"
        if postgres and (left := shop.left()):
            yield f"left open: {left}"
    finally:
        if shop is not None:
            shop.close()


def main(arguments: Sequence[str]) -> int:
    """1 where a row was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps rows", description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="transactions on each database")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one database alone")
    options = parser.parse_args(arguments)
    counts: Counter[str] = Counter()
    for name, make in (("sqlite", SqliteShop), ("postgresql", PostgresShop)):
        if options.only not in (None, name):
            continue
        if name == "postgresql" and (why := why_no_server()):
            print(f"postgresql: not tried, {why}")
            continue
        for problem in sweep(
            options.count, make, postgres=name == "postgresql", first=options.first, told=sys.stderr
        ):
            counts[name] += 1
            if counts[name] <= SHOWN_MAX:
                print(problem)
        print(f"{name}: {options.count} random transactions, {counts[name]} wrong")
    return 1 if counts.total() else 0
