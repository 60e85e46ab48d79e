"""What the path that answers changes in the database, seen while it runs for real."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from changeover.packs.database.postgres_recording import PostgresRecording
from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.script import COMMIT, ROLLBACK, ScriptWriter
from changeover.packs.database.sqlite_capture import SqliteCapture
from changeover.packs.database.sqlite_recording import SqliteRecording
from changeover.packs.django.caller import CallerBlock, caller_block
from changeover.packs.django.database import STYLE, DjangoDatabase
from changeover.packs.django.given_answer import sent_with
from changeover.packs.django.statement_words import ends_transaction
from changeover.packs.host import outside
from changeover.quick_dataclass import dataclass

OTHER = "the database {!r} is used beside {!r}, whose rows alone are compared"
ENDS = "{} as a statement ends a transaction where Django does not see it"


@dataclass(frozen=True)
class KeptRows:
    """What an answering path leaves for the replay of the other one.

    Args:
        rows: that it changed.
        block: of its caller.
        waits: whether functions of it wait for the commit of its caller.
    """

    rows: RecordedRows
    block: CallerBlock
    waits: bool


class AnsweringPath:
    """Follows one path; what keeps it from seeing a change is a problem of the run."""

    def __init__(self, database: DjangoDatabase, session: Any, deadline_s: float, *, alone: bool) -> None:
        self._database = database
        self._session = session
        self._deadline_s = deadline_s
        self._alone = alone
        self._is_postgres = database.kind == "postgresql"
        self._connections: dict[int, Any] = {}
        self._script = ScriptWriter() if session.wants_scripts else None
        self._recording: Any
        if self._is_postgres:
            self._recording = PostgresRecording(
                database.side, STYLE, database.known, database.rows_max, alone=alone
            )
        else:
            self._recording = SqliteRecording(self._capture_of)

    @property
    def session(self) -> Any:
        """That of the path."""
        return self._session

    @property
    def alias(self) -> str:
        """Of the database that it follows."""
        return self._database.alias

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Look into the transaction that the caller has open: what it did is none of the path's changes."""
        self._connection = self._database.connection
        self._block = caller_block(self._connection)
        if self._block.is_open:
            with outside():
                self._before(self._connection, "SELECT")
                self._after(self._connection)
        return args, kwargs

    def end(self) -> None:
        """Keep what was changed: on the tape as effects, and as it is for a replay in this process."""
        with outside():
            recorded = self._recording.finish()
        block, connection = self._block, self._connection
        recorded.alone, recorded.deadline_s = self._alone, self._deadline_s
        if block.is_open:
            recorded.given, recorded.pending = True, connection.connection
        if recorded.pending is not None and not self._is_postgres:
            recorded.listening = self._capture_of(recorded.pending)
        waits = block.waits_for_commit(connection)
        tape = self._session.tape
        kept = KeptRows(recorded, block, waits)
        tape.keep_for(self._database.name, kept)
        for problem in recorded.problems:
            self.cannot_see(problem)
        self._database.tell(recorded.effects)
        if self._script is not None:
            self._script.script.effects, self._script.script.in_block = recorded.effects, block.is_open
            self._session.keep_script(self._database.name, self._script.script)
        if waits:
            self._database.mark("on_commit", block.waiting(connection))
        if block.is_doomed_now(connection):
            self._database.mark("set_rollback")

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The same in the thread in which Django keeps what async code asks of a database."""
        from asgiref.sync import sync_to_async

        begun: tuple[Any, Any] = await sync_to_async(self.begin)(args, kwargs)
        return begun

    async def end_async(self) -> None:
        """The same in the thread in which Django keeps what async code asks of a database."""
        from asgiref.sync import sync_to_async

        await sync_to_async(self.end)()

    def execute(self, send: Callable[[], Any], cursor: Any, statement: str, parameters: Any = None) -> Any:
        """Send a statement of the path."""
        see = partial(self._execute, send, cursor, statement)
        return sent_with(self._script, see, cursor, statement, parameters)

    def _execute(self, send: Callable[[], Any], cursor: Any, statement: str) -> Any:
        connection = cursor.db
        if connection.alias != self._database.alias:
            self.cannot_see(OTHER.format(connection.alias, self._database.alias))
            return send()
        if ends_transaction(statement):
            self.cannot_see(ENDS.format(statement.strip()))
        with outside():
            self._before(connection, statement)
            try:
                done = send()
            except BaseException:
                self._failed(connection)
                raise
            self._after(connection)
            return done

    def commit(self, send: Callable[[], Any], connection: Any) -> Any:
        """Commit for the path."""
        driver = connection.connection
        with outside():
            if connection.alias != self._database.alias or driver is None:
                return send()
            self._recording.before_commit(driver)
            try:
                done = send()
            except BaseException as error:
                self._recording.after_rollback(driver)
                self._ended(connection, COMMIT, error)
                raise
            self._recording.after_commit(driver)
            self._ended(connection, COMMIT)
            return done

    def rollback(self, send: Callable[[], Any], connection: Any) -> Any:
        """Roll back for the path."""
        driver = connection.connection
        with outside():
            try:
                return send()
            finally:
                if connection.alias == self._database.alias and driver is not None:
                    self._recording.after_rollback(driver)
                    self._ended(connection, ROLLBACK)

    def connect(self, send: Callable[[], Any], connection: Any) -> Any:
        """Open a connection: no part of the path."""
        with outside():
            return send()

    def close(self, connection: Any) -> None:
        """A connection is about to be closed."""
        driver = connection.connection
        if connection.alias == self._database.alias and driver is not None and not self._is_postgres:
            with outside():
                self._recording.before_close(driver)

    def cannot_see(self, what: str) -> None:
        """The run cannot be compared."""
        self._session.cannot_follow(self._database.name, what)

    def spent(self, began: float, ended: float) -> None:
        """The database took that time."""
        self._session.spend(began, ended)

    def _ended(self, connection: Any, how: str, error: BaseException | None = None) -> None:
        if self._script is not None:
            self._script.ended(connection, how, error)

    def _before(self, connection: Any, statement: str) -> None:
        driver = connection.connection
        if driver is None:
            return
        self._connections[id(driver)] = connection
        before = partial(self._recording.before_statement, driver, statement)
        if self._is_postgres:
            before(alone=driver.autocommit is True)
        else:
            before()

    def _after(self, connection: Any) -> None:
        with connection.wrap_database_errors:
            self._recording.after_statement(connection.connection)

    def _failed(self, connection: Any) -> None:
        if self._is_postgres:
            self._recording.statement_failed(connection.connection)
        else:
            self._recording.after_statement(connection.connection)

    def _capture_of(self, driver: Any) -> SqliteCapture:
        return self._database.capture_of(self._connections[id(driver)])
