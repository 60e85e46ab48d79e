"""deepdiff explains and does not judge: where it is right the walk agrees, where it is wrong it wins."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from deepdiff import DeepDiff
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from changeover.compare.explain_text import SILENT, explain
from changeover.values.equality import strictly_same
from tests.changeover.support.observations import differences, rule

ORDERED_DATA = st.recursive(
    st.none() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=4),
    max_leaves=10,
)


class Model(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


@given(ORDERED_DATA, ORDERED_DATA)
def test_on_ordered_data_the_walk_and_deepdiff_agree(one: Any, other: Any) -> None:
    assert (DeepDiff(one, other) == {}) == strictly_same(one, other)
    if not strictly_same(one, other):
        assert explain(one, other).agrees


@pytest.mark.parametrize(
    ("legacy", "candidate", "options", "rule_text"),
    [
        ([{"id": 1}, {"id": 1}], [{"id": 1}], {"ignore_order": True}, 'order = "any"'),
        ([1], [1.0], {}, 'order = "any"'),
        ([1], [True], {}, 'order = "any"'),
        ([None], ["NONE"], {"ignore_order": True}, 'order = "any"'),
        (
            [datetime(2016, 3, 1, 12)],
            [datetime(2016, 3, 1, 12, tzinfo=UTC)],
            {},
            'order = "any"',
        ),
        ({"__private": 1}, {"__private": 2}, {}, 'abs = "0"'),
        (Model(a=1), Model.model_validate({"a": 1, "b": 2}), {}, 'abs = "0"'),
    ],
    ids=[
        "duplicate row",
        "int and float",
        "int and bool",
        "None and text",
        "naive and aware",
        "names with __",
        "extras of a model",
    ],
)
def test_what_deepdiff_overlooks_is_found(
    legacy: Any, candidate: Any, options: dict[str, Any], rule_text: str
) -> None:
    assert DeepDiff(legacy, candidate, **options) == {}, (
        "a release that is right about this: say so in anchors"
    )
    assert differences(legacy, candidate)
    assert differences(legacy, candidate, rule("result", rule_text))


def test_what_deepdiff_gives_up_on_is_found() -> None:
    legacy = [{"id": number, "n": number} for number in range(50)]
    candidate = [{"id": number, "n": -number - 1} for number in range(50)]
    gave_up = DeepDiff(legacy, candidate, ignore_order=True, max_diffs=1, log_frequency_in_sec=0)
    assert len(gave_up.affected_paths) < 50
    assert len(differences(legacy, candidate, rule("result", 'match_by = ["id"]'))) == 50


def test_an_explanation_says_what_differs() -> None:
    explanation = explain({"a": 1, "b": [1, 2]}, {"a": 2, "b": [1]})
    assert explanation.agrees
    assert any("root['a']" in line and "1" in line and "2" in line for line in explanation.lines)


def test_where_deepdiff_is_silent_the_text_says_which_of_the_two_counts() -> None:
    naive, aware = datetime(2016, 3, 1, 12), datetime(2016, 3, 1, 12, tzinfo=UTC)
    assert differences(naive, aware)
    explanation = explain(naive, aware)
    assert (explanation.lines, explanation.agrees) == ((SILENT,), False)


def test_an_explanation_is_bounded() -> None:
    explanation = explain(list(range(300)), [-number - 1 for number in range(300)])
    assert len(explanation.lines) == 20
    assert explanation.left_out == 280
    large = explain(list(range(5_000)), [])
    assert not large.agrees
    assert "leaves" in large.lines[0]


def test_deepdiff_is_loaded_only_when_something_is_explained() -> None:
    program = (
        "import sys; from changeover.compare import explain_text;"
        "from changeover.values.equality import strictly_same;"
        "strictly_same([1], [2]); assert 'deepdiff' not in sys.modules;"
        "explain_text.explain(1, 2); assert 'deepdiff' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
