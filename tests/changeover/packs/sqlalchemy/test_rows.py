"""The rows that two paths change through SQLAlchemy are compared, whatever statements they send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker

from tests.changeover.support.alchemy_shop import (
    DATABASES,
    FAULTS,
    contents,
    engine_of,
    open_transactions,
    place_by_orm,
    place_by_sql,
    shadowed,
)

ITEMS = [("s1", 2), ("s2", 1)]


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with engine_of(request.param, tmp_path) as made:
        yield made
        if request.param == "postgresql":
            assert open_transactions(made) == []


def test_sql_and_orm_with_a_session_that_is_given_match(engine: Any) -> None:
    seam, runs = shadowed(engine, place_by_sql, place_by_orm)
    with sessionmaker(engine)() as session:
        assert seam(session, "r1", ITEMS) == "r1"
    assert [run.verdict for run in runs] == ["match"], runs[0].reason or runs[0].divergences


def test_sql_and_orm_with_sessions_of_their_own_match(engine: Any) -> None:
    make = sessionmaker(engine)

    def legacy(ref: str) -> str:
        with make() as session:
            return place_by_sql(session, ref, ITEMS)

    def candidate(ref: str) -> str:
        with make() as session:
            return place_by_orm(session, ref, ITEMS)

    seam, runs = shadowed(engine, legacy, candidate)
    seam("r1")
    seam("r2")
    assert [run.verdict for run in runs] == ["match", "match"], runs[0].reason or runs[0].divergences


def test_sql_and_orm_whose_caller_commits_match(engine: Any) -> None:
    def legacy(session: Any, ref: str) -> str:
        return place_by_sql(session, ref, ITEMS, commits=False)

    def candidate(session: Any, ref: str) -> str:
        return place_by_orm(session, ref, ITEMS, commits=False)

    seam, runs = shadowed(engine, legacy, candidate)
    with sessionmaker(engine)() as session:
        session.execute(text("UPDATE stock SET on_hand = 5 WHERE sku = 's0'"))
        seam(
            session,
            "r1",
        )
        session.commit()
    assert [run.verdict for run in runs] == ["match"], runs[0].reason or runs[0].divergences
    assert contents(engine)["stock"] == {"s0": 5, "s1": 4, "s2": 5, "s3": 6}


def test_the_real_rows_are_those_of_the_answering_path_alone(engine: Any) -> None:
    seam, _ = shadowed(engine, place_by_sql, lambda *given: place_by_orm(*given, fault="other row"))
    with sessionmaker(engine)() as session:
        seam(session, "r1", ITEMS)
    assert contents(engine) == {
        "stock": {"s0": 6, "s1": 4, "s2": 5, "s3": 6},
        "orders": [("old", "new"), ("r1", "placed")],
        "lines": [("s1", 2), ("s2", 1)],
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_is_found_as_a_row(engine: Any, fault: str) -> None:
    def candidate(session: Any, ref: str, items: Any) -> str:
        return place_by_orm(session, ref, items, fault=fault)

    seam, runs = shadowed(engine, place_by_sql, candidate)
    with sessionmaker(engine)() as session:
        seam(session, "r1", ITEMS)
    assert runs[-1].verdict == "unsafe", runs[-1].reason
    assert all(one.place.startswith("effects.db.") for one in runs[-1].divergences)
    assert contents(engine)["lines"] == ITEMS


def test_an_error_of_both_paths_with_nothing_kept_is_no_difference(engine: Any) -> None:
    seam, runs = shadowed(engine, place_by_sql, place_by_orm)
    before = contents(engine)
    with sessionmaker(engine)() as session, pytest.raises(ValueError, match="out of stock"):
        seam(session, "r1", [("s1", 2), ("s2", 100)])
    assert runs[-1].verdict in ("match", "vacuous")
    assert contents(engine) == before


def test_a_candidate_that_keeps_rows_where_legacy_raised_differs(engine: Any) -> None:
    seam, runs = shadowed(engine, place_by_sql, lambda *given: place_by_orm(*given, fault="keeps going"))
    with sessionmaker(engine)() as session, pytest.raises(ValueError, match="out of stock"):
        seam(session, "r1", [("s1", 2), ("s2", 100)])
    assert runs[-1].verdict == "unsafe"


def test_a_candidate_that_answers_is_compared_with_legacy_on_the_copy(engine: Any) -> None:
    seam, runs = shadowed(engine, place_by_sql, place_by_orm, stage="live")
    with sessionmaker(engine)() as session:
        seam(session, "r1", ITEMS)
        session.commit()
    assert [run.verdict for run in runs] == ["match"], runs[0].reason or runs[0].divergences
