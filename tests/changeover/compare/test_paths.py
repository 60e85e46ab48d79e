"""Paths of rules: which places they fit, which of them meet, and what cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from changeover.compare.paths import PathError, parse_path
from tests.changeover.support.observations import differences, rule


@pytest.mark.parametrize(
    ("pattern", "place", "fits"),
    [
        ("result.a", {"a": 1}, True),
        ('result."odd.name"', {"odd.name": 1}, True),
        (r'result."with \" and \\"', {'with " and \\': 1}, True),
        ("result.a", {"b": 1}, False),
        ("result.{a,b}", {"b": 1}, True),
        ("result.*", {"anything": 1}, True),
        ("result.*", [1], False),
        ("result[*]", [1], True),
        ("result[0]", [1], True),
        ("result[1]", [1], False),
        ("result.**", {"a": [{"b": 1}]}, True),
        ("**.b", {"a": [{"b": 1}]}, True),
        ("**.b.**", {"a": [{"b": 1}]}, True),
        ("result.**.b", {"b": 1}, True),
        ("**[*].b", {"a": [{"b": 1}]}, True),
        ("**[*]", {"a": [{"b": 1}]}, True),
        ("**.a", {"c": [{"b": 1}]}, False),
        ('result."(int) 3"', {3: 1}, True),
    ],
)
def test_paths_fit_the_places_they_describe(pattern: str, place: Any, fits: bool) -> None:
    assert (differences(place, altered(place), rule(pattern, 'abs = "1"')) == []) is fits


def altered(value: Any) -> Any:
    """Every number one larger."""
    if isinstance(value, dict):
        return {name: altered(part) for name, part in value.items()}
    return [altered(part) for part in value] if isinstance(value, list) else value + 1


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "result.",
        "result..a",
        "result[",
        "result[]",
        "result[1",
        "result.{a",
        "result.{}",
        'result."a',
        "result a",
        "results.a",
        "[0]",
        "result.a*",
        "result***",
        "x" * 2_000,
        "{result,other}.a",
    ],
)
def test_a_path_that_cannot_be_read_says_where(path: str) -> None:
    with pytest.raises(PathError, match="path"):
        parse_path(path)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("result.a", "result.a", True),
        ("result.a", "result.b", False),
        ("result.*", "result.b", True),
        ("result[*]", "result[3]", True),
        ("result[3]", "result[4]", False),
        ("result[*]", "result.*", False),
        ("**.a", "result.**", True),
        ("**.a", "result.**.b", False),
        ("result.{a,b}", "result.{b,c}", True),
        ("result.**.a.**", "**.b", True),
        ("effects.x.y[SPY,*].q", "effects.x.y[*,SELL].q", True),
        ("effects.x.y[SPY,*].q", "effects.x.y[TLT,SELL].q", False),
    ],
)
def test_two_paths_overlap_where_some_place_fits_both(one: str, other: str, overlap: bool) -> None:
    assert parse_path(one).overlaps(parse_path(other)) is overlap
    assert parse_path(other).overlaps(parse_path(one)) is overlap
