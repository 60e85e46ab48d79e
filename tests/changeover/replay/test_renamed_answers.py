"""An answer of many replays gets the names of each path, as if it were looked through each time."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from changeover.record.tape import Entry
from changeover.replay.renamed_answers import RenamedAnswers
from changeover.values.identifiers import Names

ONE, TWO = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Order:
    id: Any
    note: Any = ""


class Text(str):
    """A text of a class of its own."""


TEXTS = [
    "order-1",
    "order-12",
    "order-2",
    "no",
    "17",
    "a1",
    "see order-1, not order-12",
    "reorder-1",
    str(ONE),
]
NAMES = st.lists(
    st.tuples(st.sampled_from(["order-1", "order-12", "a1", ONE, "17"]), st.integers(1, 3)), max_size=4
)
LEAVES = st.sampled_from(
    [*TEXTS, *map(Text, TEXTS), ONE, TWO, 17, Decimal(17), None, "".join(["order", "-1"])]
)
ANSWERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.builds(Order, inner, inner)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(TEXTS), inner, max_size=2)
    ),
    max_leaves=8,
)


def names_of(pairs: list[tuple[Any, int]]) -> Names:
    names = Names()
    for name, number in pairs:
        names.add(name, UUID(int=number + 10) if type(name) is UUID else f"path-{number}")
    return names


def read(value: Any) -> Any:
    return type(value), repr(value)


@given(ANSWERS, st.lists(NAMES, min_size=1, max_size=5))
def test_each_replay_is_given_the_answer_with_its_own_names(
    answer: Any, each: list[list[tuple[Any, int]]]
) -> None:
    answers, entry, before = RenamedAnswers(), Entry(None, (), {}, None), repr(answer)  # type: ignore[arg-type]
    for pairs in each:
        given_again = answers.of(entry, answer, names_of(pairs))
        expected = names_of(pairs).applied(answer)
        assert read(given_again) == read(expected)
        assert (given_again is answer) is (expected is answer)
        assert repr(answer) == before


def test_many_names_are_looked_for_too() -> None:
    answers, entry, answer = RenamedAnswers(), Entry(None, (), {}, None), ["about x30-1"]  # type: ignore[arg-type]
    for _ in range(2):
        names = Names()
        for number in range(10, 40):
            names.add(f"x{number}-1", f"y{number}")
        assert answers.of(entry, answer, names) == ["about y30"]
        assert answers.of(entry, answer, Names()) is answer


@given(st.lists(LEAVES.filter(lambda leaf: type(leaf) is not Text), max_size=4).map(tuple), NAMES)
def test_flat_arguments_are_renamed_as_nested_ones_are(
    value: tuple[Any, ...], pairs: list[tuple[Any, int]]
) -> None:
    names = names_of(pairs)
    flat, nested = names.applied(value), names.applied([value])
    assert read(flat) == read(nested[0])
    assert (flat is value) is (nested[0] is value)
