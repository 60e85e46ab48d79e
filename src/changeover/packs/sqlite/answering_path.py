"""What the path that answers changes in a database of `sqlite3`, seen while it runs for real."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import field
from typing import Any
from weakref import WeakValueDictionary

from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.script import COMMIT, ROLLBACK, ScriptWriter
from changeover.packs.database.sql_answer import answer_of
from changeover.packs.database.sqlite_recording import SqliteRecording
from changeover.packs.database.statement_kind import key_of
from changeover.packs.host import outside
from changeover.packs.sqlite.connection import FollowedConnection
from changeover.packs.sqlite.cursor import FollowedCursor
from changeover.packs.sqlite.followed_file import FollowedFile
from changeover.packs.sqlite.opened_database import MEMORY
from changeover.packs.sqlite.raw_connection import RawConnection, raw_of
from changeover.packs.sqlite.rows import PlainCursor, RowsOf
from changeover.packs.sqlite.settings import writes_header
from changeover.packs.sqlite.statement_words import ends
from changeover.quick_dataclass import dataclass

LEFT = (
    "a connection that the path opened was left with a transaction open, and nobody can say whether that "
    "will be committed: commit or close it in the path"
)
HEADER = "PRAGMA {} changes the file beside its rows"
SHARED = "two runs at once used one connection: what each of them changed cannot be told apart"
MEMORIES = "two databases in memory in one path: only one can be turned back"


@dataclass(frozen=True)
class KeptRows:
    """What an answering path leaves for the replay of the other one.

    Args:
        rows: that it changed.
        path: the file; None where it used none.
        raw: the connection that it used last.
        options: what that was opened with.
        registered: the functions that SQL may call on it, as they were given.
        settings: the PRAGMAs that it was set by.
    """

    rows: RecordedRows
    path: str | None
    raw: RawConnection | None
    options: dict[str, Any]
    registered: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...]
    settings: dict[str, str] = field(default_factory=dict)


class AnsweringPath(FollowedFile):
    """Follows one path; what keeps it from seeing a change is a problem of the run."""

    def __init__(
        self, name: str, database: str | None, channel: Any, session: Any, deadline_s: float, *, alone: bool
    ) -> None:
        super().__init__(name, database, channel, session)
        self._deadline_s = deadline_s
        self._alone = alone
        self._recording = SqliteRecording(lambda raw: raw.capture)
        self._own: WeakValueDictionary[int, FollowedConnection] = WeakValueDictionary()
        self._last: RawConnection | None = None
        self._options: dict[str, Any] = {}
        self._registered: tuple[Any, ...] = ()
        self._settings: dict[str, str] = {}
        self.is_over = False
        self._script = ScriptWriter() if session.wants_scripts else None

    def end(self) -> None:
        """Keep what was changed: on the tape as effects, and as it is for a replay in this process."""
        self.is_over = True
        with outside():
            own = [one for one in self._own.values() if not one.changeover_is_closed]
            if any(raw_of(one).in_transaction for one in own):
                self.cannot_see(LEFT)
            recorded = self._recording.finish()
        recorded.alone, recorded.deadline_s = self._alone, self._deadline_s
        recorded.given = recorded.pending is not None
        tape = self.session.tape
        kept = KeptRows(recorded, self._path, self._last, self._options, self._registered, self._settings)
        tape.keep_for(self.name, kept)
        for problem in recorded.problems:
            self.cannot_see(problem)
        self.tell(recorded.effects)
        if self._script is not None:
            self._script.script.effects = recorded.effects
            self.session.keep_script(self.name, self._script.script)

    def execute(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Send a statement of the path."""
        connection = self._use(cursor.connection)
        ending = ends(statement)
        if ending is not None:

            def send() -> None:
                getattr(sqlite3.Cursor, how)(cursor, statement, parameters)

            self._end(connection, ending, send)
            return
        raw = raw_of(connection)
        cursor.changeover_answer = None
        if header := writes_header(statement):
            self.cannot_see(HEADER.format(header))
        if raw.is_shared_by(self):
            self.cannot_see(SHARED)
            getattr(sqlite3.Cursor, how)(cursor, statement, parameters)
            return
        with outside():
            was_open = raw.in_transaction
            self._recording.before_statement(raw, statement)
            try:
                getattr(sqlite3.Cursor, how)(cursor, statement, parameters)
            except Exception as error:
                if self._script is not None:
                    self._script.raised(connection, key_of(statement, parameters), error)
                raise
            finally:
                self._recording.after_statement(raw)
            if was_open and not raw.in_transaction:  # by the release of a savepoint, or a conflict
                self._recording.after_commit(raw)
        if self._script is not None:
            answer = answer_of(PlainCursor(cursor))
            self._script.sent(connection, key_of(statement, parameters), answer)
            cursor.changeover_answer = RowsOf(answer, cursor)

    def share(self, raw: RawConnection) -> None:
        """Another path has begun to use a connection of this one."""
        self.cannot_see(SHARED)
        self._recording.abandon(raw, SHARED)

    def commit(self, connection: FollowedConnection) -> None:
        """Commit for the path."""
        self._end(self._use(connection), COMMIT, raw_of(connection).commit)

    def rollback(self, connection: FollowedConnection) -> None:
        """Roll back for the path."""
        self._end(self._use(connection), ROLLBACK, raw_of(connection).rollback)

    def close(self, connection: FollowedConnection) -> None:
        """What is not committed is lost."""
        raw = raw_of(self._use(connection))
        with outside():
            if raw.in_transaction:
                self._end(connection, ROLLBACK, raw.rollback)
            self._recording.before_close(raw)
            self._own.pop(id(connection), None)
            raw.close()

    def drop(self, connection: FollowedConnection) -> None:
        """As `sqlite3` closes a connection that nobody has any more: what is not committed is lost."""
        if not self.is_over and id(connection) in self._own:
            self.close(connection)

    def _end(self, connection: FollowedConnection, how: str, send: Callable[[], None]) -> None:
        raw = raw_of(connection)
        with outside():
            was_open = raw.in_transaction
            if how == COMMIT:
                self._recording.before_commit(raw)
            try:
                send()
            except sqlite3.Error as error:
                if was_open and self._script is not None:
                    self._script.ended(connection, how, error)
                raise
            if how == ROLLBACK:
                self._recording.after_rollback(raw)
            elif was_open:
                self._recording.after_commit(raw)
        if was_open and self._script is not None and not raw.in_transaction:
            self._script.ended(connection, how)

    def _use(self, connection: FollowedConnection) -> FollowedConnection:
        path, raw = connection.changeover_path, raw_of(connection)
        self.meet(path)
        if path == MEMORY and self._last not in (None, raw):
            self.cannot_see(MEMORIES)
        if connection.changeover_made_by is self:
            self._own[id(connection)] = connection
        self._last, self._options = raw, {**connection.changeover_options}
        self._settings = {**connection.changeover_settings}
        self._registered = tuple(vars(connection).get("changeover_registered", ()))
        return connection
