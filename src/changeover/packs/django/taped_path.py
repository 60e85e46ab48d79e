"""A path whose statements stand on the tape: what it read answers its replay, which writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from typing import Any

from changeover.packs.database.sql_answer import NOTHING, AnswerCursor, SqlAnswer, TapeConnection, answer_of
from changeover.packs.database.statement_kind import key_of, kind_of
from changeover.packs.database.unsent_statement import why_unsent
from changeover.packs.database.waiting_function import is_unclear
from changeover.packs.django.answering_path import OTHER
from changeover.packs.django.caller import CallerBlock, caller_block
from changeover.packs.django.database import DjangoDatabase
from changeover.packs.django.given_answer import give
from changeover.packs.django.replayed_path import HOOKS, recorded_waiting
from changeover.packs.host import outside


class TapedPath:
    """Follows one path, in either role: every statement is asked of the tape's channel."""

    def __init__(self, database: DjangoDatabase, session: Any) -> None:
        self._database = database
        self._session = session
        self._replays: bool = session.replaying
        self._written: set[int] = set()
        self._taken: list[Any] = []

    @property
    def session(self) -> Any:
        """That of the path."""
        return self._session

    @property
    def alias(self) -> str:
        """Of the database that it follows."""
        return self._database.alias

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """A replay gets a connection that reaches nothing, in a block where the other path was in one."""
        program = self._database.connection
        kind = self._kind_of_block(program)
        self._connection, self._program = program, program
        if self._replays:
            self._connection = self._database.another()
            self._take(self._connection)
            CallerBlock.of_replay(self._database.alias, kind).give(self._connection)
            self._database.put(self._connection)
        self._block = caller_block(self._connection)
        return args, kwargs

    def _kind_of_block(self, program: Any) -> str:
        """That of the transaction that the caller has open, empty for none."""
        found: object = self._database.ask("block", (), lambda: caller_block(program).kind)
        return str(found) if found else ""

    def end(self) -> None:
        """Let go of the connections of a replay; what waits for the commit of the caller is an effect."""
        self._let_go()
        self._tell_of_caller()

    def _let_go(self) -> None:
        if self._replays:
            self._database.put(self._program)
        for connection in self._taken:
            connection.connection = None
            del connection.create_cursor

    def _tell_of_caller(self) -> None:
        if self._block.waits_for_commit(self._connection):
            functions = self._block.waiting(self._connection)
            theirs = recorded_waiting(self._session, self._database.port) if self._replays else None
            if theirs is not None and is_unclear(theirs, functions):
                self.cannot_see(HOOKS)
            self._database.mark("on_commit", functions)
        if self._block.is_doomed_now(self._connection):
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
        """Ask for the answer to a statement."""
        connection, kind = cursor.db, kind_of(statement)
        if connection.alias != self._database.alias:
            self.cannot_see(OTHER.format(connection.alias, self._database.alias))
            return send()
        if self._replays:
            connection.validate_no_broken_transaction()
        if kind == "session":
            return self._session_statement(send, cursor)
        key = key_of(statement, parameters)
        if self._replays:
            why = why_unsent(self._session, self._database.name, self._database.port, kind, key[0])
            if why:
                self.cannot_see(why)
        if kind == "write":
            self._written.add(id(connection))

        def real() -> SqlAnswer:
            with outside():
                send()
                return answer_of(cursor.cursor)

        return self._give(cursor, self._database.ask(kind, key, real))

    def commit(self, send: Callable[[], Any], connection: Any) -> Any:
        """Commit; an effect where something was written."""
        if not self.has_written(connection):
            return self._apart(send)
        self._written.discard(id(connection))
        return self._database.ask("commit", (), lambda: self._apart(send))

    def has_written(self, connection: Any) -> bool:
        """Whether the path wrote on a connection since its last commit."""
        return id(connection) in self._written

    def rollback(self, send: Callable[[], Any], connection: Any) -> Any:
        """Roll back; what is written and not committed is nothing that happened."""
        self._written.discard(id(connection))
        return self._apart(send)

    def connect(self, send: Callable[[], Any], connection: Any) -> Any:
        """Open a connection; in a replay one that reaches nothing."""
        if not self._replays:
            return self._apart(send)
        if connection.alias != self._database.alias:
            self.cannot_see(OTHER.format(connection.alias, self._database.alias))
        return self._take(connection)

    def close(self, connection: Any) -> None:
        """Nothing is to be kept."""

    def cannot_see(self, what: str) -> None:
        """The run cannot be compared; a replay ends."""
        self._session.cannot_follow(self._database.name, what)

    def spent(self, began: float, ended: float) -> None:
        """The channel counts the time of each call."""

    def _apart(self, send: Callable[[], Any]) -> Any:
        """Let the driver do something that is no part of the path; nothing in a replay."""
        if self._replays:
            return None
        with outside():
            return send()

    def _session_statement(self, send: Callable[[], Any], cursor: Any) -> Any:
        return self._give(cursor, NOTHING) if self._replays else self._apart(send)

    def _take(self, connection: Any) -> None:
        """Let a connection of Django be one that reaches nothing."""
        connection.connection = TapeConnection(partial(_limit_of, self._program, connection.Database))
        connection.autocommit = True
        connection.closed_in_transaction = False
        connection.create_cursor = lambda name=None: AnswerCursor()
        connection.run_on_commit = []
        self._taken.append(connection)

    def _give(self, cursor: Any, answer: SqlAnswer) -> Any:
        """Let Django find the answer where it looks for that of the driver."""
        return give(cursor, answer, replays=self._replays)


def _limit_of(program: Any, driver: Any, category: int) -> int:
    """A limit of SQLite as the program's connection has it, else as SQLite is built."""
    with suppress(Exception):  # there may be none here, or it is of another thread
        return int(program.connection.getlimit(category))
    with closing(driver.connect(":memory:")) as usual:
        return int(usual.getlimit(category))
