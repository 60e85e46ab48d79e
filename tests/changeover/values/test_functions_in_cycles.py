"""A function that a path made and that leads back to what holds it is its code and what it holds."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Any

import pytest

from changeover.values.content_key import frozen
from changeover.values.form import token


class Node:
    """Knows itself by a function, as an object does that listens to others."""

    def __init__(self, make: Callable[[Any], Callable[[], Any]]) -> None:
        self.listener = make(self)


def by_closure(step: int) -> Callable[[Any], Callable[[], Any]]:
    return lambda node: lambda: (node, step)


def by_default(step: int) -> Callable[[Any], Callable[[], Any]]:
    return lambda node: lambda node=node, step=step: (node, step)  # type: ignore[misc]


def by_weak_reference(step: int) -> Callable[[Any], Callable[[], Any]]:
    def make(node: Any) -> Callable[[], Any]:
        reference = weakref.ref(node)
        return lambda: (reference, step)

    return make


def by_other_code(node: Any) -> Callable[[], Any]:
    return lambda: [node, {1.0, -0.0}, lambda: node]


KINDS = [by_closure, by_default, by_weak_reference]


@pytest.mark.parametrize("key", [token, frozen], ids=["in a set", "as a question"])
@pytest.mark.parametrize("kind", KINDS)
def test_two_that_hold_the_same_are_one(kind: Any, key: Callable[[Any], Hashable]) -> None:
    assert key(Node(kind(1))) == key(Node(kind(1)))
    assert key([Node(kind(1)).listener]) == key([Node(kind(1)).listener])
    assert key(Node(by_other_code)) == key(Node(by_other_code))


@pytest.mark.parametrize("key", [token, frozen], ids=["in a set", "as a question"])
def test_two_that_differ_are_two(key: Callable[[Any], Hashable]) -> None:
    nodes = [*(Node(kind(step)) for kind in KINDS for step in (1, 2, True)), Node(by_other_code)]

    keys = [key(node) for node in nodes]

    assert len(set(keys)) == len(nodes)
