"""What the path that answers changes in the database, seen while it runs for real."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from changeover.packs.database.postgres_recording import PostgresRecording
from changeover.packs.database.sqlite_capture import SqliteCapture
from changeover.packs.database.sqlite_recording import SqliteRecording
from changeover.packs.sqlalchemy.handles import engine_of, sessions_in, sync_of

if TYPE_CHECKING:
    from changeover.packs.sqlalchemy.pack import SqlalchemyPack

CAPTURE = "changeover_capture"
"""Under which a connection of a pool keeps what listens on it, for as long as it lives."""


class AnsweringPath:
    """Follows one path; what keeps it from seeing a change is a problem of the run."""

    def __init__(self, pack: SqlalchemyPack, session: Any, deadline_s: float, *, alone: bool) -> None:
        self._pack = pack
        self._session = session
        self._deadline_s = deadline_s
        self._given: list[Any] = []
        self._is_postgres = pack.kind == "postgresql"
        self._infos: dict[int, Any] = {}
        self._unmet: dict[int, Any] = {}
        self._recording: Any
        if self._is_postgres:
            style = pack.engine.dialect.paramstyle
            self._recording = PostgresRecording(
                pack.connections.side, style, pack.known, pack.rows_max, alone=alone
            )
        else:
            self._recording = SqliteRecording(self._capture_of)

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Look at sessions that the path is given: what they have open is none of its changes."""
        for handle in sessions_in((args, kwargs)):
            sync = sync_of(handle)
            if engine_of(handle) is not self._pack.engine:
                continue
            self._given.append(sync)
            if _unflushed(sync):
                self._session.cannot_follow(self._pack.name, "the session was given with unflushed changes")
            elif sync.in_transaction():
                connection = sync.connection() if callable(getattr(sync, "connection", None)) else sync
                self._meet(connection.connection)
                self._recording.before_statement(connection.connection.dbapi_connection, "SELECT")
        return args, kwargs

    def end(self) -> None:
        """Keep what was changed: on the tape as effects, and as it is for a replay in this process."""
        for sync in self._given:
            if _unflushed(sync):
                self._session.cannot_follow(
                    self._pack.name, "the session was left with unflushed changes: flush them in the path"
                )
        if self._unmet:
            self._session.cannot_follow(
                self._pack.name,
                "a connection of the driver was used past SQLAlchemy: its changes are not seen",
            )
        recorded = self._recording.finish()
        recorded.given, recorded.deadline_s = bool(self._given), self._deadline_s
        tape = self._session.tape
        tape.kept_by = MappingProxyType({**tape.kept_by, self._pack.name: recorded})
        for problem in recorded.problems:
            self._session.cannot_follow(self._pack.name, problem)
        self._pack.tell(recorded.effects)

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The same, where the driver has to be awaited."""
        begun: tuple[Any, Any] = await self._pack.spawn(self.begin, args, kwargs)
        return begun

    async def end_async(self) -> None:
        """The same, where the driver has to be awaited."""
        await self._pack.spawn(self.end)

    def execute(self, send: Callable[[], Any], statement: str, fairy: Any) -> Any:
        """Send a statement of the path."""
        self._meet(fairy)
        connection = fairy.dbapi_connection
        if not self._is_postgres:
            self._recording.before_statement(connection, statement)
            try:
                return send()
            finally:
                self._recording.after_statement(connection)
        alone = getattr(connection, "autocommit", False) is True
        self._recording.before_statement(connection, statement, alone=alone)
        try:
            sent = send()
        except BaseException:
            self._recording.statement_failed(connection)
            raise
        self._recording.after_statement(connection)
        return sent

    def commit(self, send: Callable[[], Any], fairy: Any) -> Any:
        """Commit for the path."""
        connection = fairy.dbapi_connection
        self._recording.before_commit(connection)
        try:
            sent = send()
        except BaseException:
            self._recording.after_rollback(connection)
            raise
        self._recording.after_commit(connection)
        return sent

    def rollback(self, send: Callable[[], Any], fairy: Any) -> Any:
        """Roll back for the path."""
        connection = fairy.dbapi_connection
        try:
            return send()
        finally:
            if connection is not None:
                self._recording.after_rollback(connection)

    def connected(self, fairy: Any) -> None:
        """A connection was given to the path; one on which it sends nothing is used past SQLAlchemy."""
        self._unmet[id(fairy.dbapi_connection)] = fairy.dbapi_connection

    def _meet(self, fairy: Any) -> None:
        self._unmet.pop(id(fairy.dbapi_connection), None)
        self._infos[id(fairy.dbapi_connection)] = fairy.info

    def _capture_of(self, connection: Any) -> SqliteCapture:
        info = self._infos[id(connection)]
        capture: SqliteCapture = info.setdefault(CAPTURE, None) or SqliteCapture(connection)
        info[CAPTURE] = capture
        return capture


def _unflushed(sync: Any) -> bool:
    """Whether a session holds changes that no statement has made yet."""
    return any(getattr(sync, name, ()) for name in ("new", "dirty", "deleted"))
