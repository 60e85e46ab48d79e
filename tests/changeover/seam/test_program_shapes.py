"""A cut of `python -m tests.sweeps shapes`: ordinary shapes of programs, two calls of each."""

import pytest

from tests.changeover.support.program_shapes import SHAPES
from tests.sweeps.shapes import swept, trials

CALLS = 2
COMBINED = (
    {("shadow", "inline"), ("live", "background")},
    {("shadow", "background"), ("live", "inline")},
)


def test_the_table_has_many_shapes_with_planted_changes_and_reasons() -> None:
    assert len(SHAPES) >= 60
    assert all(shape.planted for shape in SHAPES.values())
    assert all(shape.why for shape in SHAPES.values() if shape.expected is not None)


@pytest.mark.parametrize("name", SHAPES)
def test_the_same_code_never_differs_and_a_planted_change_never_matches(name: str) -> None:
    tried = COMBINED[[*SHAPES].index(name) % 2]
    figures = swept([one for one in trials([SHAPES[name]]) if (one.stage, one.mode) in tried], CALLS)
    assert dict(figures.wrong) == {}
    assert figures.same.total() > 0
    assert figures.planted.total() > 0
