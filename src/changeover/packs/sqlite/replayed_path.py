"""A path that is replayed on a copy of a database of `sqlite3`, and what it changed there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from os import getpid
from typing import Any

from changeover.packs.database.copy_problem import copy_problem
from changeover.packs.database.row_change import NotComparable
from changeover.packs.database.row_effect import RowEffect
from changeover.packs.database.script import COMMIT, ROLLBACK, ScriptWriter
from changeover.packs.database.sql_answer import SqlAnswer, answer_of
from changeover.packs.database.sqlite_copy import SqliteCopy
from changeover.packs.database.statement_kind import changes_schema, first_word, key_of, kind_of
from changeover.packs.host import outside
from changeover.packs.sqlite.answering_path import HEADER, KeptRows
from changeover.packs.sqlite.connection import FollowedConnection
from changeover.packs.sqlite.cursor import FollowedCursor
from changeover.packs.sqlite.opened_database import MEMORY
from changeover.packs.sqlite.raw_connection import RawConnection
from changeover.packs.sqlite.replay import ReplayOnFile
from changeover.packs.sqlite.rows import RowsOf
from changeover.packs.sqlite.settings import answer_to_setting, matter, of_rows, setting_of, writes_header
from changeover.packs.sqlite.statement_words import begins

DOUBT = "others may have written meanwhile what the path reads"
SETTINGS = "connections of the path are set otherwise by PRAGMA than that on which its rows are turned back"
LATER = "the caller has gone on with its transaction: the rows are not compared after the answer"


class ReplayedPath(ReplayOnFile):
    """Follows one replay: the database is turned back for it, and left as it was."""

    def __init__(self, name: str, database: str | None, channel: Any, replay: Any, kept: KeptRows) -> None:
        super().__init__(name, database, channel, replay)
        self._before = kept
        self._path = kept.path
        self._copy: SqliteCopy | None = None
        self._raw: RawConnection | None = None
        self._own: sqlite3.Connection | None = None
        self._is_of_caller = True  # the connection on which something was done last
        self._connection: Any = None
        self._has_set: dict[str, str] = {}
        self._script = ScriptWriter() if replay.wants_scripts else None

    def end(self) -> None:
        """Compare what the path changed in the copy, of which nothing stays."""
        self.is_over, problem = True, ""
        effects: list[RowEffect] = []
        try:
            if self._copy is None and self._before.rows.changes:
                self._open(self._before.path or "", {}, self._before.settings)
            if self._copy is not None:
                effects = self._finished(self._copy)
        except Exception as error:  # noqa: BLE001  a problem of the run, whatever the driver raised
            problem = copy_problem(self._copy, error)
        finally:
            self._close()
        if problem:
            self.cannot_see(problem)
        self.tell(effects)
        if self._script is not None:
            self._script.script.effects = effects
            self.session.keep_script(self.name, self._script.script)

    def send(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Let a statement run on the copy, where what it does can be seen and taken back."""
        connection = cursor.connection
        if setting_of(statement) is not None:  # a copy cannot be set any more once it is open
            self._answer(cursor, statement, parameters, answer_to_setting(statement))
            return
        self._meet(connection)
        if changes_schema(statement):
            self.cannot_see(f"{first_word(statement)} changes the schema")
        if header := writes_header(statement):
            self.cannot_see(HEADER.format(header))
        raw = self._raw
        if raw is not None:
            if matter(self.settings(connection)) != self._has_set and kind_of(statement) == "write":
                self.cannot_see(SETTINGS)
            self._seen(lambda: raw.capture.check_statement(statement))
            raw.connection.text_factory = connection.text_factory
        self._is_of_caller = connection.changeover_made_by is not self
        if self.opens(connection, statement):
            self._open_on = id(connection)
        twin = self._seen(lambda: self._connection.cursor(sqlite3.Cursor))
        if not begins(statement):  # the copy is in its one transaction
            self._run(twin, how, statement, parameters, connection)
        self._give(twin, cursor, statement, parameters)
        if self._open_on is None:
            self._seen(self._connection.commit)

    def commit(self, connection: FollowedConnection) -> None:
        """Commit in the copy."""
        self._end(connection, COMMIT)

    def rollback(self, connection: FollowedConnection) -> None:
        """Roll back in the copy."""
        self._end(connection, ROLLBACK)

    def released(self, connection: FollowedConnection) -> None:
        """Commit in the copy."""
        self._seen(self._connection.commit)
        self.has_ended(connection)

    def _end(self, connection: FollowedConnection, how: str) -> None:
        self.check(connection)
        if self._copy is None:
            return
        if self._open_on not in (None, id(connection)):
            return  # nothing is open on this one
        was_open = self.is_open(connection)
        try:
            self._seen(getattr(self._connection, how))
        except sqlite3.Error as error:
            if was_open and self._script is not None:
                self._script.ended(connection, how, error)
            raise
        self.has_ended(connection)
        if was_open and self._script is not None:
            self._script.ended(connection, how)

    def _run(
        self, twin: Any, how: str, statement: str, parameters: Any, connection: FollowedConnection
    ) -> None:
        try:
            with outside():
                getattr(twin, how)(statement, parameters)
        except NotComparable as problem:
            self.cannot_see(str(problem))
        except Exception as error:
            if self._copy is not None and self._copy.is_over:
                self.cannot_see(copy_problem(self._copy, error))
            if self._script is not None:
                self._script.raised(connection, key_of(statement, parameters), error)
            raise

    def _give(self, twin: Any, cursor: FollowedCursor, statement: str, parameters: Any) -> None:
        with outside():
            answer = answer_of(twin)
        self._answer(cursor, statement, parameters, answer)

    def _answer(self, cursor: FollowedCursor, statement: str, parameters: Any, answer: SqlAnswer) -> None:
        if self._script is not None:
            self._script.sent(cursor.connection, key_of(statement, parameters), answer)
        self.stand(cursor, RowsOf(answer, cursor))

    def _seen(self, act: Callable[[], Any]) -> Any:
        try:
            with outside():
                return act()
        except NotComparable as problem:
            return self.cannot_see(str(problem))

    def _meet(self, connection: FollowedConnection) -> None:
        if self._copy is not None:
            return
        try:
            self._open(connection.changeover_path, connection.changeover_options, self.settings(connection))
        except Exception as error:  # noqa: BLE001  a problem of the run, whatever the driver raised
            problem = copy_problem(self._copy, error)
            self._close()
            self.cannot_see(problem)

    def _open(self, path: str, options: Any, settings: Mapping[str, str]) -> None:
        before, recorded = self._before, self._before.rows
        if recorded.problems:
            raise NotComparable(recorded.problems[0])
        shares = recorded.pending is not None or path == MEMORY
        elsewhere = recorded.process != getpid() and recorded.pending is not None
        if shares and (self.session.is_beside or recorded.is_used or elsewhere):
            raise NotComparable(LATER)
        recorded.is_used = recorded.pending is not None
        with outside():
            if shares:
                if before.raw is None:
                    raise NotComparable("a database in memory that the answering path did not use")
                self._raw, settings = before.raw, before.settings
            else:
                self._own = self._opened(path, before.options or {**options}, settings)
                self._raw = RawConnection(self._own)
            self._has_set = matter(settings)
            capture = recorded.listening or self._raw.capture
            self._copy = SqliteCopy(self._raw, capture, recorded, recorded.deadline_s)
            self._connection = self._copy.begin()

    def _opened(self, path: str, options: dict[str, Any], settings: Mapping[str, str]) -> sqlite3.Connection:
        named = {name: value for name, value in options.items() if name != "database"}
        made = FollowedConnection(options.get("database", path), check_same_thread=False, **named)
        for name, args, kwargs in self._before.registered:
            getattr(made, name)(*args, **kwargs)
        for statement in of_rows(settings):
            sqlite3.Cursor(made).execute(statement)
        return made

    def _finished(self, copy: SqliteCopy) -> list[RowEffect]:
        with outside():
            if not copy.is_certain:
                self.session.guessed(self.name, DOUBT)
            alone = self._open_on is None
            if self._script is not None:
                self._script.close()
            is_left = self._keeps_open and self._is_of_caller
            return copy.finish(keep_open=is_left or alone).effects

    @property
    def _keeps_open(self) -> bool:
        """Whether what the path did not commit counts: its caller would commit it."""
        return self._before.rows.given and not self._before.rows.committed

    def _close(self) -> None:
        with outside():
            try:
                if self._copy is not None:
                    self._copy.close()
            finally:
                self._copy = None
                if self._own is not None:
                    with suppress(sqlite3.Error):
                        self._own.close()
