"""One engine as those need it who follow paths: its connections, its driver, its place on the tape."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from changeover.packs.database.postgres_tables import KnownTables
from changeover.packs.database.row_effect import RowEffect
from changeover.packs.database.row_operations import tell_rows
from changeover.packs.host import Channel, outside, outside_of_runs
from changeover.packs.sqlalchemy.connections import Connections


class EngineDatabase:
    """The database of an engine.

    Args:
        name: of the pack.
        given: the engine as the program has it, async or not.
        channel: through which its statements and rows come onto the tape.
        rows_max: PostgreSQL tables with more rows are not read through.
    """

    def __init__(self, name: str, given: Any, channel: Channel, rows_max: int) -> None:
        self.name = name
        self.given = given
        self.engine = getattr(given, "sync_engine", given)
        self.is_async = self.engine is not given
        self.kind: str = self.engine.dialect.name
        self.rows_max = rows_max
        self.known: KnownTables = {}
        self.connections = Connections(self.engine, self.apart, keeps=not self.is_async)
        self._channel = channel

    @property
    def port(self) -> str:
        """The name of the port."""
        return self._channel.name

    def ask(self, operation: str, arguments: tuple[Any, ...], real: Callable[[], Any]) -> Any:
        """The answer of the database, or that of the tape."""
        return self._channel.ask(operation, arguments, real)

    def tell(self, effects: Iterable[RowEffect]) -> None:
        """Put changed rows on the tape of the path under way, behind the database that it has seen."""
        tell_rows(self._channel, effects)

    def leave(self, operation: str, what: Any) -> None:
        """Put onto the tape what the path leaves to its caller."""
        self._channel.tell(operation, ("the caller", what))

    def pool_of(self, connection: Any) -> Any:
        """A pool that gives one connection, as the engine's own pool would."""
        from sqlalchemy.pool import StaticPool

        pool: Any = StaticPool(lambda: connection, dialect=self.engine.dialect, reset_on_return="rollback")
        pool.changeover_own = True
        return pool

    def watch(self, pool: Any, checked_out: Callable[..., None], checked_in: Callable[..., None]) -> None:
        """Hear of connections that a pool gives and gets back."""
        from sqlalchemy import event

        event.listen(pool, "checkout", checked_out)
        event.listen(pool, "checkin", checked_in)

    def beside(self, handle: Any) -> Any:
        """Another session or connection of the same kind, for a replay."""
        if hasattr(handle, "sync_connection"):
            from sqlalchemy.util import await_only

            return await_only(self.given.connect().start())
        if hasattr(handle, "sync_session"):
            return type(handle)(bind=self.given, expire_on_commit=handle.sync_session.expire_on_commit)
        if hasattr(handle, "autoflush"):
            return type(handle)(
                bind=self.engine, autoflush=handle.autoflush, expire_on_commit=handle.expire_on_commit
            )
        return self.engine.connect()

    def apart(self, function: Callable[[], Any]) -> Any:
        """Call a function of the toolkit's own, of which nothing belongs to a run."""
        if not self.is_async or not _may_wait():
            with outside():
                return function()
        import asyncio

        from sqlalchemy.util import await_only, greenlet_spawn

        # A task of its own: every step of the path's task belongs to the path.
        with outside():
            loop = asyncio.get_running_loop()
            task = loop.create_task(greenlet_spawn(function), context=outside_of_runs())
        return await_only(task)

    def wait_for_nothing(self) -> None:
        """Some functions of SQLAlchemy raise where nothing was waited for, as where a tape has the answer."""
        if self.is_async and _may_wait():
            from sqlalchemy.util import await_only

            await_only(_nothing())

    async def spawn(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function that uses the driver, under the loop where that is an async one."""
        if not self.is_async:
            return function(*args)
        from sqlalchemy.util import greenlet_spawn

        return await greenlet_spawn(function, *args)


async def _nothing() -> None:
    """Be there already."""


def _may_wait() -> bool:
    """Whether SQLAlchemy waits for the loop here; else a path only takes rows that are there already."""
    from greenlet import getcurrent

    return type(getcurrent()).__name__ == "_AsyncIoGreenlet"
