"""What a run makes of values: questions that differ, parts that are shared, operators that raise, errors."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from changeover import Migration

NEW_YORK = ZoneInfo("America/New_York")
SAME = ("match", "vacuous", "tolerated")


class Feed:
    def get(self, what: Any) -> Any:
        return 7


def shadow(legacy: Any, candidate: Any, **ports: Any) -> Any:
    """The seam, and the list of its runs."""
    runs: list[Any] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    for name, reads in ports.items():
        migration.port(name, Feed, reads=reads)
    return migration.seam("s", legacy=legacy, candidate=candidate), runs


class Symbol(str):
    pass


class Money(Decimal):
    pass


class Hidden:
    __slots__ = ("__name",)

    def __init__(self, name: str) -> None:
        self.__name = name


class Above:
    __slots__ = ("__dict__", "name")


class Below(Above):
    def __init__(self, name: str) -> None:
        self.name, self.kind = name, "below"


class Buy:
    symbol = "SPY"


class Sell:
    symbol = "SPY"


QUESTIONS: dict[str, tuple[Any, Any]] = {
    "texts of a derived class": (Symbol("SPY"), Symbol("TLT")),
    "numbers of a derived class": (Money(1), Money(2)),
    "private slots": (Hidden("A"), Hidden("B")),
    "slots beside a dictionary": (Below("A"), Below("B")),
    "objects without attributes": (Buy(), Sell()),
    "numbers of other types": (1, True),
    "two sides of a fold": (
        datetime(2023, 11, 5, 1, 30, tzinfo=NEW_YORK),
        datetime(2023, 11, 5, 1, 30, tzinfo=NEW_YORK, fold=1),
    ),
}


@pytest.mark.parametrize("pair", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_question_is_answered_by_its_own_answer_alone(pair: tuple[Any, Any]) -> None:
    feed = Feed()
    for other, is_answered in ((pair[0], True), (pair[1], False)):
        seam, runs = shadow(lambda _: feed.get(pair[0]), lambda _, asked=other: feed.get(asked), feed={"get"})
        seam(1)
        assert (runs[0].verdict in SAME) is is_answered


class Loud:
    """Answers none of the questions that operators are."""

    def __eq__(self, other: object) -> bool:
        raise TypeError

    def __bool__(self) -> bool:
        raise TypeError

    def __len__(self) -> int:
        raise TypeError

    def __getattr__(self, name: str) -> Any:
        raise TypeError

    def __repr__(self) -> str:
        raise TypeError

    __hash__ = None  # type: ignore[assignment]


def family() -> dict[str, Any]:
    root: dict[str, Any] = {"name": "root"}
    root["children"] = [{"parent": root} for _ in range(2)]
    return root


def many_ways() -> list[Any]:
    value: list[Any] = [1]
    for _ in range(40):
        value = [value, value]
    return value


@pytest.mark.parametrize("make", [Loud, family, many_ways])
def test_an_argument_and_an_answer_of_any_kind_are_compared(make: Any) -> None:
    seam, runs = shadow(lambda given: given, lambda given: given)
    seam(make())
    assert [str(run.verdict) for run in runs] == ["match"]


class Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__("refused")
        self.status = status


def caused(cause: Exception) -> Exception:
    error = ValueError("refused")
    error.__cause__ = cause
    return error


ERRORS: dict[str, tuple[Any, Any]] = {
    "an attribute": (Refused(404), Refused(500)),
    "a member of a group": (ExceptionGroup("all", [KeyError(1)]), ExceptionGroup("all", [OSError(1)])),
    "a cause": (caused(KeyError(1)), caused(OSError(1))),
}


@pytest.mark.parametrize("pair", ERRORS.values(), ids=ERRORS.keys())
def test_what_an_error_holds_is_compared(pair: tuple[Exception, Exception]) -> None:
    for other, is_same in ((pair[0], True), (pair[1], False)):
        seam, runs = shadow(_raising(pair[0]), _raising(other))
        with pytest.raises(type(pair[0])):
            seam(1)
        assert (runs[0].verdict in SAME) is is_same


def _raising(error: Exception) -> Any:
    def path(_: int) -> None:
        raise error

    return path


def test_the_caller_gets_an_error_with_the_context_in_which_it_was_raised() -> None:
    def path(_: int) -> float:
        try:
            return 1 / 0
        except ZeroDivisionError:
            raise ValueError("refused")  # noqa: B904

    seam, _ = shadow(path, path)

    def handling() -> None:
        try:
            raise LookupError
        except LookupError:
            seam(1)

    with pytest.raises(ValueError, match="refused") as raised:
        handling()
    assert type(raised.value.__context__) is ZeroDivisionError


def test_where_one_path_raised_is_part_of_the_difference() -> None:
    seam, runs = shadow(lambda n: n, _raising(LookupError("no such account")))
    seam(1)
    assert "test_values_of_runs.py:" in runs[0].divergences[0].candidate["raised_at"]
