"""An answer that is there already, put where Django looks for that of the driver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.database.script import ScriptWriter
from changeover.packs.database.sql_answer import AnswerCursor, SqlAnswer, answer_of
from changeover.packs.database.statement_kind import key_of


def give(cursor: Any, answer: SqlAnswer, *, replays: bool) -> Any:
    """Let a statement on a cursor of Django have given this."""
    if not isinstance(cursor.cursor, AnswerCursor):
        cursor.cursor = AnswerCursor(None if replays else cursor.cursor)
    cursor.cursor.load(answer)
    return cursor.cursor


def sent_with(
    writer: ScriptWriter | None, send: Callable[[], Any], cursor: Any, statement: str, parameters: Any
) -> Any:
    """Send a statement; where somebody writes, keep what it gave, which the path is given in its turn."""
    if writer is None:
        return send()
    key = key_of(statement, parameters)
    try:
        send()
    except Exception as error:
        writer.raised(cursor.db, key, error)
        raise
    answer = answer_of(cursor.cursor)
    writer.sent(cursor.db, key, answer)
    return give(cursor, answer, replays=False)
