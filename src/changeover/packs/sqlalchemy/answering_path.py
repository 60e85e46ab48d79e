"""What the path that answers changes in the database, seen while it runs for real."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from changeover.packs.database.postgres_recording import PostgresRecording
from changeover.packs.database.script import COMMIT, ROLLBACK, ScriptWriter
from changeover.packs.database.sqlite_capture import SqliteCapture
from changeover.packs.database.sqlite_recording import SqliteRecording
from changeover.packs.sqlalchemy.engine_database import EngineDatabase
from changeover.packs.sqlalchemy.given_answer import sent_with
from changeover.packs.sqlalchemy.handles import engine_of, has_unflushed, sessions_in, sync_of
from changeover.packs.sqlalchemy.left_to_caller import LeftToCaller
from changeover.packs.sqlalchemy.sent_statement import SentStatement

UNFLUSHED = "the session was given with unflushed changes"
CAPTURE = "changeover_capture"
"""Under which a connection of a pool keeps what listens on it, for as long as it lives."""


class AnsweringPath:
    """Follows one path; what keeps it from seeing a change is a problem of the run."""

    def __init__(self, database: EngineDatabase, session: Any, deadline_s: float, *, alone: bool) -> None:
        self._database = database
        self._session = session
        self._deadline_s = deadline_s
        self._alone = alone
        self._given: list[Any] = []
        self._left = LeftToCaller(database, session)
        self._is_postgres = database.kind == "postgresql"
        self._infos: dict[int, Any] = {}
        self._unmet: dict[int, Any] = {}
        self._script = ScriptWriter() if session.wants_scripts else None
        self._recording: Any
        if self._is_postgres:
            style = database.engine.dialect.paramstyle
            self._recording = PostgresRecording(
                database.connections.side, style, database.known, database.rows_max, alone=alone
            )
        else:
            self._recording = SqliteRecording(self._capture_of)

    @property
    def session(self) -> Any:
        """That of the path."""
        return self._session

    @property
    def dialect(self) -> Any:
        """That of the engine, by which the database is known."""
        return self._database.engine.dialect

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Look at sessions that the path is given: what they have open is none of its changes."""
        for handle in sessions_in((args, kwargs)):
            sync = sync_of(handle)
            if engine_of(handle) is not self._database.engine:
                continue
            self._given.append(sync)
            self._left.note(sync)
            if has_unflushed(sync):
                self._session.cannot_follow(self._database.name, UNFLUSHED)
            elif sync.in_transaction():
                connection = sync.connection() if callable(getattr(sync, "connection", None)) else sync
                self._database.apart(partial(self._look_into, connection.connection))
        return args, kwargs

    def end(self) -> None:
        """Keep what was changed: on the tape as effects, and as it is for a replay in this process."""
        for sync in self._given:
            if has_unflushed(sync):
                self._session.cannot_follow(
                    self._database.name, "the session was left with unflushed changes: flush them in the path"
                )
        if self._unmet:
            self._session.cannot_follow(
                self._database.name,
                "a connection of the driver was used past SQLAlchemy: its changes are not seen",
            )
        recorded = self._database.apart(self._recording.finish)
        recorded.alone = self._alone
        recorded.given, recorded.deadline_s = bool(self._given), self._deadline_s
        tape = self._session.tape
        tape.keep_for(self._database.name, recorded)
        for problem in recorded.problems:
            self._session.cannot_follow(self._database.name, problem)
        self._database.tell(recorded.effects)
        if self._script is not None:
            self._script.script.effects = recorded.effects
            self._session.keep_script(self._database.name, self._script.script)
        self._left.look()
        self._left.tell()

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The same, where the driver has to be awaited."""
        begun: tuple[Any, Any] = await self._database.spawn(self.begin, args, kwargs)
        return begun

    async def end_async(self) -> None:
        """The same, where the driver has to be awaited."""
        await self._database.spawn(self.end)

    def execute(self, send: Callable[[], Any], sent: SentStatement) -> Any:
        """Send a statement of the path."""
        see = partial(self._execute, send, sent)
        return self._database.apart(lambda: sent_with(self._script, see, sent))

    def _execute(self, send: Callable[[], Any], sent: SentStatement) -> Any:
        self._meet(sent.fairy)
        connection, statement = sent.fairy.dbapi_connection, sent.text
        if not self._is_postgres:
            self._recording.before_statement(connection, statement)
            try:
                return send()
            finally:
                self._recording.after_statement(connection)
        alone = getattr(connection, "autocommit", False) is True
        self._recording.before_statement(connection, statement, alone=alone)
        try:
            done = send()
        except BaseException:
            self._recording.statement_failed(connection)
            raise
        self._recording.after_statement(connection)
        return done

    def commit(self, send: Callable[[], Any], fairy: Any) -> Any:
        """Commit for the path."""
        return self._database.apart(lambda: self._commit(send, fairy))

    def _commit(self, send: Callable[[], Any], fairy: Any) -> Any:
        connection = fairy.dbapi_connection
        self._recording.before_commit(connection)
        try:
            done = send()
        except BaseException as error:
            self._recording.after_rollback(connection)
            if self._script is not None:
                self._script.ended(connection, COMMIT, error)
            raise
        self._recording.after_commit(connection)
        if self._script is not None:
            self._script.ended(connection, COMMIT)
        return done

    def rollback(self, send: Callable[[], Any], fairy: Any) -> Any:
        """Roll back for the path."""
        connection = fairy.dbapi_connection
        try:
            return self._database.apart(send)
        finally:
            if connection is not None:
                self._recording.after_rollback(connection)
                if self._script is not None:
                    self._script.ended(connection, ROLLBACK)

    def drive(self, send: Callable[[], Any]) -> Any:
        """Let the driver do something that is no part of the path."""
        return self._database.apart(send)

    def spent(self, began: float, ended: float) -> None:
        """The database took that time."""
        self._session.spend(began, ended)

    def close(self, connection: Any) -> None:
        """The driver's connection is about to be closed."""
        if not self._is_postgres:
            self._database.apart(partial(self._recording.before_close, connection))

    def connect(self, give: Callable[[], Any]) -> Any:
        """Give the path a connection; one on which it sends nothing is used past SQLAlchemy."""
        fairy = self._database.apart(give)
        self._unmet[id(fairy.dbapi_connection)] = fairy.dbapi_connection
        return fairy

    def _look_into(self, fairy: Any) -> None:
        """What a transaction has done before the path."""
        self._meet(fairy)
        self._recording.before_statement(fairy.dbapi_connection, "SELECT")
        if not self._is_postgres:
            self._recording.after_statement(fairy.dbapi_connection)

    def _meet(self, fairy: Any) -> None:
        self._unmet.pop(id(fairy.dbapi_connection), None)
        self._infos[id(fairy.dbapi_connection)] = fairy.info

    def _capture_of(self, connection: Any) -> SqliteCapture:
        info = self._infos[id(connection)]
        capture: SqliteCapture = info.setdefault(CAPTURE, None) or SqliteCapture(connection)
        info[CAPTURE] = capture
        return capture
