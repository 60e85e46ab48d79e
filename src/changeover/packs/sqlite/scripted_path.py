"""A path of a stored run that is replayed by its script: there is no database, and its rows are known."""

from __future__ import annotations

from typing import Any

from changeover.packs.database.script import COMMIT, ROLLBACK, Script, ScriptReader
from changeover.packs.database.statement_kind import key_of
from changeover.packs.sqlite.connection import FollowedConnection
from changeover.packs.sqlite.cursor import FollowedCursor
from changeover.packs.sqlite.replay import ReplayOnFile
from changeover.packs.sqlite.rows import RowsOf


class ScriptedPath(ReplayOnFile):
    """Follows one replay, which has changed what its script says where it has sent all that stands there."""

    def __init__(self, name: str, database: str | None, channel: Any, replay: Any, script: Script) -> None:
        super().__init__(name, database, channel, replay)
        self._script = ScriptReader(script, self.cannot_see)

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Nothing is opened."""
        self._script.begin()
        return args, kwargs

    def end(self) -> None:
        """The rows that are known to be changed."""
        self.is_over = True
        self._script.end()
        self.tell(self._script.script.effects)

    def send(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Give what the statement gave."""
        connection, key = cursor.connection, key_of(statement, parameters)
        if self.opens(connection, statement):
            self._open_on = id(connection)
        answer = self._script.answer(connection, key)
        self.stand(cursor, RowsOf(answer, cursor))

    def commit(self, connection: FollowedConnection) -> None:
        """The path commits, as it did."""
        self._end(connection, COMMIT)

    def rollback(self, connection: FollowedConnection) -> None:
        """The path rolls back, as it did."""
        self._end(connection, ROLLBACK)

    def _end(self, connection: FollowedConnection, how: str) -> None:
        self.check(connection)
        if self.is_open(connection):
            self._script.ended(connection, how)
            self.has_ended(connection)
