"""A path inside of one whose rows are looked at: the rows are those of the run around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.django.answering_path import AnsweringPath
from changeover.packs.django.database import DjangoDatabase
from changeover.packs.django.taped_path import TapedPath
from changeover.packs.host import of_session


class StatementsWithin(TapedPath):
    """Follows the path that answers: its statements stand on its own tape, and go where they went without it.

    Args:
        database: that of the pack.
        session: of the path.
        around: who follows the path around it, and sees the rows.
    """

    def __init__(
        self, database: DjangoDatabase, session: Any, around: AnsweringPath | StatementsWithin
    ) -> None:
        super().__init__(database, session)
        self._around = around
        session.tape.seen_around += (database.name,)

    def execute(self, send: Callable[[], Any], cursor: Any, statement: str, parameters: Any = None) -> Any:
        """Let the one around it send a statement, and keep what it gave."""

        def through() -> Any:
            return self._around.execute(send, cursor, statement, parameters)

        return super().execute(through, cursor, statement, parameters)

    def commit(self, send: Callable[[], Any], connection: Any) -> Any:
        """The same for a commit; where the path wrote nothing, it is one of the run around it."""
        if not self.has_written(connection):
            with of_session(self._around.session):
                return self._around.commit(send, connection)
        return super().commit(lambda: self._around.commit(send, connection), connection)

    def rollback(self, send: Callable[[], Any], connection: Any) -> Any:
        """What is written and not committed is nothing that happened."""
        return super().rollback(lambda: self._around.rollback(send, connection), connection)

    def connect(self, send: Callable[[], Any], connection: Any) -> Any:
        """Open a connection: no part of the path."""
        return super().connect(lambda: self._around.connect(send, connection), connection)

    def close(self, connection: Any) -> None:
        """A connection is about to be closed."""
        self._around.close(connection)
