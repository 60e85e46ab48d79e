"""A path that is replayed on a copy of the database, and what it changed there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from os import getpid
from typing import Any

from changeover.packs.database.copy_problem import copy_problem
from changeover.packs.database.postgres_copy import PostgresCopy
from changeover.packs.database.recorded_rows import RecordedRows
from changeover.packs.database.row_change import NotComparable
from changeover.packs.database.row_effect import RowEffect
from changeover.packs.database.script import COMMIT, ROLLBACK, ScriptWriter
from changeover.packs.database.sqlite_capture import SqliteCapture
from changeover.packs.database.sqlite_copy import SqliteCopy
from changeover.packs.database.statement_kind import changes_schema, first_word
from changeover.packs.sqlalchemy.answering_path import CAPTURE
from changeover.packs.sqlalchemy.attached_entities import attach
from changeover.packs.sqlalchemy.connections import has_one_connection
from changeover.packs.sqlalchemy.engine_database import EngineDatabase
from changeover.packs.sqlalchemy.given_answer import sent_with
from changeover.packs.sqlalchemy.handles import Exchanged, engine_of, sync_of
from changeover.packs.sqlalchemy.left_to_caller import LeftToCaller
from changeover.packs.sqlalchemy.sent_statement import SentStatement

DOUBT = "others may have written meanwhile what the path reads"
LATER = "the caller has gone on with its transaction: the rows are not compared after the answer"
TWO = "two connections at once: one database cannot be turned back for each"
PAST = "a session or connection of the program was used, past the copy"


class ReplayedPath:
    """Follows one replay: the database is turned back for it, and left as it was."""

    def __init__(self, database: EngineDatabase, replay: Any, recorded: RecordedRows) -> None:
        self._database = database
        self._replay = replay
        self._recorded = recorded
        self._stack = ExitStack()
        self._copy: SqliteCopy | PostgresCopy | None = None
        self._capture: SqliteCapture | None = None
        self._connection: Any = None
        self._pool: Any = None
        self._out = 0
        self.is_at_work = False
        self._exchanged = Exchanged(self._on_copy)
        self._left = LeftToCaller(database, replay)
        self._script = ScriptWriter() if replay.wants_scripts else None

    @property
    def dialect(self) -> Any:
        """That of the engine, by which the database is known."""
        return self._database.engine.dialect

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Turn back what the answering path changed; the arguments with sessions on the copy."""
        try:
            self._apart(self._open)
        except Exception as error:  # noqa: BLE001  a problem of the run, whatever the driver raised
            problem = copy_problem(self._copy, error)
            self._close()
            self._problem(problem)
        begun: tuple[Any, Any] = self._exchanged.arguments(args, kwargs)
        attach(begun, self._exchanged, self._database)
        return begun

    def end(self) -> None:
        """Compare what the path changed in the copy, of which nothing stays."""
        problem = ""
        effects: list[RowEffect] = []
        self._left.look()
        try:
            if self._copy is not None:
                self._flush()
                certain = self._apart(lambda: self._copy is not None and self._copy.is_certain)
                if not certain:
                    self._replay.guessed(self._database.name, DOUBT)
                finish = partial(self._copy.finish, keep_open=self._keeps_open)
                effects = self._apart(finish).effects
                if self._script is not None:
                    self._script.close()
        except Exception as error:  # noqa: BLE001  the same
            problem = copy_problem(self._copy, error)
        finally:
            self._close()
        if problem:
            self._problem(problem)
        self._database.tell(effects)
        if self._script is not None:
            self._script.script.effects, self._script.script.is_flushed = effects, self._keeps_open
            self._replay.keep_script(self._database.name, self._script.script)
        self._left.tell()

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The same, where the driver has to be awaited."""
        begun: tuple[Any, Any] = await self._database.spawn(self.begin, args, kwargs)
        return begun

    async def end_async(self) -> None:
        """The same, where the driver has to be awaited."""
        await self._database.spawn(self.end)

    def connect(self, give: Callable[[], Any]) -> Any:
        """The connection of the copy, as the engine's pool would give one."""
        if self.is_at_work:  # under a loop this is not told from the path's own work by the context alone
            return give()
        if self._pool is None:
            self._problem("the copy of the database is closed")
        return self._pool.connect()

    def execute(self, send: Callable[[], Any], sent: SentStatement) -> Any:
        """Let a statement run on the copy, where what it does can be seen and taken back."""
        statement = sent.text
        if sent.fairy.dbapi_connection is not self._connection:
            self._problem(PAST)
        if changes_schema(statement):
            self._problem(f"{first_word(statement)} changes the schema")
        try:
            if self._capture is not None:
                self._capture.check_statement(statement)
            return self._database.apart(lambda: sent_with(self._script, send, sent))
        except NotComparable as problem:
            return self._problem(str(problem))

    def commit(self, send: Callable[[], Any], fairy: Any) -> Any:
        """Commit in the copy."""
        if fairy.dbapi_connection is not self._connection:
            self._problem(PAST)
        try:
            done = self._database.apart(send)
        except NotComparable as problem:
            return self._problem(str(problem))
        except Exception as error:
            if self._script is not None:
                self._script.ended(self._connection, COMMIT, error)
            raise
        if self._script is not None:
            self._script.ended(self._connection, COMMIT)
        return done

    def drive(self, send: Callable[[], Any]) -> Any:
        """Let the driver do something that is no part of the path."""
        return self._database.apart(send)

    def spent(self, began: float, ended: float) -> None:
        """The database took that time."""
        self._replay.spend(began, ended)

    def close(self, connection: Any) -> None:
        """Nothing is to be kept."""

    def rollback(self, send: Callable[[], Any], fairy: Any) -> Any:
        """Roll back in the copy; a connection of the program stays as it is."""
        if fairy.dbapi_connection is not self._connection:
            return None
        if self._script is not None:
            self._script.ended(self._connection, ROLLBACK)
        return self._database.apart(send)

    def _open(self) -> None:
        database, recorded = self._database, self._recorded
        connection, info = recorded.pending, {}
        shares = connection is not None or (database.kind == "sqlite" and has_one_connection(database.engine))
        elsewhere = recorded.process != getpid() and recorded.pending is not None
        if shares and (self._replay.is_beside or recorded.is_used or elsewhere):
            raise NotComparable(LATER)
        recorded.is_used = recorded.pending is not None
        if connection is None and database.kind == "sqlite" and has_one_connection(database.engine):
            fairy = self._stack.enter_context(closing(database.engine.pool.connect()))
            connection, info = fairy.dbapi_connection, fairy.info
        if connection is None:
            connection = self._stack.enter_context(database.connections.own())
        if database.kind == "sqlite":
            self._capture = recorded.listening or info.get(CAPTURE) or SqliteCapture(connection)
            self._copy = SqliteCopy(connection, self._capture, recorded, recorded.deadline_s, database.apart)
        else:
            side = self._stack.enter_context(database.connections.side())
            self._copy = PostgresCopy(
                connection,
                side,
                database.engine.dialect.paramstyle,
                database.known,
                recorded,
                recorded.deadline_s,
                inside=recorded.pending is not None,
                rows_max=database.rows_max,
                around=database.apart,
            )
        self._connection = self._copy.begin()
        self._pool = database.pool_of(self._connection)
        database.watch(self._pool, self._checked_out, self._checked_in)

    @property
    def _keeps_open(self) -> bool:
        """Whether what the path did not commit counts: its caller would commit it."""
        return self._recorded.given and not self._recorded.committed

    def _flush(self) -> None:
        """What the caller's commit would flush; on the copy, as a part of the path."""
        if self._keeps_open:
            self._exchanged.flush()

    def _close(self) -> None:
        self._exchanged.put_back()
        try:
            for handle in self._exchanged.made:
                sync_of(handle).close()
        finally:
            self._pool = None
            self._apart(self._close_copy)

    def _close_copy(self) -> None:
        try:
            if self._copy is not None:
                self._copy.close()
        finally:
            self._copy = None
            self._stack.close()

    def _apart(self, function: Callable[[], Any]) -> Any:
        """The pack itself acts here, and not the path."""
        self.is_at_work = True
        try:
            return self._database.apart(function)
        finally:
            self.is_at_work = False

    def _on_copy(self, handle: Any) -> Any:
        if engine_of(handle) is not self._database.engine:
            return handle
        made = self._database.beside(handle)
        self._left.note(sync_of(made))
        return made

    def _checked_out(self, *_: Any) -> None:
        self._out += 1
        if self._out > 1:
            self._problem(TWO)

    def _checked_in(self, *_: Any) -> None:
        self._out -= 1

    def _problem(self, what: str) -> Any:
        """End the replay: it cannot be compared."""
        self._replay.cannot_follow(self._database.name, what)
