"""Collections that hold weakly hold in a copy what they hold in the original, and let go of it alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict


class Node:
    def __init__(self, number: int) -> None:
        self.number = number


class Watched(WeakSet):  # type: ignore[type-arg]
    """Of a class of the program, with an attribute."""


OUTSIDE = Node(5)


class Tree:
    """Holds some nodes, and knows these and one that a module holds by a weak collection."""

    def __init__(self, kind: Any) -> None:
        self.known = kind()
        self.kept = [Node(1), Node(2)]
        for node in (*self.kept, OUTSIDE):
            self.add(node)

    def add(self, node: Node) -> None:
        known: Any = self.known
        if isinstance(known, WeakSet):
            known.add(node)
        elif isinstance(known, WeakKeyDictionary):
            known[node] = node.number
        else:
            known[node.number] = node

    def numbers(self) -> list[int]:
        nodes = self.known.values() if isinstance(self.known, WeakValueDictionary) else self.known
        return sorted(node.number for node in nodes)


def looks(tree: Tree) -> Any:
    return tree.numbers(), len(tree.known)


def lets_go(tree: Tree) -> Any:
    tree.kept.pop()
    return tree.numbers(), len(tree.known)


def adds(tree: Tree) -> Any:
    tree.kept.append(Node(3))
    tree.add(tree.kept[-1])
    return tree.numbers(), len(tree.known)


def adds_for_a_moment(tree: Tree) -> Any:
    node = Node(4)
    tree.add(node)
    between = len(tree.known)
    del node
    return between, len(tree.known), tree.numbers()


def makes_one(tree: Tree) -> Any:
    made = type(tree.known)()
    tree.known = made
    tree.add(OUTSIDE)
    return made


KINDS = [WeakSet, Watched, WeakKeyDictionary, WeakValueDictionary]
PATHS = [looks, lets_go, adds, adds_for_a_moment, makes_one]


def compared(kind: Any, legacy: Callable[..., Any], candidate: Callable[..., Any]) -> tuple[Run, Tree]:
    runs: list[Run] = []
    tree = Tree(kind)
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode="inline")
    migration.seam("s", legacy=legacy, candidate=candidate)(tree)
    migration.close()
    return runs[0], tree


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_code_matches(kind: Any, path: Callable[..., Any]) -> None:
    run, _ = compared(kind, path, path)

    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


@pytest.mark.parametrize("candidate", [lets_go, adds])
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_candidate_alone_does_to_one_is_found_and_not_done(
    kind: Any, candidate: Callable[..., Any]
) -> None:
    def quiet(tree: Tree) -> None:
        candidate(tree)

    run, tree = compared(kind, lambda tree: None, quiet)

    assert run.verdict is Verdict.DIVERGED
    assert any(found.place.startswith("arguments.tree.known") for found in run.divergences)
    assert tree.numbers() == [1, 2, 5]


def test_an_attribute_of_a_derived_one_is_compared() -> None:
    def marks(number: int) -> Callable[..., Any]:
        return lambda tree: setattr(tree.known, "mark", number)

    run, tree = compared(Watched, marks(1), marks(2))

    assert [str(found.place) for found in run.divergences] == ["arguments.tree.known.mark"]
    assert tree.known.mark == 1
