"""A gate says when it would have seen enough, by what came so far."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from changeover.evidence.store.records import StoredRun
from changeover.gate.forecast import Forecast, Progress, days_until, forecast
from changeover.gate.production import production_of
from changeover.values.gate_verdict import Answer
from changeover.views.text.forecast import forecast_text
from tests.changeover.support.gate_inputs import NOW, SEAMS, finishing, passing, production, run


def test_the_sentence_has_what_is_there_what_is_needed_and_how_long_that_takes() -> None:
    found = Forecast("desk.quote", Progress(214, 299), Progress(12, 20), 6)
    assert forecast_text(found) == "214 of 299 distinct inputs, 12 of 20 days: about 6 days"
    assert forecast_text(found, Answer.FAIL).endswith("waiting alone does not help")
    one = Forecast("desk.quote", Progress(298, 299), Progress(20, 20), 1)
    assert forecast_text(one) == "298 of 299 distinct inputs, 20 of 20 days: about 1 day"


@pytest.mark.parametrize(
    ("found", "needed", "elapsed", "days"),
    [
        (120, 180, 12, 6),
        (9, 12, 12, 4),
        (300, 299, 5, 0),
        (0, 299, 5, None),
        (10, None, 5, None),
        (1, 3, 1, 2),
    ],
)
def test_what_is_missing_comes_as_often_as_it_has_come(
    found: int, needed: int | None, elapsed: int, days: int | None
) -> None:
    assert days_until(Progress(found, needed), elapsed) == days


def of(runs: Iterable[StoredRun]) -> Forecast:
    made = passing().but_runs(runs).inputs
    found = forecast(made, production_of(made))
    assert found is not None
    return found


def every(days: int, how_many: int) -> list[StoredRun]:
    """One run of each seam on every so-many-th day, each with an input of its own; the last one today."""
    return [
        run(number, seam, at=NOW - timedelta(days=number * days))
        for number in range(how_many)
        for seam in SEAMS
    ]


def test_a_gate_of_ten_inputs_on_ten_days_waits_for_the_inputs() -> None:
    found = of(every(1, 10))
    assert (found.inputs, found.days) == (Progress(10, 299), Progress(10, 20))
    assert found.days_left == 289


def test_days_without_a_run_make_it_longer() -> None:
    found = of(every(2, 10))
    assert (found.days.found, found.days_left) == (10, 550)  # 289 inputs at 10 in 19 days


def test_a_gate_that_has_seen_enough_waits_for_nothing() -> None:
    assert of(production()).days_left == 0


def test_nobody_can_tell_before_a_run_came() -> None:
    found = of([])
    assert (found.inputs.found, found.days_left) == (0, None)
    assert forecast_text(found).endswith("nobody can tell before runs come")


def test_a_gate_that_asks_nothing_of_production_has_no_forecast() -> None:
    made = finishing().inputs
    assert forecast(made, production_of(made)) is None
