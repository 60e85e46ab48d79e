"""A class derived from one that keeps its content in C is that content and its own attributes."""

from __future__ import annotations

import array
import decimal
import io
import itertools
import random
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy
import pytest

from changeover import Migration, Run
from changeover.record.codec import Codec
from changeover.values.copying import snapshot
from changeover.values.verdict import Verdict


class Dice(random.Random):
    pass


class Report(io.StringIO):
    pass


class Page(io.BytesIO):
    pass


class Task(partial[Any]):
    pass


class Row(array.array):  # type: ignore[type-arg]
    pass


class Scopes(ChainMap[str, int]):
    pass


class History(deque[int]):
    pass


class Tree(defaultdict[str, Any]):
    pass


class Settings(UserDict[str, int]):
    pass


class Lines(UserList[int]):
    pass


class Tally(Counter[str]):
    pass


class Ordered(OrderedDict[str, int]):
    pass


class Precision(decimal.Context):
    pass


class Numbers(itertools.count):  # type: ignore[type-arg]
    pass


class OldGenerator(numpy.random.RandomState):
    pass


class Share(numpy.float64):
    pass


MAKERS: dict[str, Callable[[], Any]] = {
    "random numbers": lambda: Dice(1),
    "text in memory": lambda: Report("x"),
    "bytes in memory": lambda: Page(b"x"),
    "a partial": lambda: Task(max, 1),
    "a partial of the library itself": lambda: partial(max, 1),
    "an array": lambda: Row("i", [1]),
    "chained mappings": lambda: Scopes({"a": 1}),
    "a deque": lambda: History([1], 3),
    "a mapping with a default": lambda: Tree(list, {"a": 1}),
    "a mapping in an attribute": lambda: Settings({"a": 1}),
    "a list in an attribute": lambda: Lines([1]),
    "a counter": lambda: Tally("aab"),
    "an ordered mapping": lambda: Ordered(a=1),
    "a context of decimals": lambda: Precision(prec=4),
    "an iterator in C": lambda: Numbers(1),
    "a generator of numpy": lambda: OldGenerator(1),
    "a number of numpy": lambda: Share(1.0),
}
each = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


def compared(candidate: int, make: Callable[[], Any]) -> tuple[Run, Any]:
    def path(number: int) -> Callable[[Any], bool]:
        def changed(value: Any) -> bool:
            value.seen = number
            return True

        return changed

    value, runs = make(), list[Run]()
    value.seen = 0
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode="inline")
    migration.seam("s", legacy=path(1), candidate=path(candidate))(value)
    return runs[0], value


@each
def test_an_attribute_that_only_one_path_sets_so_is_found(make: Callable[[], Any]) -> None:
    run, value = compared(2, make)

    assert run.verdict is Verdict.DIVERGED
    assert [str(found.place) for found in run.divergences] == ["arguments.value.seen"]
    assert value.seen == 1


@each
def test_an_attribute_that_both_paths_set_alike_is_no_difference(make: Callable[[], Any]) -> None:
    run, value = compared(1, make)

    assert (run.verdict, run.reason) == (Verdict.MATCH, None)
    assert value.seen == 1


@each
def test_it_is_a_part_of_what_is_copied(make: Callable[[], Any]) -> None:
    value = make()
    value.seen = [1]

    copy = snapshot(value)

    assert type(copy) is type(value)
    assert copy.seen == value.seen
    assert copy.seen is not value.seen


@each
def test_it_is_written_with_the_content_or_the_value_is_not_written(make: Callable[[], Any]) -> None:
    codec, value = Codec(), make()
    value.seen = 1
    if isinstance(value, partial | decimal.Context | itertools.count):
        assert "would be made by calling what data name" in str(codec.problem_of(value))
    else:
        assert codec.decode(codec.encode(value)).seen == 1
        assert codec.problem_of(value) is None
