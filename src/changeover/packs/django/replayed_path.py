"""A path that is replayed on a copy of the database, and what it changed there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from os import getpid
from typing import Any

from changeover.packs.database.copy_problem import copy_problem
from changeover.packs.database.postgres_copy import PostgresCopy
from changeover.packs.database.postgres_rows import sqlstate
from changeover.packs.database.row_change import NotComparable
from changeover.packs.database.row_effect import RowEffect
from changeover.packs.database.script import COMMIT, ROLLBACK, ScriptWriter
from changeover.packs.database.sqlite_capture import SqliteCapture
from changeover.packs.database.sqlite_copy import SqliteCopy
from changeover.packs.database.statement import run
from changeover.packs.database.statement_kind import changes_schema, first_word
from changeover.packs.database.waiting_function import described, is_unclear
from changeover.packs.django.answering_path import ENDS, OTHER, KeptRows
from changeover.packs.django.database import STYLE, DjangoDatabase
from changeover.packs.django.given_answer import sent_with
from changeover.packs.django.statement_words import begins_transaction, ends_transaction
from changeover.packs.host import outside

DOUBT = "others may have written meanwhile what the path reads"
LATER = "the caller has gone on with its transaction: the rows are not compared after the answer"
PAST = "a connection other than that of the copy was used, such as that of another thread"
HOOKS = (
    "functions of on_commit wait for the transaction of the caller, and nobody can say whether these do the "
    "same: call the seam outside of atomic(), in a test with TransactionTestCase"
)
_ABORTED = "25P02"
_STATEMENT = "changeover_statement"
_WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"})


def recorded_waiting(replay: Any, port: str) -> list[Any] | None:
    """The functions of the answering path that wait for its caller; None where there are none."""
    calls = replay.recorded_calls(port, "on_commit")
    return calls[-1].get("functions") if calls else None


class ReplayedPath:
    """Follows one replay: the database is turned back for it, and left as it was."""

    def __init__(self, database: DjangoDatabase, replay: Any, kept: KeptRows) -> None:
        self._database = database
        self._replay = replay
        self._kept = kept
        self._is_postgres = database.kind == "postgresql"
        self._stack = ExitStack()
        self._copy: SqliteCopy | PostgresCopy | None = None
        self._capture: SqliteCapture | None = None
        self._connection: Any = None
        self._driver: Any = None
        self._script = ScriptWriter() if replay.wants_scripts else None

    @property
    def alias(self) -> str:
        """Of the database that it follows."""
        return self._database.alias

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Turn back what the answering path changed, and give this thread a connection to that."""
        try:
            with outside():
                self._open()
        except Exception as error:  # noqa: BLE001  a problem of the run, whatever the driver raised
            problem = copy_problem(self._copy, error)
            self._close()
            self.cannot_see(problem)
        return args, kwargs

    def end(self) -> None:
        """Compare what the path changed in the copy, of which nothing stays."""
        problem, connection, block = "", self._connection, self._kept.block
        effects: list[RowEffect] = []
        try:
            if self._copy is not None:
                with outside():
                    if not self._copy.is_certain:
                        self._replay.guessed(self._database.name, DOUBT)
                    effects = self._copy.finish(keep_open=not self._is_aborted()).effects
        except Exception as error:  # noqa: BLE001  the same
            problem = copy_problem(self._copy, error)
        finally:
            self._close()
        functions: list[Any] = []
        if connection is not None and connection.run_on_commit and block.is_open:
            functions = described(entry[1] for entry in connection.run_on_commit)
        theirs = recorded_waiting(self._replay, self._database.port)
        # Ids that PostgreSQL gives to new rows are others in the copy.
        is_open = functions and theirs is not None
        if not problem and is_open and is_unclear(theirs or [], functions, ids_differ=self._is_postgres):
            problem = HOOKS
        if problem:
            self.cannot_see(problem)
        self._database.tell(effects)
        if self._script is not None:
            self._script.script.effects, self._script.script.in_block = effects, block.is_open
            self._replay.keep_script(self._database.name, self._script.script)
        if functions:
            self._database.mark("on_commit", functions)
        if connection is not None and block.is_doomed_now(connection):
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
        """Let a statement run on the copy, where what it does can be seen and taken back."""
        see = partial(self._execute, send, cursor, statement)
        return sent_with(self._script, see, cursor, statement, parameters)

    def _execute(self, send: Callable[[], Any], cursor: Any, statement: str) -> Any:
        self._check(cursor.db)
        if changes_schema(statement):
            self.cannot_see(f"{first_word(statement)} changes the schema")
        if ends_transaction(statement):
            self.cannot_see(ENDS.format(statement.strip()))
        try:
            if self._capture is not None:
                self._capture.check_statement(statement)
            with outside():
                if begins_transaction(statement):
                    return self._begin_transaction()
                if self._driver.changeover_alone and (self._is_postgres or first_word(statement) in _WRITES):
                    return self._as_transaction(send)
                return send()
        except NotComparable as problem:
            return self.cannot_see(str(problem))

    def commit(self, send: Callable[[], Any], connection: Any) -> Any:
        """Commit in the copy."""
        self._check(connection)
        try:
            with outside():
                done = send()
        except NotComparable as problem:
            return self.cannot_see(str(problem))
        except Exception as error:
            if self._script is not None:
                self._script.ended(connection, COMMIT, error)
            raise
        if self._script is not None:
            self._script.ended(connection, COMMIT)
        return done

    def rollback(self, send: Callable[[], Any], connection: Any) -> Any:
        """Roll back in the copy; a connection of the program stays as it is."""
        self._check(connection)
        if self._script is not None:
            self._script.ended(connection, ROLLBACK)
        with outside():
            return send()

    def connect(self, send: Callable[[], Any], connection: Any) -> Any:
        """Nobody else's connection is opened in a replay."""
        self._check(connection)
        return self.cannot_see(PAST)

    def close(self, connection: Any) -> None:
        """A connection of the program is not closed by a replay."""
        self._check(connection)

    def cannot_see(self, what: str) -> Any:
        """End the replay: it cannot be compared."""
        self._replay.cannot_follow(self._database.name, what)

    def spent(self, began: float, ended: float) -> None:
        """The database took that time."""
        self._replay.spend(began, ended)

    def _check(self, connection: Any) -> None:
        if connection.alias != self._database.alias:
            self.cannot_see(OTHER.format(connection.alias, self._database.alias))
        if connection is not self._connection:
            self.cannot_see(PAST)

    def _open(self) -> None:
        database, recorded = self._database, self._kept.rows
        program = database.connection
        elsewhere = recorded.process != getpid() and recorded.pending is not None
        shares = recorded.pending is not None or database.is_in_memory
        if shares and (self._replay.is_beside or recorded.is_used or elsewhere):
            raise NotComparable(LATER)
        recorded.is_used = recorded.pending is not None
        made = database.another()
        if recorded.pending is not None:
            driver = recorded.pending
        elif shares:
            program.ensure_connection()
            driver = program.connection
        else:
            driver = self._own(made)
        self._copy = self._copy_on(driver, program, shares=shares)
        self._driver = self._copy.begin()
        if not self._kept.block.is_open:
            self._driver.autocommit = True
        made.connect = self._reconnect
        made.is_usable = lambda: True
        self._connection = made
        self._reconnect()
        self._kept.block.give(made)
        database.put(made)
        self._stack.callback(database.put, program)

    def _own(self, made: Any) -> Any:
        made.connect()
        driver = made.connection
        self._stack.callback(driver.close)
        if self._is_postgres:
            driver.autocommit = False
        return driver

    def _copy_on(self, driver: Any, program: Any, *, shares: bool) -> SqliteCopy | PostgresCopy:
        database, recorded = self._database, self._kept.rows
        if self._is_postgres:
            return PostgresCopy(
                driver,
                self._stack.enter_context(database.side()),
                STYLE,
                database.known,
                recorded,
                recorded.deadline_s,
                inside=shares,
                rows_max=database.rows_max,
            )
        mine = program.connection is driver
        self._capture = database.capture_of(program) if mine else recorded.listening or SqliteCapture(driver)
        return SqliteCopy(driver, self._capture, recorded, recorded.deadline_s)

    def _reconnect(self) -> None:
        """What Django's `connect` does to the connection of the copy: it is open already."""
        self._connection.connection = self._driver
        self._connection.closed_in_transaction = False
        self._connection.autocommit = not self._kept.block.is_open

    def _begin_transaction(self) -> None:
        self._driver.commit()
        self._driver.autocommit = False

    def _as_transaction(self, send: Callable[[], Any]) -> Any:
        """A statement that is a transaction of its own: what it did is kept, or nothing of it."""
        real = self._driver.changeover_real
        run(real, f"SAVEPOINT {_STATEMENT}")
        try:
            done = send()
            if isinstance(self._copy, SqliteCopy):
                with self._connection.wrap_database_errors:
                    self._copy.check_references()
        except BaseException:
            run(real, f"ROLLBACK TO SAVEPOINT {_STATEMENT}")
            raise
        if self._is_postgres:  # SQLite lets nothing be kept while rows of a RETURNING are not fetched
            with self._connection.wrap_database_errors:
                self._driver.commit()
        return done

    def _is_aborted(self) -> bool:
        """Whether PostgreSQL takes nothing more in this transaction, of which nothing will be kept."""
        if not self._is_postgres:
            return False
        try:
            run(self._driver.changeover_real, "SELECT 1")
        except Exception as error:
            if sqlstate(error) != _ABORTED:
                raise
            return True
        return False

    def _close(self) -> None:
        with outside():
            try:
                if self._copy is not None:
                    self._copy.close()
            finally:
                self._copy = None
                with suppress(Exception):  # hung up: the server has rolled back by itself
                    self._stack.close()
