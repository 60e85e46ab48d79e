"""What can be read, what cannot, and what is too large: none of these ever passes for a match."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from importlib import resources
from struct import Struct
from typing import Any
from zoneinfo import ZoneInfo

import gmpy2
import pytest
import shapely

from changeover.compare.comparison import compare
from changeover.values import limits as named_limits
from changeover.values.content_key import same_content
from changeover.values.copying import snapshot
from changeover.values.divergence import Kind
from changeover.values.equality import strictly_same
from changeover.values.form import PlainSet, Unreadable, leaf_count, leaves, plain, token
from changeover.values.limits import LimitReached, NotComparable
from tests.changeover.support.observations import compared, differences, effect, found, returned


class Cache:
    """An ordinary object that keeps something no one can read."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.rest = iter([1])


class Slotted:
    __slots__ = ("__hidden", "shown", "unset")

    def __init__(self, shown: int, hidden: int) -> None:
        self.shown = shown
        self.__hidden = hidden


class Hostile:
    """Raises whatever is asked of it."""

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        raise OSError("not now")


class Lengthless(list[int]):
    """A list that does not say how long it is, which nobody asks it."""

    def __len__(self) -> int:
        raise OSError("not now")


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("make", [object, lambda: iter([1])])
def test_what_has_no_readable_structure_could_not_be_compared(make: Callable[[], Any]) -> None:
    comparison = compared({"a": 1, "b": make()}, {"a": 2, "b": make()})
    assert found(comparison) == [("value", "result.a"), ("comparer-error", "result.b")]


def test_the_very_same_unreadable_object_is_the_same() -> None:
    one = object()
    assert differences([one], [one]) == []


def test_what_is_unreadable_inside_an_object_is_named() -> None:
    comparison = compared(Cache(1), Cache(1))
    assert found(comparison) == [("comparer-error", "result.rest")]
    assert isinstance(comparison.divergences[0].legacy, Unreadable)


def test_slots_are_read_private_ones_too() -> None:
    assert differences(Slotted(1, 2), Slotted(1, 2)) == []
    assert differences(Slotted(1, 2), Slotted(1, 3)) == [("value", "result._Slotted__hidden")]


def test_what_hides_its_attributes_could_not_be_compared_and_what_a_container_says_is_not_asked() -> None:
    assert differences([Hostile()], [Hostile()]) == [("comparer-error", "result[0]")]
    assert differences(Lengthless([1]), Lengthless([1])) == []
    assert differences(Lengthless([1]), Lengthless([2])) == [("value", "result[0]")]


def test_values_that_contain_themselves_are_compared_to_their_end() -> None:
    one: list[Any] = [1]
    one.append(one)
    other: list[Any] = [1]
    other.append([1, other])
    third: list[Any] = [2]
    third.append(third)
    assert differences(one, other) == []
    assert strictly_same(one, other)
    assert ("value", "result[0]") in differences(one, third)
    assert not strictly_same(one, third)


def test_a_cycle_in_plain_form_says_how_far_up_it_leads() -> None:
    one: dict[str, Any] = {"a": 1}
    one["self"] = [one]
    assert plain(one)["self"][0].levels == 2


@pytest.mark.parametrize(
    ("make", "limit"),
    [
        (lambda: nested(named_limits.DEPTH_MAX + 50), "DEPTH_MAX"),
        (lambda: list(range(named_limits.LEAVES_MAX + 1)), "LEAVES_MAX"),
        (lambda: "".join(["x"] * (named_limits.TEXT_MAX + 1)), "TEXT_MAX"),
        (lambda: ["".join(["x"] * (named_limits.TEXT_MAX + 1))] * 5, "TEXT_MAX"),
        (lambda: {"".join(["x"] * (named_limits.NAME_MAX + 1)): 1}, "NAME_MAX"),
    ],
    ids=["deep", "many", "long", "long in rows", "long name"],
)
def test_reaching_a_limit_is_never_a_match(make: Callable[[], Any], limit: str) -> None:
    comparison = compared(make(), make())
    assert found(comparison) == [("comparer-error", "result")]
    assert limit in comparison.divergences[0].legacy


def laughing(end: Any) -> list[Any]:
    """A value that is small, and endless for who goes every way to its parts."""
    value: list[Any] = [{"lol": end}]
    for _ in range(40):
        value = [value, value, value]
    return value


def test_shared_parts_are_compared_once_however_many_ways_lead_to_them() -> None:
    assert strictly_same(laughing(Decimal(1)), laughing(Decimal(1)))
    assert not strictly_same(laughing(Decimal(1)), laughing(Decimal(2)))
    assert token(laughing(1)) == token(laughing(1)) != token(laughing(2))
    assert len(list(leaves(laughing(1)))) == 1


def test_a_difference_in_shared_parts_is_found_in_time_that_can_be_waited_for() -> None:
    comparison = compared(laughing(Decimal(1)), laughing(Decimal(2)))
    assert {kind for kind, _ in found(comparison)} == {"value"}


def test_the_plain_form_of_what_is_too_large_to_be_written_out_is_refused() -> None:
    with pytest.raises(LimitReached, match="LEAVES_MAX"):
        plain(laughing(Decimal(1)))


def test_a_limit_in_the_result_hides_no_difference_of_effects() -> None:
    big = nested(named_limits.DEPTH_MAX + 50)
    legacy = returned(big, effect("broker.submit", "SPY", quantity=1))
    candidate = returned(nested(named_limits.DEPTH_MAX + 50), effect("broker.submit", "SPY", quantity=2))
    assert found(compare(legacy, candidate)) == [
        ("comparer-error", "result"),
        ("effect-changed", "effects.broker.submit[SPY].quantity"),
    ]


def test_keys_that_would_become_one_are_not_merged() -> None:
    one, other = {float("nan"): 1, float("nan"): 2}, {float("nan"): 1, float("nan"): 3}
    assert found(compared(one, other)) == [("comparer-error", "result")]
    with pytest.raises(NotComparable):
        plain({"a": one})
    with pytest.raises(NotComparable):
        strictly_same(one, other)


def test_more_divergences_than_are_kept_are_counted() -> None:
    count = named_limits.DIVERGENCES_KEPT_MAX + 7
    comparison = compared([{"a": n} for n in range(count)], [{"a": -n - 1} for n in range(count)])
    assert len(comparison.divergences) == named_limits.DIVERGENCES_KEPT_MAX
    assert comparison.left_out == 7
    assert {divergence.kind for divergence in comparison.divergences} == {Kind.VALUE}


def test_the_plain_form_is_data_with_exact_scalars() -> None:
    form = plain({"a": Slotted(1, 2), 3: (Decimal("1.50"), {1})})
    assert list(form) == ["a", 3]
    assert form["a"] == {"shown": 1, "_Slotted__hidden": 2}
    assert form[3][0] == Decimal("1.50")
    assert isinstance(form[3][1], PlainSet)
    assert leaf_count(form) == 4


def _nameless(name: str) -> ZoneInfo:
    with resources.files("tzdata.zoneinfo").joinpath(name).open("rb") as file:
        return ZoneInfo.from_file(file)


@pytest.mark.parametrize(
    ("make", "other"),
    [
        (lambda: re.match("a", "ab"), lambda: re.match("a", "ac")),
        (lambda: re.search("b", "ab"), lambda: re.search("b|c", "ab")),
        (lambda: Struct("i"), lambda: Struct("q")),
        (lambda: int | None, lambda: int | str),
        (lambda: _nameless("Asia/Tokyo"), lambda: _nameless("Europe/Paris")),
        (lambda: gmpy2.mpz(10**30), lambda: gmpy2.mpz(10**30 + 1)),
        (lambda: gmpy2.mpq(5, 3), lambda: gmpy2.mpfr("1.5")),
        (lambda: shapely.Point(1, 2), lambda: shapely.Point(2, 1)),
        (
            lambda: shapely.Polygon([(0, 0), (1, 1), (1, 0)]),
            lambda: shapely.Polygon([(0, 0), (1, 1), (2, 0)]),
        ),
    ],
    ids=[
        *("a match", "a match of another pattern", "a layout", "a union of types", "a zone without a name"),
        *("a number that its library registers", "a fraction", "a point whose library reduces it", "an area"),
    ],
)
def test_what_keeps_its_content_in_c_is_what_it_says(make: Any, other: Any) -> None:
    assert token([make()]) == token([make()])
    assert token([make()]) != token([other()])
    assert same_content(make(), make())
    assert not same_content(make(), other())
    assert same_content(snapshot([make()]), [make()])
