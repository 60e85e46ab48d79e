"""`migration.use("sqlalchemy", engine)`: the rows that a path changes are its effects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from changeover.errors import MissingPackageError
from changeover.packs.database.postgres_capture import ROWS_MAX
from changeover.packs.database.postgres_tables import KnownTables
from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.row_effect import RowEffect
from changeover.packs.host import Host, Operation, outside, outside_of_runs
from changeover.packs.sqlalchemy.answering_path import AnsweringPath
from changeover.packs.sqlalchemy.connections import Connections
from changeover.packs.sqlalchemy.engine_hooks import hook, hook_pools
from changeover.packs.sqlalchemy.replayed_path import ReplayedPath
from changeover.record.port import CallClass

DEADLINE_MS = 250
"""How long a copy may hold rows that the program's traffic may want."""
ALONE_S = 30.0
"""The same in a test and in a comparison, where nobody waits for the rows."""
_ROWS = ("sqlite", "postgresql")


class SqlalchemyPack:
    """The port `db` of one engine.

    Args:
        engine: an `Engine` or `AsyncEngine` of SQLAlchemy.
        rows: whether changed rows are compared in the program's own traffic as well; in tests and comparisons
            they always are.
        deadline_ms: how long a copy of the database may last in the program's own traffic, in milliseconds.
        rows_max: PostgreSQL tables with more rows are not read through for the few that a path changed.
    """

    name = "sqlalchemy"

    def __init__(
        self, engine: Any, *, rows: bool = False, deadline_ms: int = DEADLINE_MS, rows_max: int = ROWS_MAX
    ) -> None:
        self.given = engine
        self.engine = getattr(engine, "sync_engine", engine)
        self.rows_max = rows_max
        self._rows = rows
        self._deadline_ms = deadline_ms

    def install(self, host: Host) -> None:
        """Open the channel, and replace functions of the engine's dialect."""
        try:
            from sqlalchemy.engine import Connection, Engine
            from sqlalchemy.orm import Session, scoped_session, sessionmaker
            from sqlalchemy.pool import Pool
        except ImportError as error:
            raise MissingPackageError("sqlalchemy", "sqlalchemy") from error
        if not isinstance(self.engine, Engine):
            host.wrong("engine", self.given, "an Engine or AsyncEngine of SQLAlchemy")
        if not isinstance(self._rows, bool):
            host.wrong("rows", self._rows, "true, false")
        for option, found in (("deadline_ms", self._deadline_ms), ("rows_max", self.rows_max)):
            if type(found) is not int or found < 1:
                host.wrong(option, found, "a whole number of 1 or more")
        self.known: KnownTables = {}
        self.connections = Connections(self.engine, self.apart, keeps=self.engine is self.given)
        self.kind = self.engine.dialect.name
        self._channel = host.channel("db", _operations(), packages=("sqlalchemy",))
        host.handle(Engine, Connection, Session, sessionmaker, scoped_session)
        if self.engine is not self.given:
            from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

            host.handle(AsyncEngine, AsyncConnection, AsyncSession, async_sessionmaker)
        self.engine.dialect.changeover_pack = self.name
        hook(self.engine.dialect, self.name)
        hook_pools(Pool)

    def follow(self, session: Any, waits: bool) -> Any:
        """What is done around one path."""
        if session.replaying:
            recorded = session.left_by(self.name)
            return ReplayedPath(self, session, recorded) if isinstance(recorded, RecordedRows) else None
        if self.kind not in _ROWS or not (waits or self._rows):
            return None
        if session.follower_around(self.name) is not None:
            session.cannot_follow(
                self.name, "the rows of a seam inside another one are those of the run around it"
            )
            return None
        return AnsweringPath(self, session, ALONE_S if waits else self._deadline_ms / 1000, alone=waits)

    def tell(self, effects: Iterable[RowEffect]) -> None:
        """Put changed rows on the tape of the path under way, behind the database that it has seen."""
        self._channel.tell("look", ())
        for effect in effects:
            self._channel.tell(effect.operation, (effect.row, effect.columns))

    def pool_of(
        self, connection: Any, checked_out: Callable[..., None], checked_in: Callable[..., None]
    ) -> Any:
        """A pool that gives one connection, as the engine's own pool would."""
        from sqlalchemy import event
        from sqlalchemy.pool import StaticPool

        pool: Any = StaticPool(lambda: connection, dialect=self.engine.dialect, reset_on_return="rollback")
        pool.changeover_own = True
        event.listen(pool, "checkout", checked_out)
        event.listen(pool, "checkin", checked_in)
        return pool

    def beside(self, handle: Any) -> Any:
        """Another session or connection of the same kind, for a replay."""
        if hasattr(handle, "sync_connection"):
            return self.given.connect()
        if hasattr(handle, "sync_session"):
            return type(handle)(bind=self.given, expire_on_commit=handle.sync_session.expire_on_commit)
        if hasattr(handle, "autoflush"):
            return type(handle)(
                bind=self.engine, autoflush=handle.autoflush, expire_on_commit=handle.expire_on_commit
            )
        return self.engine.connect()

    def apart(self, function: Callable[[], Any]) -> Any:
        """Call a function of the toolkit's own, of which nothing belongs to a run."""
        if self.engine is self.given:
            with outside():
                return function()
        import asyncio

        from sqlalchemy.util import await_only, greenlet_spawn

        # A task of its own: every step of the path's task belongs to the path.
        with outside():
            loop = asyncio.get_running_loop()
            task = loop.create_task(greenlet_spawn(function), context=outside_of_runs())
        return await_only(task)

    async def spawn(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function that uses the driver, under the loop where that is an async one."""
        if self.engine is self.given:
            return function(*args)
        from sqlalchemy.util import greenlet_spawn

        return await greenlet_spawn(function, *args)


def _operations() -> list[Operation]:
    effects = [
        Operation(name, CallClass.EFFECT, ("row", "columns"), key=lambda row, columns: row)
        for name in ("insert", "update", "delete")
    ]
    return [Operation("look", CallClass.READ, ()), *effects]
