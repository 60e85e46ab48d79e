"""What another process sends of a value is written and kept like the value itself."""

import json
import random
from typing import Any

import pytest

from changeover.evidence.sent_values import value_received, value_sent
from changeover.evidence.store.rows_of_runs import keep_value
from changeover.evidence.store.run_contents import value_data
from changeover.values.divergence import ABSENT
from changeover.values.form import plain
from changeover.values.limits import NotComparable
from changeover.values.value_text import change_text, value_text
from tests.changeover.support.generated_values import build, changed, recipe


def sent(value: Any) -> Any:
    return value_received(json.loads(json.dumps(value_sent(value))))


def shown(value: Any, other: Any) -> list[Any]:
    """All that is made of the two sides of a difference, at several widths."""
    kept = [value_data(keep_value(side)) for side in (value, other)]
    texts = [value_text(value, width) for width in (8, 32, 2_000)]
    return [kept, texts, [change_text(value, other, width) for width in (20, 68, 200)]]


@pytest.mark.parametrize("seed", range(300))
def test_generated_values_are_shown_and_kept_the_same(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311  a recipe, no secret
    one = recipe(draw)
    other = changed(draw, one)
    try:
        values = [plain(build(one)), plain(build(other))]
    except NotComparable:
        pytest.skip("there is no plain form of it")
    assert shown(*map(sent, values)) == shown(*values)


@pytest.mark.parametrize(
    "value",
    [ABSENT, 2**53, -(2**60), float("inf"), "\ud800", "a\nb", {"absent": True}, {"written": 1}, [], {}],
)
def test_what_looks_like_something_else_on_its_way_arrives_as_what_it_is(value: Any) -> None:
    assert shown(sent(value), 1) == shown(value, 1)
    assert shown(1, sent(value)) == shown(1, value)


def test_a_value_is_told_from_one_of_another_type_that_is_written_alike() -> None:
    class Code(str):
        pass

    assert change_text(sent(Code("a")), sent("a")) == change_text(Code("a"), "a")
    assert "(Code)" in change_text(sent(Code("a")), sent("a"))
