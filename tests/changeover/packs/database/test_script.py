"""A script is followed by what sends the same statements with the same values, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from changeover.packs.database.script import COMMIT, ROLLBACK, ScriptReader, ScriptWriter
from changeover.packs.database.sql_answer import AnswerCursor, SqlAnswer
from changeover.packs.database.statement_kind import key_of

NOTHING = SqlAnswer(None, (), 1, None)
PUT = "INSERT INTO t VALUES (?)"


class Departs(Exception):
    """What ends a replay here."""


def leave(how: str) -> None:
    raise Departs(how)


def read_back(recorded: tuple[str, Any], now: tuple[str, Any]) -> None:
    writer, connection = ScriptWriter(), object()
    writer.sent(connection, key_of(*recorded), NOTHING)
    reader = ScriptReader(writer.script, leave)
    reader.answer(connection, key_of(*now))
    reader.end()


EMPTY = (0, None, "", False, 0.0, b"")


@pytest.mark.parametrize("now", EMPTY, ids=repr)
@pytest.mark.parametrize("recorded", EMPTY, ids=repr)
def test_values_that_are_all_false_are_not_the_same(recorded: Any, now: Any) -> None:
    if type(recorded) is type(now):
        read_back((PUT, (recorded,)), (PUT, (now,)))
        return
    for one, other in (
        ((recorded,), (now,)),
        ([("a", recorded)], [("a", now)]),
        ({"n": recorded}, {"n": now}),
    ):
        with pytest.raises(Departs, match="other values"):
            read_back((PUT, one), (PUT, other))


@pytest.mark.parametrize(
    ("recorded", "now"),
    [
        ("INSERT INTO t VALUES ('a  b')", "INSERT INTO t VALUES ('a b')"),
        ("INSERT INTO t VALUES ('a\nb')", "INSERT INTO t VALUES ('a b')"),
        ("INSERT INTO t VALUES ($x$a  b$x$)", "INSERT INTO t VALUES ($x$a b$x$)"),
        ('UPDATE t SET "a  b" = 1', 'UPDATE t SET "a b" = 1'),
        ("UPDATE t SET n = 1 -- all\n WHERE id = 1", "UPDATE t SET n = 1 -- all WHERE id = 1"),
    ],
)
def test_spaces_inside_quotes_are_a_part_of_a_statement(recorded: str, now: str) -> None:
    with pytest.raises(Departs, match="when it was recorded"):
        read_back((recorded, ()), (now, ()))


def test_spaces_between_words_are_none() -> None:
    read_back(("SELECT  'a  b'\n   FROM t\n", None), (" SELECT 'a  b' FROM t", []))
    read_back((PUT, (1, [2])), ("INSERT INTO t\nVALUES (?)", [1, (2,)]))


def test_a_commit_that_was_refused_is_refused_again() -> None:
    writer, connection = ScriptWriter(), object()
    writer.sent(connection, key_of(PUT, (1,)), NOTHING)
    writer.ended(connection, COMMIT, ValueError("broken reference"))
    writer.ended(connection, ROLLBACK)
    reader = ScriptReader(writer.script, leave)
    reader.answer(connection, key_of(PUT, (1,)))
    with pytest.raises(ValueError, match="broken reference"):
        reader.ended(connection, COMMIT)
    reader.ended(connection, ROLLBACK)
    reader.end()


def test_an_answer_is_given_in_parts_without_losing_a_row() -> None:
    cursor = AnswerCursor()
    cursor.load(SqlAnswer((("n", None),), tuple((number,) for number in range(7)), -1, None))
    parts: list[list[Any]] = [
        cursor.fetchmany(2),
        [cursor.fetchone()],
        cursor.fetchmany(0),
        cursor.fetchmany(3),
    ]
    assert [row for part in (*parts, cursor.fetchall()) for row in part] == [(number,) for number in range(7)]


def test_work_that_nobody_ends_is_given_nothing_that_another_statement_gave() -> None:
    writer, connection, said = ScriptWriter(), object(), list[str]()
    writer.sent(connection, key_of("SELECT 1", ()), SqlAnswer((("n", None),), ((1,),), 1, None))
    for now in (("SELECT 2", ()), ("SELECT 1", (5,)), ("SELECT 1", ()), ("SELECT 3", ())):
        answer = (reader := ScriptReader(writer.script, said.append)).answer(connection, key_of(*now))
        assert answer.rows == (((1,),) if now == ("SELECT 1", ()) else ())
        reader.end()
    assert len(said) >= 3
