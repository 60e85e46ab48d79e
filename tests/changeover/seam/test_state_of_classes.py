"""What a class keeps for all of its objects is in no copy: a run that changes it is no comparison."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

STAGES, MODES = ["shadow", "live"], ["inline", "background"]


class Totals:
    def __init__(self) -> None:
        self.made = 0


class Base:
    below: list[int] = []  # noqa: RUF012  what this is about


def made() -> Any:
    class Shop(Base):
        count = 0
        first = True
        names: list[str] = []  # noqa: RUF012
        rows: dict[str, list[int]] = {"a": []}  # noqa: RUF012
        last: deque[int] = deque()  # noqa: RUF012
        totals = Totals()

        def answer(self, number: int) -> Any:
            return number

        @classmethod
        def asked(cls, number: int) -> Any:
            return number

    Base.below = []
    return Shop


Change = Callable[[Any, int], Any]


def counts(cls: Any, number: int) -> None:
    cls.count += 1


def appends(cls: Any, number: int) -> None:
    cls.names.append("one")


def fills(cls: Any, number: int) -> None:
    cls.rows["a"].append(number)


def remembers(cls: Any, number: int) -> None:
    cls.last.append(number)


def totals(cls: Any, number: int) -> None:
    cls.totals.made += 1


def of_base(cls: Any, number: int) -> None:
    Base.below.append(number)


def once(cls: Any, number: int) -> Any:
    was = cls.first
    cls.first = False
    return was


def put_back(cls: Any, number: int) -> None:
    cls.names.append("one")
    cls.names.pop()


def compared(seam: str, legacy: Change, candidate: Change, stage: str, mode: str) -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    cls = made()

    def path(change: Change) -> Any:
        return lambda owner, number: change(owner if isinstance(owner, type) else type(owner), number)

    static = classmethod(path(legacy)) if seam == "asked" else path(legacy)
    setattr(cls, seam, static)
    migration.wrap(cls, seam, candidate=path(candidate), name="s")
    getattr(cls if seam == "asked" else cls(), seam)(1)
    migration.flush()
    migration.close()
    return runs[0]


CHANGES = [counts, appends, fills, remembers, totals, of_base, once]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seam", ["answer", "asked"], ids=["method", "class method"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_run_that_changes_it_has_failed_and_names_it(
    change: Change, seam: str, mode: str, stage: str
) -> None:
    run = compared(seam, change, change, stage, mode)
    assert run.verdict is Verdict.FAILED
    assert "is kept by the class, which is handed over as it is" in str(run.reason)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("side", ["legacy", "candidate"])
def test_what_one_path_alone_changes_there_is_no_match(side: str, stage: str) -> None:
    def nothing(cls: Any, number: int) -> None:
        return None

    paths = (counts, nothing) if side == "legacy" else (nothing, counts)
    assert compared("answer", *paths, stage, "inline").verdict is Verdict.FAILED


def test_what_stands_there_and_does_not_change_fails_nothing() -> None:
    def reads(cls: Any, number: int) -> Any:
        return [cls.count, cls.names, cls.rows, cls.first]

    for change in (reads, put_back):
        run = compared("answer", change, change, "shadow", "inline")
        assert run.verdict is not Verdict.FAILED, run.reason


class Field:
    """A descriptor of the program, which keeps the values of all objects."""

    def __init__(self) -> None:
        self.by_object: dict[int, int] = {}

    def __get__(self, owner: Any, cls: type) -> Any:
        return self if owner is None else self.by_object.get(id(owner), 0)

    def __set__(self, owner: Any, value: int) -> None:
        self.by_object[id(owner)] = value


class WeakField(Field):
    def __init__(self) -> None:
        self.by_object = WeakKeyDictionary()  # type: ignore[assignment]

    def __set__(self, owner: Any, value: int) -> None:
        self.by_object[owner] = value


class Colour(Flag):
    RED = 1
    BLUE = 2
    GREEN = 4


def handed() -> Any:
    class Line:
        count = 0
        field = Field()
        weak = WeakField()
        names: list[str] = []  # noqa: RUF012

    @dataclass(frozen=True)
    class Kind:
        name: str = "new"
        used = 0

    return Line, Kind


HANDED: dict[str, Callable[[Any, Any], Any]] = {
    "alone": lambda line, kind: line,
    "in a list": lambda line, kind: [1, line],
    "in an object": lambda line, kind: SimpleNamespace(lines={"a": line}),
    "the class itself": lambda line, kind: type(line),
    "beside a frozen one": lambda line, kind: (line, kind),
}
CHANGED: dict[str, Callable[[Any, Any], None]] = {
    "a number": lambda line, kind: setattr(type(line), "count", type(line).count + 1),
    "a list": lambda line, kind: type(line).names.append("one"),
    "a descriptor": lambda line, kind: setattr(line, "field", 5),
    "a weak descriptor": lambda line, kind: setattr(line, "weak", 5),
}


def handed_over(place: str, change: str | None, stage: str, mode: str, sides: str = "both") -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    line_class, kind_class = handed()
    alive: list[Any] = []

    def found(given: Any) -> Any:
        for one in (given, *(given if isinstance(given, list | tuple) else ())):
            if isinstance(one, type):
                alive.append(one())
                return alive[-1]
            if isinstance(one, line_class):
                return one
        return given.lines["a"]

    def path(side: str) -> Any:
        def answered(given: Any) -> int:
            if change is not None and sides in ("both", side):
                CHANGED[change](found(given), kind_class())
            return 1

        return answered

    seam: Any = migration.seam("s", legacy=path("legacy"), candidate=path("candidate"))
    seam(HANDED[place](line_class(), kind_class()))
    migration.flush()
    migration.close()
    return runs[0]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", HANDED)
@pytest.mark.parametrize("change", CHANGED)
def test_the_same_holds_for_the_class_of_an_argument(change: str, place: str, mode: str, stage: str) -> None:
    run = handed_over(place, change, stage, mode)
    assert run.verdict is Verdict.FAILED
    assert "is kept by the class, which is handed over as it is" in str(run.reason)


@pytest.mark.parametrize("side", ["legacy", "candidate"])
@pytest.mark.parametrize("change", CHANGED)
def test_what_one_path_alone_changes_in_the_class_of_an_argument_is_no_match(change: str, side: str) -> None:
    assert handed_over("in a list", change, "shadow", "inline", side).verdict is Verdict.FAILED


@pytest.mark.parametrize("place", HANDED)
def test_an_argument_whose_class_stays_as_it_is_is_compared(place: str) -> None:
    assert handed_over(place, None, "shadow", "inline").verdict is Verdict.MATCH


def test_members_of_flags_that_are_combined_for_the_first_time_change_no_class() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    seam: Any = migration.seam(
        "s", legacy=lambda one: one | Colour.BLUE | Colour.GREEN, candidate=lambda one: Colour(7)
    )
    seam(Colour.RED)
    assert runs[0].verdict is Verdict.MATCH, runs[0].reason


class OfTheModule:
    count = 0


class Abstract(ABC):
    count = 0

    @abstractmethod
    def pay(self) -> None: ...


@pytest.mark.parametrize("cls", [OfTheModule, Abstract])
def test_a_class_that_is_the_only_argument_is_looked_at(cls: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cls, "count", 0)
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)

    def legacy(one: Any) -> None:
        one.count += 1

    migration.seam("s", legacy=legacy, candidate=lambda one: None)(cls)
    assert runs[0].verdict is Verdict.FAILED, runs[0].divergences
