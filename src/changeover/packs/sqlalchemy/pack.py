"""`migration.use("sqlalchemy", engine)`: the rows that a path changes are its effects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from changeover.errors import DeclarationError, MissingPackageError
from changeover.packs.database.compared_in_traffic import BY_ROWS, compared_in_traffic
from changeover.packs.database.named_port import PORT, channel_of_database
from changeover.packs.database.postgres_capture import ROWS_MAX
from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.row_operations import ROW_OPERATIONS
from changeover.packs.database.script import KEPT_CLASSES, Script
from changeover.packs.host import Host, Operation
from changeover.packs.sqlalchemy.answering_path import AnsweringPath
from changeover.packs.sqlalchemy.connections import has_one_connection
from changeover.packs.sqlalchemy.engine_database import EngineDatabase
from changeover.packs.sqlalchemy.engine_hooks import NAME, hook, hook_pools
from changeover.packs.sqlalchemy.remade_sessions import RemadeSessions
from changeover.packs.sqlalchemy.replayed_path import ReplayedPath
from changeover.packs.sqlalchemy.scripted_path import ScriptedPath
from changeover.packs.sqlalchemy.statements_within import StatementsWithin
from changeover.packs.sqlalchemy.taped_path import TapedPath
from changeover.packs.sqlalchemy.uncovered import tables_without_key, uncovered_engines
from changeover.record.port import CallClass

DEADLINE_MS = 250
"""How long a copy may hold rows that the program's traffic may want."""
ALONE_S = 30.0
"""The same in a test and in a comparison, where nobody waits for the rows."""
_ASYNC = ("AsyncEngine", "AsyncConnection", "AsyncSession", "async_sessionmaker")


class SqlalchemyPack:
    """The port `db` of one engine; of further ones it has another name.

    Args:
        engine: an `Engine` or `AsyncEngine` of SQLAlchemy.
        rows: whether changed rows are compared in the program's own traffic as well; in tests and comparisons
            they always are.
        deadline_ms: how long a copy of the database may last in the program's own traffic, in milliseconds.
        rows_max: PostgreSQL tables with more rows are not read through for the few that a path changed.
        port: the name of the port, where another pack has `db`.
    """

    name = NAME
    is_of_one_thing = True

    def __init__(
        self,
        engine: Any,
        *,
        rows: bool = False,
        deadline_ms: int = DEADLINE_MS,
        rows_max: int = ROWS_MAX,
        port: str = PORT,
    ) -> None:
        self._given = engine
        self._rows = rows
        self._deadline_ms = deadline_ms
        self._rows_max = rows_max
        self._port = port

    def install(self, host: Host) -> None:
        """Open the channel, and replace functions of the engine's dialect."""
        try:
            from sqlalchemy.engine import Connection, Engine
            from sqlalchemy.orm import Session, scoped_session, sessionmaker
            from sqlalchemy.pool import Pool
        except ImportError as error:
            raise MissingPackageError("sqlalchemy", "sqlalchemy") from error
        given = self._given
        engine = getattr(given, "sync_engine", given)
        if not isinstance(engine, Engine):
            host.wrong("engine", given, "an Engine or AsyncEngine of SQLAlchemy")
        if not isinstance(self._rows, bool):
            host.wrong("rows", self._rows, "true, false")
        for option, found in (("deadline_ms", self._deadline_ms), ("rows_max", self._rows_max)):
            if type(found) is not int or found < 1:
                host.wrong(option, found, "a whole number of 1 or more")
        if any(one.engine is engine for one in host.others):
            raise DeclarationError(f'use("{NAME}")', "this engine is in use already")
        self.engine = engine
        channel = channel_of_database(host, self._port, _operations(), NAME)
        if host.others:
            self.name = f"{NAME}:{self._port}"
        self._database = EngineDatabase(self.name, given, channel, self._rows_max)
        host.keeps(*KEPT_CLASSES)
        host.handle(Engine, Connection, Session, sessionmaker, scoped_session)
        if engine is not given:
            from sqlalchemy.ext import asyncio

            classes = (getattr(asyncio, name, None) for name in _ASYNC)  # 1.4 has three of them
            host.handle(*(one for one in classes if one is not None))
        remade = RemadeSessions(self._database)
        host.remakes(self.name, remade.classes, remade.describe, remade.make)
        hook(engine.dialect)
        hook_pools(Pool)

    def compares(self) -> str:
        """What `doctor` says of it where nothing is wrong."""
        return compared_in_traffic(self._port, self._rows, has_rows=self._database.kind in BY_ROWS)

    def problems(self) -> Iterator[str]:
        """What `doctor` says: engines that are not covered, and tables without a key."""
        if self.name == NAME:
            yield from uncovered_engines()
            yield from tables_without_key()

    def follow(self, session: Any, *, waits: bool, stays: bool) -> Any:
        """What is done around one path: its rows are looked at, or its statements stand on the tape."""
        database = self._database
        if session.replaying:
            recorded = session.left_by(self.name)
            if isinstance(recorded, RecordedRows):
                return ReplayedPath(database, session, recorded)
            script = session.script_of(self.name)
            if isinstance(script, Script):
                return ScriptedPath(database, session, script)
            return TapedPath(database, session)
        if database.kind not in BY_ROWS or not (waits or (self._rows and stays)):
            return TapedPath(database, session)
        if not waits and has_one_connection(database.engine):
            why = "rows of a database in one connection are compared in tests and comparisons alone"
            session.cannot_follow(self.name, why)
            return TapedPath(database, session)
        around = session.follower_around(self.name)
        if isinstance(around, AnsweringPath | StatementsWithin):
            return StatementsWithin(database, session, around)
        session.sees_otherwise(self._port)
        return AnsweringPath(database, session, ALONE_S if waits else self._deadline_ms / 1000, alone=waits)


def _operations() -> list[Operation]:
    return [
        Operation("after_commit", CallClass.EFFECT, ("left_to", "functions"), key=lambda left_to, _: left_to),
        Operation("session_info", CallClass.EFFECT, ("left_to", "values"), key=lambda left_to, _: left_to),
        *ROW_OPERATIONS,
    ]
