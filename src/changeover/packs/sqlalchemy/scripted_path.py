"""A path of a stored run that is replayed by its script: there is no database, and its rows are known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from changeover.packs.database.script import COMMIT, ROLLBACK, Script, ScriptReader
from changeover.packs.database.sql_answer import TapeConnection
from changeover.packs.sqlalchemy.engine_database import EngineDatabase
from changeover.packs.sqlalchemy.given_answer import give
from changeover.packs.sqlalchemy.sent_statement import SentStatement
from changeover.packs.sqlalchemy.taped_path import PAST, TapedPath


class ScriptedPath(TapedPath):
    """Follows one replay, which has changed what its script says where it has sent all that stands there."""

    def __init__(self, database: EngineDatabase, replay: Any, script: Script) -> None:
        super().__init__(database, replay)
        self._script = ScriptReader(script, partial(replay.cannot_follow, database.name))

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The path gets sessions of its own."""
        self._script.begin()
        return super().begin(args, kwargs)

    def end(self) -> None:
        """The rows that are known to be changed."""
        self._left.look()
        if self._script.script.is_flushed:
            self._exchanged.flush()
        self._script.end()
        self._let_go()
        self._database.tell(self._script.script.effects)
        self._left.tell()

    def execute(self, send: Callable[[], Any], sent: SentStatement) -> Any:
        """Give what the statement gave."""
        self._database.wait_for_nothing()
        connection = sent.fairy.dbapi_connection
        if not isinstance(connection, TapeConnection):
            self._session.cannot_follow(self._database.name, PAST)
        answer = self._script.answer(connection, sent.key)
        give(sent, answer, sent.cursor)

    def commit(self, send: Callable[[], Any], fairy: Any) -> Any:
        """The path commits, as it did."""
        self._script.ended(fairy.dbapi_connection, COMMIT)

    def rollback(self, send: Callable[[], Any], fairy: Any) -> Any:
        """The path rolls back, as it did."""
        self._script.ended(fairy.dbapi_connection, ROLLBACK)
