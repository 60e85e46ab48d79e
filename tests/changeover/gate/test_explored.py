"""A gate that asks for other orders of events, and what it makes of the explorations that are kept."""

from typing import Any

import pytest

from changeover.errors import ConfigurationError
from changeover.evidence.store.records import EXPLORED
from changeover.values.gate_verdict import Answer
from tests.changeover.support.gate_inputs import SEAMS, Case, passing, plan_of, review, spots

ASKED = "explore = { schedules = 1000, divergences_max = 0 }"


def asking(*explored: tuple[str, dict[str, Any]], asked: str = ASKED, **changes: Any) -> Case:
    case = passing().but_plan('check = ["lint-imports"]', f'check = ["lint-imports"]\n{asked}')
    made = [review(EXPLORED, seam, body, **changes) for seam, body in explored]
    return case.but_evidence(reviews=(*made, spots()))


def body(schedules: int = 1000, divergences: int = 0, **more: Any) -> dict[str, Any]:
    return {"schedules": schedules, "divergences": divergences, "not_compared": 0, **more}


BOTH = tuple((seam, body()) for seam in SEAMS)


def test_it_passes_where_every_seam_was_explored_and_nothing_differs() -> None:
    assert asking(*BOTH).verdict.answer is Answer.PASS


def test_a_gate_that_does_not_ask_is_indifferent_to_it() -> None:
    assert not [one for one in passing().verdict.criteria if one.name.startswith("explore")]


@pytest.mark.parametrize(
    ("second", "changes", "answer", "said"),
    [
        (None, {}, Answer.INCONCLUSIVE, "no exploration on this code"),
        (body(), {"code": "other"}, Answer.INCONCLUSIVE, "no exploration on this code"),
        (body(999), {}, Answer.INCONCLUSIVE, "fewer schedules"),
        (body(divergences=1, failing=[{"cluster": "ab" * 32}]), {}, Answer.FAIL, "first ababab"),
        (body() | {"not_compared": 3}, {}, Answer.INCONCLUSIVE, "3 not compared"),
        (body(), {"answer": "inconclusive"}, Answer.INCONCLUSIVE, "no bus asked"),
        (body(12, exhaustive=True), {}, Answer.PASS, "all that there are"),
    ],
)
def test_what_was_explored_decides(
    second: dict[str, Any] | None, changes: dict[str, Any], answer: Answer, said: str
) -> None:
    explored = () if second is None else ((SEAMS[1], second),)
    criterion = asking(*explored, **changes).criterion(f"explore: {SEAMS[1]}")
    assert (criterion.answer, said in criterion.detail) == (answer, True), criterion
    if answer is not Answer.PASS:
        assert criterion.do == f"changeover explore {SEAMS[1]} --schedules 1000"


def test_what_differs_in_other_orders_is_told_where_nobody_asked() -> None:
    for asked in ("", f'explore = {{ schedules = 10, seams = ["{SEAMS[0]}"] }}'):
        made = asking(BOTH[0], (SEAMS[1], body(5, divergences=2)), asked=asked)
        criterion = made.criterion(f"explore: {SEAMS[1]}")
        assert (criterion.answer, criterion.found) == (Answer.FAIL, "2 of 5 differ")
        assert criterion.do == f"changeover explore {SEAMS[1]}"
    quiet = asking((SEAMS[1], body(5)), asked="")
    assert not [one for one in quiet.verdict.criteria if one.name.startswith("explore")]


def test_only_the_seams_that_are_named_are_asked() -> None:
    asked = f'explore = {{ schedules = 10, seams = ["{SEAMS[0]}"] }}'
    assert asking(BOTH[0], asked=asked).verdict.answer is Answer.PASS


def test_a_maximum_allows_as_many_to_differ() -> None:
    asked = "explore = { schedules = 10, divergences_max = 2 }"
    three, two = ([(seam, body(divergences=number)) for seam in SEAMS] for number in (3, 2))
    assert asking(*two, asked=asked).verdict.answer is Answer.PASS
    assert asking(*three, asked=asked).verdict.answer is Answer.FAIL


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("explore = { schedules = 0 }", "schedules"),
        ('explore = { seams = ["desk.nothing"] }', "desk.nothing"),
        ("explore = { orders = 3 }", "orders"),
    ],
)
def test_a_wrong_table_is_refused_in_a_sentence(asked: str, said: str) -> None:
    from tests.changeover.support.gate_inputs import PLAN

    with pytest.raises(ConfigurationError, match=said):
        plan_of(PLAN.replace('check = ["lint-imports"]', f'check = ["lint-imports"]\n{asked}'))
