"""A path whose statements stand on the tape: what it read answers its replay, which writes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from changeover.packs.database.script import COMMIT
from changeover.packs.database.sql_answer import NOTHING, SqlAnswer, answer_of
from changeover.packs.database.statement_kind import key_of
from changeover.packs.database.unsent_statement import why_unsent
from changeover.packs.host import outside
from changeover.packs.sqlite.connection import FollowedConnection
from changeover.packs.sqlite.cursor import FollowedCursor
from changeover.packs.sqlite.followed_file import FollowedFile
from changeover.packs.sqlite.raw_connection import raw_of
from changeover.packs.sqlite.replay import ReplayOnFile
from changeover.packs.sqlite.rows import PlainCursor, RowsOf
from changeover.packs.sqlite.settings import answer_to_setting, kind_here, setting_of
from changeover.packs.sqlite.statement_words import ends


class RecordedStatements(FollowedFile):
    """Follows the path that answers: every statement is asked of the tape's channel."""

    def execute(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Send a statement, and read what it gave."""
        connection, kind = cursor.connection, kind_here(statement)
        self.meet(connection.changeover_path)

        def send() -> None:
            self.send(cursor, how, statement, parameters)

        cursor.changeover_answer = None
        ending = ends(statement)
        if ending is not None:
            self._end(connection, ending, send)
            return
        if kind == "session":
            was_open = raw_of(connection).in_transaction
            apart(send)
            if was_open and not raw_of(connection).in_transaction:  # the savepoint that had opened it is gone
                self.channel.ask("commit", (), lambda: None)
            return

        def real() -> SqlAnswer:
            apart(send)
            return self.answer(cursor)

        answer = self.channel.ask(kind, key_of(statement, parameters), real)
        cursor.changeover_answer = RowsOf(answer, cursor)

    def commit(self, connection: FollowedConnection) -> None:
        """Commit; an effect where something was written, by the path or by its caller."""
        self._end(connection, COMMIT, lambda: self.really_commit(connection))

    def send(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Let SQLite do what a statement says."""
        getattr(sqlite3.Cursor, how)(cursor, statement, parameters)

    def answer(self, cursor: FollowedCursor) -> SqlAnswer:
        """What the statement gave that was sent last."""
        return answer_of(PlainCursor(cursor))

    def really_commit(self, connection: FollowedConnection) -> None:
        """Let SQLite commit."""
        raw_of(connection).commit()

    def rollback(self, connection: FollowedConnection) -> None:
        """Roll back; what is written and not committed is nothing that happened."""
        with outside():
            raw_of(connection).rollback()

    def close(self, connection: FollowedConnection) -> None:
        """Close it."""
        with outside():
            raw_of(connection).close()

    def drop(self, connection: FollowedConnection) -> None:
        """Nothing is to be kept."""

    def _end(self, connection: FollowedConnection, how: str, send: Callable[[], None]) -> None:
        if how == COMMIT and raw_of(connection).in_transaction:
            self.channel.ask("commit", (), lambda: apart(send))
        else:
            apart(send)


class TapedPath(ReplayOnFile):
    """Follows a replay, which is given what stands on the tape."""

    _commits = 0  # so far

    def send(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Ask for the answer to a statement."""
        kind, key = kind_here(statement), key_of(statement, parameters)
        if self.opens(cursor.connection, statement):
            self._open_on = id(cursor.connection)
        if kind == "session":
            is_set = setting_of(statement) is not None
            self.stand(cursor, RowsOf(answer_to_setting(statement) if is_set else NOTHING, cursor))
            return
        why = why_unsent(self.session, self.name, self.channel.name, kind, key[0])
        if why:
            self.cannot_see(why)
        answer = self.channel.ask(kind, key, lambda: NOTHING)
        self.stand(cursor, RowsOf(answer, cursor))

    def commit(self, connection: FollowedConnection) -> None:
        """Commit, where something was written: by this path, or by its caller, as the tape says."""
        self.check(connection)
        recorded = self.session.recorded_calls(self.channel.name, "commit")
        if self.is_open(connection) or self._commits < len(recorded):
            self._commits += 1
            self.has_ended(connection)
            self.channel.ask("commit", (), lambda: None)

    def released(self, connection: FollowedConnection) -> None:
        """The same as a commit."""
        self.commit(connection)

    def rollback(self, connection: FollowedConnection) -> None:
        """Roll back: nothing was done."""
        self.check(connection)
        self.has_ended(connection)

    def end(self) -> None:
        """The path has ended."""
        self.is_over = True


def apart(send: Callable[[], None]) -> None:
    """Do something that is no part of the path."""
    with outside():
        send()
