"""A path inside of one whose rows are looked at: the rows are those of the run around it."""

from __future__ import annotations

from typing import Any

from changeover.packs.database.sql_answer import SqlAnswer, answer_of
from changeover.packs.sqlite.answering_path import AnsweringPath
from changeover.packs.sqlite.connection import FollowedConnection
from changeover.packs.sqlite.cursor import FollowedCursor
from changeover.packs.sqlite.rows import PlainCursor
from changeover.packs.sqlite.taped_path import RecordedStatements


class StatementsWithin(RecordedStatements):
    """Follows the path that answers: its statements stand on its own tape, and go where they went without it.

    Args:
        what: as every follower gets it.
        around: who follows the path around it, and sees the rows.
    """

    def __init__(self, *what: Any, around: AnsweringPath | StatementsWithin) -> None:
        super().__init__(*what)
        self._around = around
        self.session.tape.seen_around += (self.name,)

    def send(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Let the one around it send a statement."""
        self._around.execute(cursor, how, statement, parameters)

    def answer(self, cursor: FollowedCursor) -> SqlAnswer:
        """What it gave, which the one around it may have read already."""
        given = cursor.changeover_answer
        return answer_of(PlainCursor(cursor) if given is None else given)

    def really_commit(self, connection: FollowedConnection) -> None:
        """The same for the end of a transaction."""
        self._around.commit(connection)

    def rollback(self, connection: FollowedConnection) -> None:
        """What is written and not committed is nothing that happened."""
        self._around.rollback(connection)

    def close(self, connection: FollowedConnection) -> None:
        """What is not committed is lost."""
        self._around.close(connection)

    def drop(self, connection: FollowedConnection) -> None:
        """A connection that nobody has any more."""
        self._around.drop(connection)
