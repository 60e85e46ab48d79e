"""A frozen object is shared as long as nobody sets it; a path that does makes no match."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import attrs
import msgspec
import pydantic
import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

MAKES: dict[str, Callable[[], type]] = {
    "dataclass": lambda: make_dataclass("Order", [("number", int)], frozen=True),
    "slots": lambda: make_dataclass("Order", [("number", int)], frozen=True, slots=True),
    "subclass": lambda: make_dataclass(
        "Order",
        [("day", int, 0)],
        bases=(make_dataclass("Base", [("number", int)], frozen=True),),
        frozen=True,
    ),
    "attrs": lambda: attrs.make_class("Order", ["number"], frozen=True),
    "pydantic": lambda: pydantic.create_model(
        "Order", __config__=pydantic.ConfigDict(frozen=True), number=(int, ...)
    ),
    "msgspec": lambda: msgspec.defstruct("Order", [("number", int)], frozen=True),
}
HOLDERS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "itself": (lambda one: one, lambda given: given),
    "a list": (lambda one: [one, 1], lambda given: given[0]),
    "a tuple": (lambda one: (one, 1), lambda given: given[0]),
    "a dict": (lambda one: {"a": one}, lambda given: given["a"]),
    "a set": (lambda one: frozenset([one]), lambda given: next(iter(given))),
    "a view": (lambda one: MappingProxyType({"a": one}), lambda given: given["a"]),
}


def made(cls: Any) -> Any:
    return cls(number=1)


def set_number(order: Any, number: int = 7) -> None:
    if isinstance(order, msgspec.Struct):
        msgspec.structs.force_setattr(order, "number", number)
    else:
        object.__setattr__(order, "number", number)


def compared(
    legacy: Any, candidate: Any, calls: list[Any], mode: str = "inline", stage: str = "shadow"
) -> list[Run]:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)
    for given in calls:
        seam(given)
        migration.flush()
    return runs


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS.keys())
@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES.keys())
@pytest.mark.parametrize("who", ["legacy", "candidate"])
def test_a_frozen_object_that_a_path_sets_fails_the_first_run_and_is_copied_in_the_next(
    make: Callable[[], type], holder: Any, who: str
) -> None:
    put, of = holder
    cls = make()
    orders = [made(cls), made(cls)]

    def path(given: Any) -> int:
        set_number(of(given))
        return 1

    def other(given: Any) -> int:
        return 1

    paths = (path, other) if who == "legacy" else (other, path)
    first, second = compared(*paths, [put(one) for one in orders])

    assert first.verdict in (Verdict.FAILED, Verdict.DIVERGED)
    if first.verdict is Verdict.FAILED:
        assert "Order is frozen and handed over as it is, and was set" in str(first.reason)
    assert second.verdict is Verdict.DIVERGED
    left = 7 if who == "legacy" else 1
    assert orders[1].number == left
    if cls.__base__ is not msgspec.Struct:
        assert orders[0].number == left


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES.keys())
def test_the_same_code_matches_once_its_objects_are_copied(
    make: Callable[[], type], mode: str, stage: str
) -> None:
    cls = make()

    def one(order: Any) -> int:
        set_number(order, order.number + 1)
        return int(order.number)

    def another(order: Any) -> int:
        set_number(order, order.number + 1)
        return int(order.number)

    runs = compared(one, another, [made(cls) for _ in range(3)], mode, stage)

    assert runs[0].verdict in (Verdict.FAILED, Verdict.MATCH)
    assert [run.verdict for run in runs[1:]] == [Verdict.MATCH] * 2


@dataclass(frozen=True)
class Known:
    number: int


KNOWN = Known(1)


def test_a_frozen_object_that_nobody_sets_is_itself_in_a_replay() -> None:
    def legacy(given: list[Known]) -> bool:
        return given[0] is KNOWN

    def candidate(given: list[Known]) -> bool:
        return given[0] is KNOWN

    runs = compared(legacy, candidate, [[KNOWN]] * 2)

    assert [run.verdict for run in runs] == [Verdict.MATCH] * 2
    assert [run.answered.outcome.value for run in runs if run.answered] == [True, True]  # type: ignore[union-attr]


class Pair(NamedTuple):
    rows: list[int]


def test_what_a_named_tuple_holds_is_copied() -> None:
    pair = Pair([1])
    (run,) = compared(lambda given: 1, lambda given: given.rows.append(2) or 1, [pair])

    assert run.verdict is Verdict.DIVERGED
    assert pair.rows == [1]
