"""Laws of the comparison, for values of any shape."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from changeover.compare.comparison import compare
from changeover.compare.rules import Rules
from changeover.values.equality import strictly_same
from changeover.values.form import plain, token
from tests.changeover.support.observations import differences, effect, found, returned, rule
from tests.sweeps.injections import mirrored


@dataclass(frozen=True)
class Pair:
    left: Any
    right: Any


ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=-5))])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(width=16),
    st.decimals(places=1, min_value=-2, max_value=2) | st.sampled_from([Decimal("NaN"), Decimal("1.00")]),
    st.text("aB1 ", max_size=2),
    st.binary(max_size=1),
    st.datetimes(timezones=ZONES),
    st.dates(),
    st.uuids(),
)
KEYS = st.text("ab.", max_size=2) | st.integers(0, 2) | st.booleans()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.builds(Pair, inner, inner),
        st.frozensets(SCALARS, max_size=3),
    ),
    max_leaves=15,
)
ANY_ORDER = rule("result.**", "order = 'any'")
RENAMED = rule("result.**", "same_as = 'bijection'")
TOLERANT = rule("**", "abs = '0.5'\ntypes = 'numeric'")


@given(VALUES)
def test_a_value_and_its_copy_have_no_difference(value: Any) -> None:
    for rules in (Rules(), ANY_ORDER, RENAMED, TOLERANT):
        assert differences(value, copy.deepcopy(value), rules) == []
    assert differences(plain(value), value) == []


@given(VALUES, VALUES)
def test_the_fast_path_says_same_where_and_only_where_the_walk_finds_nothing(one: Any, other: Any) -> None:
    assert strictly_same(one, other) == (differences(one, other) == [])
    assert strictly_same([one] * 5, [other] * 5) == strictly_same(one, other)


@given(VALUES, VALUES)
def test_tokens_are_equal_where_and_only_where_values_are_the_same(one: Any, other: Any) -> None:
    assert (token(one) == token(other)) == strictly_same(one, other)


@given(VALUES, VALUES)
def test_exchanged_sides_find_the_same_with_missing_and_extra_exchanged(one: Any, other: Any) -> None:
    for rules in (Rules(), ANY_ORDER, TOLERANT):
        forth = compare(returned(one), returned(other), rules).divergences
        back = compare(returned(other), returned(one), rules).divergences
        # A pair of rows at different indexes has legacy's, which is the other one with the sides exchanged.
        assert Counter(
            (mirrored(divergence.kind), divergence.normal_place) for divergence in forth
        ) == Counter((divergence.kind, divergence.normal_place) for divergence in back)


@given(st.lists(VALUES, max_size=6), st.randoms())
def test_where_order_does_not_matter_every_permutation_is_the_same(rows: list[Any], random: Any) -> None:
    shuffled = copy.deepcopy(rows)
    random.shuffle(shuffled)
    assert differences(rows, shuffled, rule("result", "order = 'any'")) == []


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), max_size=6))
def test_unordered_rows_are_a_multiset(one: list[int], other: list[int]) -> None:
    same_multiset = sorted(one) == sorted(other)
    assert (differences(one, other, rule("result", "order = 'any'")) == []) == same_multiset


@given(
    st.lists(st.tuples(st.sampled_from(["submit", "cancel"]), st.integers(0, 2)), max_size=5), st.randoms()
)
def test_effects_in_another_order_are_found_unless_they_are_the_same_sequence(
    calls: list[tuple[str, int]], random: Any
) -> None:
    shuffled = list(calls)
    random.shuffle(shuffled)
    legacy = returned(1, *(effect(f"broker.{name}", key, at) for at, (name, key) in enumerate(calls)))
    candidate = returned(1, *(effect(f"broker.{name}", key, at) for at, (name, key) in enumerate(shuffled)))
    expected = [] if calls == shuffled else [("effect-order", "effects.broker")]
    assert found(compare(legacy, candidate)) == expected


@given(
    st.lists(st.text("ab", max_size=2), max_size=6), st.permutations(["", "a", "b", "aa", "ab", "ba", "bb"])
)
def test_a_consistent_renaming_is_the_same_and_any_other_is_not(names: list[str], renamed: list[str]) -> None:
    new = dict(zip(["", "a", "b", "aa", "ab", "ba", "bb"], renamed, strict=True))
    rules = rule("result[*]", "same_as = 'bijection'")
    candidate = [new[name] for name in names]
    assert differences(names, candidate, rules) == []
    if len(set(names)) < len(names):
        twice = next(at for at, name in enumerate(names) if names.index(name) < at)
        broken = [*candidate[:twice], "something else", *candidate[twice + 1 :]]
        assert differences(names, broken, rules) == [("not-a-bijection", f"result[{twice}]")]


def test_a_cut_of_the_sweep_of_injected_changes_finds_every_one() -> None:
    from tests.sweeps.injections import NOT_APPLIED, sweep

    notes, missed = sweep(1_500, 7)
    assert missed == []
    assert notes.total() - notes[NOT_APPLIED] > 1_000
    assert len(notes) > 40
