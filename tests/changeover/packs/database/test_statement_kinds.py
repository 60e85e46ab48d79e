"""What a statement of PostgreSQL does, as a driver is given it."""

from __future__ import annotations

import pytest

from changeover.packs.database.statement_kind import kind_for_driver, kind_of, statements_in


@pytest.mark.parametrize("statement", ["SELECT pg_notify('a', 'b')", "select setval('s', 3)"])
def test_a_question_that_others_notice_is_a_change(statement: str) -> None:
    assert (kind_of(statement), kind_for_driver(statement)) == ("write", "write")


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELECT 1; DELETE FROM t WHERE a = ';'", "write"),
        ("SELECT 1; SELECT 2", "read"),
        ("SET x = 1; SHOW x", "read"),
        ("SET x = 1", "session"),
        ("EXPLAIN SELECT 1", "read"),
        ("EXPLAIN (ANALYZE) INSERT INTO t VALUES (1)", "write"),
        ("NOTIFY a", "write"),
        ("WITH gone AS (DELETE FROM t RETURNING a) SELECT * FROM gone", "write"),
    ],
)
def test_a_text_is_what_its_strongest_statement_is(statement: str, kind: str) -> None:
    assert kind_for_driver(statement) == kind


def test_semicolons_in_quotes_and_bodies_divide_nothing() -> None:
    text = "SELECT ';' AS \"a;b\" -- c;\n; DO $x$ BEGIN; END; $x$;"
    assert statements_in(text) == ["SELECT ';' AS \"a;b\" -- c;", "DO $x$ BEGIN; END; $x$"]
