"""Objects that all know each other are looked at about as often as there are of them."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from changeover.values import equality
from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copying import snapshot
from changeover.values.equality import identical, strictly_same

FOR_ONE_MAX = 60
"""So many looks into something are made for each object."""


class Node:
    """Knows all others of its kind."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.others: Any = None


def in_a_list(nodes: list[Node]) -> None:
    for node in nodes:
        node.others = nodes


def in_lists_of_their_own(nodes: list[Node]) -> None:
    for node in nodes:
        node.others = [one for one in nodes if one is not node]


def by_name(nodes: list[Node]) -> None:
    for node in nodes:
        node.others = {f"n{one.number}": one for one in nodes}


def by_number(nodes: list[Node]) -> None:
    for node in nodes:
        node.others = {one.number: one for one in nodes}


def by_attribute(nodes: list[Node]) -> None:
    for node in nodes:
        for one in nodes:
            setattr(node, f"n{one.number}", one)


def looks(call: Callable[[], object]) -> int:
    """How often the comparison looks into something."""
    count = 0

    def seen(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        is_look = event == "call" and frame.f_code.co_filename == equality.__file__
        count += is_look and frame.f_code.co_name == "inside"

    sys.setprofile(seen)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("compare", [identical, strictly_same, is_unchanged])
@pytest.mark.parametrize("know", [in_a_list, in_lists_of_their_own, by_name, by_number, by_attribute])
def test_objects_that_know_each_other(know: Callable[[list[Node]], None], compare: Any) -> None:
    nodes = [Node(number) for number in range(8)]
    know(nodes)
    copy = snapshot(nodes)
    assert compare(nodes, copy)
    assert looks(lambda: compare(nodes, copy)) <= FOR_ONE_MAX * len(nodes)


def test_a_parser_whose_sections_know_it() -> None:
    parser = configparser.ConfigParser()
    parser.read_dict({name: {"x": "1"} for name in "abcdef"})
    copy = snapshot(parser)
    assert identical(parser, copy)
    assert looks(lambda: identical(parser, copy)) <= 1_000


@pytest.mark.parametrize("know", [in_a_list, by_attribute])
def test_a_difference_far_inside_is_found(know: Callable[[list[Node]], None]) -> None:
    nodes = [Node(number) for number in range(8)]
    know(nodes)
    copy = snapshot(nodes)
    copy[7].number = 70
    assert not identical(nodes, copy)
