"""Members of an enumeration, paths and zones are handed over as they are, and read before and after."""

from __future__ import annotations

import enum
import pathlib
from collections.abc import Callable
from datetime import timedelta, tzinfo
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict


class Desk(enum.Enum):
    NORTH = 1
    SOUTH = 2

    def __init__(self, number: int) -> None:
        self.orders: list[int] = []


class Counter(enum.Enum):
    NORTH = 1

    def __init__(self, number: int) -> None:
        self.orders = 0

    def count(self) -> None:
        self.orders += 1


class Plain(enum.Enum):
    NORTH = 1

    def note(self, number: int) -> None:
        self.orders = number


class Document(type(pathlib.Path())):  # type: ignore[misc]
    """A path of the program with an attribute."""


class Zone(tzinfo):
    def __init__(self) -> None:
        self.orders: list[int] = []

    def utcoffset(self, moment: Any) -> timedelta:
        return timedelta(0)


def desk() -> Desk:
    Desk.NORTH.orders.clear()
    return Desk.NORTH


def document() -> Document:
    made = Document("a")
    made.orders = []
    return made


MAKES = pytest.mark.parametrize("make", [desk, document, Zone], ids=lambda make: make.__name__)


def compared(
    legacy: Any, candidate: Any, argument: Any, *, stage: str = "shadow", mode: str = "inline"
) -> Run:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    migration.seam("s", legacy=legacy, candidate=candidate)(argument)
    migration.flush()
    return runs[0]


def noting(number: int) -> Callable[[Any], None]:
    return lambda one: one.orders.append(number)


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["itself", "inside"])
@MAKES
def test_a_path_that_changes_what_a_member_path_or_zone_holds_fails_the_run(
    make: Callable[[], Any], wrapped: bool, mode: str, stage: str
) -> None:
    thing = make()
    paths = [noting(1), noting(2)]
    if wrapped:
        run = compared(
            lambda given: paths[0](given["one"]),
            lambda given: paths[1](given["one"]),
            {"one": thing},
            stage=stage,
            mode=mode,
        )
    else:
        run = compared(paths[0], paths[1], thing, stage=stage, mode=mode)
    assert run.verdict is Verdict.FAILED
    assert "is handed over as it is, and changed" in str(run.reason)
    assert thing.orders == [1 if stage == "shadow" else 2]


@MAKES
def test_what_only_the_replay_changes_there_is_changed_and_fails_the_run(make: Callable[[], Any]) -> None:
    thing = make()
    run = compared(lambda one: None, noting(2), thing)
    assert run.verdict is Verdict.FAILED
    assert "is handed over as it is, and changed" in str(run.reason)
    assert thing.orders == [2]


@MAKES
def test_what_nobody_changes_there_fails_nothing(make: Callable[[], Any]) -> None:
    run = compared(lambda one: len(one.orders), lambda one: len(one.orders), make())
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def test_a_member_is_still_itself_in_a_replay() -> None:
    run = compared(lambda one: one is Desk.NORTH, lambda one: one is Desk.NORTH, desk())
    assert run.verdict is Verdict.MATCH


class Turn(enum.Enum):
    """Members that know each other."""

    LEFT = 1
    RIGHT = 2

    other: Any


Turn.LEFT.other, Turn.RIGHT.other = Turn.RIGHT, Turn.LEFT


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("change", ["declared", "by a method"])
def test_a_number_that_a_path_sets_on_a_member_fails_the_run(change: str, stage: str) -> None:
    if change == "declared":
        Counter.NORTH.orders = 0
        run = compared(Counter.count, lambda one: None, Counter.NORTH, stage=stage)
    else:
        run = compared(lambda one: one.note(1), lambda one: one.note(2), Plain.NORTH, stage=stage)
    assert run.verdict is Verdict.FAILED
    assert "is handed over as it is, and changed" in str(run.reason)


def test_members_with_numbers_that_nobody_changes_are_compared() -> None:
    run = compared(lambda one: one.orders, lambda one: one.orders, Counter.NORTH)
    assert run.verdict is Verdict.MATCH


def test_members_that_know_each_other_are_copied_as_what_they_are() -> None:
    run = compared(lambda given: given[0].other.name, lambda given: given[0].other.name, [Turn.LEFT])
    assert run.verdict is Verdict.MATCH
