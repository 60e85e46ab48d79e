"""A ramp keeps whoever a run is for on one path; a key that tells where an object is names nobody."""

import collections
import dataclasses
import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple
from unittest.mock import Mock

import pytest

from changeover import Migration, Run
from changeover.values.pins import UnstableKey, stable_text


class Customer:
    pass


class TextOfItsPlace:
    def __str__(self) -> str:
        return f"customer {id(self)}"


@dataclasses.dataclass(frozen=True)
class Named:
    number: int
    parts: object = None


class Pair(NamedTuple):
    number: int
    parts: object = None


HELD = Customer()
NOBODY: dict[str, Callable[[], object]] = {
    "an object": Customer,
    "a function made anew": lambda: lambda: 1,
    "a generator made anew": lambda: (number for number in range(3)),
    "a weak reference": lambda: weakref.ref(HELD),
    "a mock": Mock,
    "a text of its place": TextOfItsPlace,
    "a mock in a pair": lambda: (1, Mock()),
    "an object in a dataclass": lambda: Named(1, Customer()),
    "an object in a named tuple": lambda: Pair(1, Customer()),
    "an object in a deque": lambda: collections.deque([Customer()]),
}


@pytest.mark.parametrize("kind", NOBODY)
def test_a_key_that_names_nobody_is_told_and_legacy_answers(kind: str) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "ramp:50"}, sink=runs.append, mode="inline")
    keys: list[Any] = []  # none is gone before the next is made, so that no two have one place

    def key(_: int) -> object:
        keys.append(NOBODY[kind]())
        return keys[-1]

    answer = migration.seam("s", legacy=lambda n: 1, candidate=lambda n: 1, key=key)
    for _ in range(20):
        answer(1)
    assert {str(run.answered_by) for run in runs} == {"legacy"}
    assert migration.problems


@pytest.mark.parametrize("key", [Named(1), Named(1, ("a", 2)), Pair(1), collections.deque([1]), "at 0x1f"])
def test_a_key_with_a_text_of_its_own_keeps_it(key: object) -> None:
    assert stable_text(key) == str(key)


SETS = ("Named(1, {'a', 'b', 'c'})", "Pair(1, frozenset('abc'))", "collections.deque([{'a', 'b', 'c'}])")


@pytest.mark.parametrize("key", SETS)
def test_a_set_inside_a_key_is_the_same_text_in_every_process(key: str) -> None:
    program = (
        f"import collections\nfrom {__name__} import Named, Pair, stable_text\nprint(stable_text({key}))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1


def test_an_object_that_is_found_inside_a_key_is_named() -> None:
    with pytest.raises(UnstableKey, match="Customer"):
        stable_text(Pair(1, Customer()))


@pytest.mark.parametrize(
    "key",
    [("com1", "port at 0x3F8"), Pair(1, "port at 0x3F8"), {"port": "at 0x3F8"}, "port at 0x3F8"],
    ids=lambda key: type(key).__name__,
)
def test_a_text_inside_a_key_may_name_an_address(key: object) -> None:
    assert "at 0x3F8" in stable_text(key)
