"""In the program's own traffic statements stand on the tape: reads answer, and a replay writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import sessionmaker

from tests.changeover.support.alchemy_shop import (
    DATABASES,
    Order,
    contents,
    engine_of,
    place_by_orm,
    place_by_sql,
    shadowed,
)

ITEMS = [("s1", 2), ("s2", 1)]


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with engine_of(request.param, tmp_path) as made:
        yield made


def run_of(engine: Any, legacy: Any, candidate: Any, **options: Any) -> Any:
    seam, runs = shadowed(engine, legacy, candidate, own_traffic=True, **options)
    with sessionmaker(engine)() as session:
        seam(session, "r1", ITEMS)
        assert not session.new
        session.commit()
    return runs[-1]


@pytest.mark.parametrize("path", [place_by_sql, place_by_orm], ids=["sql", "orm"])
def test_the_same_statements_match_and_happen_once(engine: Any, path: Any) -> None:
    run = run_of(engine, path, lambda *given: path(*given))
    assert run.verdict == "match", run.reason or run.divergences
    assert contents(engine)["stock"] == {"s0": 6, "s1": 4, "s2": 5, "s3": 6}
    assert contents(engine)["lines"] == ITEMS


@pytest.mark.parametrize("fault", ["quantity", "reference"])
def test_the_same_statement_with_other_values_differs(engine: Any, fault: str) -> None:
    run = run_of(engine, place_by_orm, lambda *given: place_by_orm(*given, fault=fault))
    assert run.verdict == "unsafe", run.reason


def test_a_missing_commit_differs(engine: Any) -> None:
    run = run_of(engine, place_by_orm, lambda *given: place_by_orm(*given, fault="no commit"))
    assert (run.verdict, [one.place for one in run.divergences]) == ("unsafe", ["effects.db.commit[]"])


def test_statements_that_legacy_never_sent_are_no_verdict(engine: Any) -> None:
    run = run_of(engine, place_by_sql, place_by_orm)
    assert (run.verdict, "no such statement" in str(run.reason)) == ("failed", True)
    assert contents(engine)["orders"] == [("old", "new"), ("r1", "placed")]


def test_rows_where_legacy_wrote_nothing_differ_and_are_not_there(engine: Any) -> None:
    def writes(session: Any, ref: str, items: Any) -> None:
        session.add(Order(ref=ref))
        session.commit()

    run = run_of(engine, lambda *_: None, writes)
    assert run.verdict == "unsafe", run.reason
    assert contents(engine)["orders"] == [("old", "new")]


def test_a_refused_statement_is_refused_again(engine: Any) -> None:
    def twice(session: Any, ref: str, items: Any) -> str:
        try:
            session.execute(text("INSERT INTO orders (ref, status) VALUES ('old', 'new')"))
        except IntegrityError:
            session.rollback()
            return "there already"
        return "made"

    run = run_of(engine, twice, lambda *given: twice(*given))
    assert run.verdict == "match", run.reason or run.divergences
    assert run.legacy.outcome.value == "there already"


def test_a_question_that_legacy_never_asked_is_no_verdict(engine: Any) -> None:
    def asks(session: Any, ref: str, items: Any) -> Any:
        return session.execute(text("SELECT count(*) FROM orders")).scalar_one()

    assert run_of(engine, lambda *_: 1, asks).verdict == "failed"


def test_the_session_of_the_caller_is_never_the_replay_s(engine: Any) -> None:
    given: list[Any] = []

    def candidate(session: Any, *args: Any) -> Any:
        given.append(session)
        return place_by_orm(session, *args)

    seam, _ = shadowed(engine, place_by_orm, candidate, own_traffic=True)
    with sessionmaker(engine)() as session:
        seam(session, "r1", ITEMS)
        assert len(given) == 1
        assert given[0] is not session
    assert contents(engine)["lines"] == ITEMS


def test_the_answer_keeps_its_form_for_the_program(engine: Any) -> None:
    def asks(session: Any, ref: str, items: Any) -> Any:
        found = session.execute(text("SELECT sku, on_hand FROM stock ORDER BY sku"))
        return [*found.keys()], [
            tuple(row) for row in found.mappings().fetchmany(2) for row in [row.values()]
        ]

    seam, runs = shadowed(engine, asks, asks, own_traffic=True)
    with sessionmaker(engine)() as session:
        assert seam(session, "", []) == (["sku", "on_hand"], [("s0", 6), ("s1", 6)])
    assert runs[-1].verdict == "match", runs[-1].reason or runs[-1].divergences


def test_a_driver_whose_dialect_looks_at_the_connection_is_followed(tmp_path: Path) -> None:
    pytest.importorskip("psycopg2")
    with engine_of("postgresql", tmp_path, driver="psycopg2") as engine:
        run = run_of(engine, place_by_sql, lambda *given: place_by_sql(*given))
    assert run.verdict == "match", run.reason or run.divergences


def test_a_question_that_legacy_asked_in_other_words_is_one_reason_with_the_way_out(engine: Any) -> None:
    def asks(words: str) -> Any:
        def path(session: Any, reference: str, items: Any) -> int:
            found = session.execute(text(f"SELECT {words} FROM stock WHERE sku = :sku"), {"sku": items[0][0]})
            return int(found.scalar_one())

        return path

    run = run_of(engine, asks("on_hand"), asks("stock.on_hand"))
    assert (
        run.verdict,
        "compared with rows = true, where the mode is inline or background (a worker" in str(run.reason),
    ) == ("failed", True)
    assert "SELECT stock.on_hand FROM stock" in str(run.reason)
    assert "s1" not in str(run.reason)  # with other parameters it is the same reason


def test_what_is_read_in_parts_loses_no_row(engine: Any) -> None:
    numbers = " UNION ".join(f"SELECT {number} AS n" for number in range(7))
    asked = text(f"SELECT n FROM ({numbers}) AS numbers ORDER BY n")

    def path(session: Any, ref: str, items: Any) -> Any:
        found, parts = session.execute(asked), []
        while part := found.fetchmany(2):
            parts.append([row.n for row in part])
        return parts

    run = run_of(engine, path, lambda *given: path(*given))
    assert run.verdict == "match", run.reason or run.divergences
    assert run.legacy.outcome.value == [[0, 1], [2, 3], [4, 5], [6]]
