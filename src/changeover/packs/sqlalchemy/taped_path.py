"""A path whose statements stand on the tape: what it read answers its replay, which writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.database.sql_answer import NOTHING, AnswerCursor, SqlAnswer, TapeConnection, answer_of
from changeover.packs.database.unsent_statement import why_unsent
from changeover.packs.host import cannot_be_followed
from changeover.packs.sqlalchemy.answering_path import UNFLUSHED
from changeover.packs.sqlalchemy.attached_entities import attach
from changeover.packs.sqlalchemy.engine_database import EngineDatabase
from changeover.packs.sqlalchemy.given_answer import MANY, STREAMED, answer_after, give
from changeover.packs.sqlalchemy.handles import Exchanged, engine_of, has_unflushed, sessions_in, sync_of
from changeover.packs.sqlalchemy.left_to_caller import LeftToCaller
from changeover.packs.sqlalchemy.sent_statement import SentStatement

PAST = "a session or connection of the program was used in the replay"


class TapedPath:
    """Follows one path, in either role: every statement is asked of the tape's channel."""

    def __init__(self, database: EngineDatabase, session: Any) -> None:
        self._database = database
        self._session = session
        self._replays: bool = session.replaying
        self._written: set[int] = set()
        self._exchanged = Exchanged(self._on_tape)
        self._left = LeftToCaller(database, session)

    @property
    def session(self) -> Any:
        """That of the path."""
        return self._session

    @property
    def dialect(self) -> Any:
        """That of the engine, by which the database is known."""
        return self._database.engine.dialect

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """A replay gets sessions of its own."""
        if not self._replays:
            for handle in sessions_in((args, kwargs)):
                if engine_of(handle) is self._database.engine:
                    self._left.note(sync_of(handle))
                    if has_unflushed(sync_of(handle)):
                        self._session.cannot_follow(self._database.name, UNFLUSHED)
            return args, kwargs
        begun: tuple[Any, Any] = self._exchanged.arguments(args, kwargs)
        attach(begun, self._exchanged, self._database)
        return begun

    def end(self) -> None:
        """Let go of the sessions of a replay."""
        self._left.look()
        self._let_go()
        self._left.tell()

    def _let_go(self) -> None:
        self._exchanged.put_back()
        for handle in self._exchanged.made:
            sync_of(handle).close()

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The same under a loop."""
        begun: tuple[Any, Any] = await self._database.spawn(self.begin, args, kwargs)
        return begun

    async def end_async(self) -> None:
        """The same under a loop."""
        await self._database.spawn(self.end)

    def connect(self, give: Callable[[], Any]) -> Any:
        """A connection; in a replay one that reaches nothing."""
        if not self._replays:
            return self._database.apart(give)
        return self._database.pool_of(TapeConnection()).connect()

    def execute(self, send: Callable[[], Any], sent: SentStatement) -> Any:
        """Ask for the answer to a statement."""
        if self._replays:
            self._database.wait_for_nothing()
            if not isinstance(sent.fairy.dbapi_connection, TapeConnection):
                self._session.cannot_follow(self._database.name, PAST)
        kind, context = sent.kind, sent.context
        if kind == "session":
            return self._give(sent, NOTHING) if self._replays else self._database.apart(send)
        if getattr(context, "_is_server_side", False):
            cannot_be_followed(STREAMED)
        if kind in ("write", "read") and self._replays:
            why = why_unsent(self._session, self._database.name, self._database.port, kind, sent.key[0])
            if why:
                self._session.cannot_follow(self._database.name, why)
        if kind == "write":
            self._written.add(id(sent.fairy.dbapi_connection))

        def real() -> SqlAnswer:
            cursor = answer_after(lambda: self._database.apart(send), sent)
            if getattr(context, "_psycopg2_fetched_rows", None) is not None:
                cannot_be_followed(MANY)
            return answer_of(cursor)

        answer = self._database.ask(kind, sent.key, real)
        return self._give(sent, answer)

    def commit(self, send: Callable[[], Any], fairy: Any) -> Any:
        """Commit; an effect where something was written."""
        if not self.has_written(fairy):
            return None if self._replays else self._database.apart(send)
        self._written.discard(id(fairy.dbapi_connection))
        return self._database.ask("commit", (), lambda: self._database.apart(send))

    def has_written(self, fairy: Any) -> bool:
        """Whether the path wrote on a connection since its last commit."""
        return id(fairy.dbapi_connection) in self._written

    def drive(self, send: Callable[[], Any]) -> Any:
        """Let the driver do something that is no part of the path."""
        return self._database.apart(send)

    def spent(self, began: float, ended: float) -> None:
        """The channel counts the time of each call."""

    def close(self, connection: Any) -> None:
        """Nothing is to be kept."""

    def rollback(self, send: Callable[[], Any], fairy: Any) -> Any:
        """Roll back; what is written and not committed is nothing that happened."""
        self._written.discard(id(fairy.dbapi_connection))
        return None if self._replays else self._database.apart(send)

    def _give(self, sent: SentStatement, answer: SqlAnswer) -> None:
        """Let SQLAlchemy find the answer where it looks for that of the driver."""
        give(sent, answer, sent.cursor if self._replays else AnswerCursor(sent.cursor))

    def _on_tape(self, handle: Any) -> Any:
        if engine_of(handle) is not self._database.engine:
            return handle
        made = self._database.beside(handle)
        self._left.note(sync_of(made))
        return made
