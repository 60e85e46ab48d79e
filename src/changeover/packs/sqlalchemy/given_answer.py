"""An answer that is there already, put where SQLAlchemy looks for that of the driver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.database.script import ScriptWriter
from changeover.packs.database.sql_answer import AnswerCursor, SqlAnswer, answer_of
from changeover.packs.sqlalchemy.sent_statement import SentStatement

MANY = "rows of many inserts that psycopg2 sends at once"
STREAMED = "a result that is streamed from the server"


def give(sent: SentStatement, answer: SqlAnswer, cursor: AnswerCursor) -> None:
    """Let a statement have given this."""
    cursor.load(answer)
    sent.context.cursor = cursor
    sent.context.fetchall_for_returning = lambda _: list(answer.rows)


def answer_after(send: Callable[[], Any], sent: SentStatement) -> Any:
    """Send a statement; the cursor with its answer. Somebody around may have read that of the driver already.

    One context may send several statements: what was given for the last one stands there still.
    """
    before = getattr(sent.context, "cursor", None)
    send()
    found = getattr(sent.context, "cursor", None)
    return found if found is not before and isinstance(found, AnswerCursor) else sent.cursor


def unreadable(sent: SentStatement) -> str:
    """Why what a statement gives cannot be read by anybody but SQLAlchemy; empty where it can."""
    if getattr(sent.context, "_is_server_side", False):
        return STREAMED
    return "" if getattr(sent.context, "_psycopg2_fetched_rows", None) is None else MANY


def sent_with(writer: ScriptWriter | None, send: Callable[[], Any], sent: SentStatement) -> Any:
    """Send a statement; where somebody writes, keep what it gave, which the path is given in its turn."""
    if writer is None:
        return send()
    connection = sent.fairy.dbapi_connection
    try:
        done = send()
    except Exception as error:
        writer.raised(connection, sent.key, error)
        raise
    why = unreadable(sent)
    if why:
        writer.cannot(why)
        return done
    answer = answer_of(sent.cursor)
    writer.sent(connection, sent.key, answer)
    give(sent, answer, AnswerCursor(sent.cursor))
    return done
