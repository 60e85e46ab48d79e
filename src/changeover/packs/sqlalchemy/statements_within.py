"""A path inside of one whose rows are looked at: the rows are those of the run around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.host import of_session
from changeover.packs.sqlalchemy.answering_path import AnsweringPath
from changeover.packs.sqlalchemy.engine_database import EngineDatabase
from changeover.packs.sqlalchemy.sent_statement import SentStatement
from changeover.packs.sqlalchemy.taped_path import TapedPath


class StatementsWithin(TapedPath):
    """Follows the path that answers: its statements stand on its own tape, and go where they went without it.

    Args:
        database: that of the pack.
        session: of the path.
        around: who follows the path around it, and sees the rows.
    """

    def __init__(
        self, database: EngineDatabase, session: Any, around: AnsweringPath | StatementsWithin
    ) -> None:
        super().__init__(database, session)
        self._around = around
        session.tape.seen_around += (database.name,)

    def execute(self, send: Callable[[], Any], sent: SentStatement) -> Any:
        """Let the one around it send a statement, and keep what it gave."""
        return super().execute(lambda: self._around.execute(send, sent), sent)

    def commit(self, send: Callable[[], Any], fairy: Any) -> Any:
        """The same for a commit; where the path wrote nothing, it is one of the run around it."""
        if not self.has_written(fairy):
            with of_session(self._around.session):
                return self._around.commit(send, fairy)
        return super().commit(lambda: self._around.commit(send, fairy), fairy)

    def rollback(self, send: Callable[[], Any], fairy: Any) -> Any:
        """What is written and not committed is nothing that happened."""
        return super().rollback(lambda: self._around.rollback(send, fairy), fairy)

    def connect(self, give: Callable[[], Any]) -> Any:
        """A connection that the one around it knows."""
        return super().connect(lambda: self._around.connect(give))

    def drive(self, send: Callable[[], Any]) -> Any:
        """Let the driver do something that is no part of the path."""
        return self._around.drive(send)

    def close(self, connection: Any) -> None:
        """The driver's connection is about to be closed."""
        self._around.close(connection)
