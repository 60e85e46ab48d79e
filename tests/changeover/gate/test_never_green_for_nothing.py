"""A gate cannot be green for nothing: every case is one change away from inputs that pass."""

from collections.abc import Callable

import pytest

from changeover.values.gate_verdict import Answer
from changeover.views.layout import Screen
from changeover.views.text.gate import gate_screen
from tests.changeover.support.gate_evidence_cases import EVIDENCE_CASES
from tests.changeover.support.gate_inputs import Case, completing, finishing, passing
from tests.changeover.support.gate_stage_cases import STANDING_CASES

CASES = EVIDENCE_CASES | STANDING_CASES


@pytest.mark.parametrize("make", [passing, completing, finishing])
def test_the_inputs_that_the_cases_begin_with_pass(make: Callable[[], Case]) -> None:
    verdict = make().verdict
    wrong = [one for one in verdict.criteria if one.answer is not Answer.PASS]
    assert (wrong, verdict.answer, verdict.exit_code, verdict.do_first) == ([], Answer.PASS, 0, None)


@pytest.mark.parametrize("name", CASES)
def test_a_gate_is_not_green(name: str) -> None:
    make, change, answer, reason = CASES[name]
    verdict = change(make()).verdict
    screen = gate_screen(verdict, Screen())
    assert verdict.answer is answer, screen
    assert reason in " ".join(screen.split()), screen
    assert screen.endswith(f"exit {verdict.exit_code}\n")
    assert max(map(len, screen.splitlines())) <= 100


def test_there_are_at_least_twenty_five_ways_to_be_green_for_nothing() -> None:
    assert len(CASES) >= 25
