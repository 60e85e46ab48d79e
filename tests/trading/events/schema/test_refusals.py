"""What a reader refuses is part of a schema: a change after which it refuses stored events is named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, make_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    NaiveDatetime,
    PastDate,
    StringConstraints,
    create_model,
    field_validator,
    model_validator,
)

from tests.trading.support.event_samples import NOW
from trading.events.messages.envelope import BaseEvent, Moment
from trading.events.schema.baseline import describe
from trading.events.schema.compatibility import check_compatibility
from trading.events.schema.versions import EventRefused, Versions


def upper(text: str) -> str:
    if text != text.upper():
        raise ValueError("should be in capitals")
    return text


def positive(number: Any) -> Any:
    if number < 0:
        raise ValueError("should be above 0")
    return number


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Number(IntEnum):
    ONE = 1
    TWO = 2


class Digit(Enum):
    ONE = "1"
    TWO = "2"


@dataclass(frozen=True)
class Pair:
    a: int
    b: str = "b"


@dataclass(frozen=True)
class BoundedPair:
    a: Annotated[int, Field(gt=0)]
    b: str = "b"


class Inner(BaseModel):
    a: str


class AliasedInner(BaseModel):
    a: str = Field(alias="A")


class CheckedInner(BaseModel):
    a: str

    @field_validator("a")
    @classmethod
    def _capitals(cls, text: str) -> str:
        return upper(text)


class StrictLength(BaseModel):
    model_config = ConfigDict(str_max_length=2)
    a: str


class Tree(BaseModel):
    leaves: list["Tree"]


class NamedTree(BaseModel):
    name: str
    leaves: list["NamedTree"] = []


# Each type with values that events of it may hold. Every one is changed into every other.
KINDS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "text": (str, ("", "spy", "longer than three")),
    "short text": (Annotated[str, Field(max_length=3)], ("spy",)),
    "longer text": (Annotated[str, Field(min_length=3)], ("spy", "longer")),
    "text of a pattern": (Annotated[str, Field(pattern="^[A-Z]+$")], ("SPY",)),
    "text of constraints": (Annotated[str, StringConstraints(max_length=2)], ("ab",)),
    "checked text": (Annotated[str, AfterValidator(upper)], ("SPY",)),
    "text or none": (str | None, (None, "spy")),
    "short text or none": (Annotated[str, Field(max_length=2)] | None, (None, "ab")),
    "whole number": (int, (-1, 0, 7, 10**20)),
    "whole number above 0": (Annotated[int, Field(gt=0)], (7,)),
    "whole number to 10": (Annotated[int, Field(le=10)], (-1, 7)),
    "multiple of 5": (Annotated[int, Field(multiple_of=5)], (5,)),
    "checked number": (Annotated[int, BeforeValidator(positive)], (1,)),
    "number": (float, (0.5, -1.0)),
    "number below 1": (Annotated[float, Field(lt=1)], (0.5,)),
    "decimal": (Decimal, (Decimal("1234.5"), Decimal("0.001"))),
    "decimal of 3 digits": (Annotated[Decimal, Field(max_digits=3)], (Decimal("1.5"),)),
    "decimal of 1 place": (Annotated[Decimal, Field(decimal_places=1)], (Decimal("1.5"),)),
    "truth": (bool, (True, False)),
    "number 1 or 2": (Literal[1, 2], (1, 2)),
    "text 1 or 2": (Literal["1", "2"], ("1", "2")),
    "truth as a choice": (Literal[True], (True,)),
    "number 1": (Literal[1], (1,)),
    "colour": (Colour, tuple(Colour)),
    "numbered": (Number, tuple(Number)),
    "digit": (Digit, tuple(Digit)),
    "day": (date, (date(2024, 1, 1),)),
    "moment": (datetime, (datetime(2024, 1, 1), NOW)),
    "moment in UTC": (Moment, (NOW,)),
    "list": (tuple[int, ...], ((), (1, -2, 3))),
    "short list": (Annotated[tuple[int, ...], Field(max_length=1)], ((1,),)),
    "list of numbers above 0": (tuple[Annotated[int, Field(gt=0)], ...], ((1, 2),)),
    "table": (dict[str, int], ({"a": -1},)),
    "table of numbers above 0": (dict[str, Annotated[int, Field(gt=0)]], ({"a": 1},)),
    "pair": (Pair, (Pair(-1),)),
    "bounded pair": (BoundedPair, (BoundedPair(1),)),
    "array": (list[int], ([], [1, -2])),
    "array of numbers above 0": (list[Annotated[int, Field(gt=0)]], ([1, 2],)),
    "sequence of arrays": (Sequence[list[int]], ([[1], []],)),
    "set": (set[int], ({1, 2},)),
    "set that is not empty": (Annotated[frozenset[int], Field(min_length=1)], (frozenset({1}),)),
    "two": (tuple[int, int], ((1, 2),)),
    "three": (tuple[int, int, int], ((1, 2, 3),)),
    "number or text": (int | str, (1, "spy")),
    "text or number": (str | int, ("1", 2)),
    "number or text or none": (int | str | None, (None, 1, "spy")),
    "pair or model": (Pair | Inner, (Pair(1), Inner(a="spy"))),
    "table by numbers": (dict[int, str], ({1: "a"},)),
    "mapping": (Mapping[str, str], ({"a": "b"},)),
    "nothing": (type(None), (None,)),
    "bytes": (bytes, (b"spy",)),
    "identifier": (UUID, (UUID(int=7),)),
    "time of day": (time, (time(9, 30),)),
    "duration": (timedelta, (timedelta(seconds=5),)),
    "moment with a zone": (AwareDatetime, (NOW,)),
    "moment without a zone": (NaiveDatetime, (datetime(2024, 1, 1),)),
    "day that is over": (PastDate, (date(2024, 1, 1),)),
    "address": (HttpUrl, ("https://example.org/",)),
    "file": (Path, (Path("kept.csv"),)),
    "model of its kind": (Tree, (Tree(leaves=[Tree(leaves=[])]),)),
    "model of its kind with a name": (NamedTree, (NamedTree(name="a", leaves=[NamedTree(name="b")]),)),
    "model": (Inner, (Inner(a="spy"),)),
    "model with an alias": (AliasedInner, (AliasedInner(A="spy"),)),
    "model that checks": (CheckedInner, (CheckedInner(a="SPY"),)),
    "model of short texts": (StrictLength, (StrictLength(a="ab"),)),
}


def changed(**fields: Any) -> type[BaseEvent]:
    """A version of one event: each field as type, or as type and what stands after it."""
    wanted: dict[str, Any] = {
        name: field if isinstance(field, tuple) else (field, ...) for name, field in fields.items()
    }
    wanted |= {"event_type": (Literal["Changed"], "Changed"), "schema_version": (Literal[1], 1)}
    return create_model("Changed", __base__=BaseEvent, **wanted)


def stored(event_class: type[BaseEvent], **values: Any) -> str:
    made = event_class(
        event_id="e-1",
        correlation_id="run-1",
        causation_id=None,
        timestamp=NOW,
        source_module="tests",
        source_component="sample",
        **values,
    )
    return Versions([event_class], {}).write(made)


def is_read(event_class: type[BaseEvent], text: str) -> bool:
    try:
        Versions([event_class], {}).parse(text)
    except EventRefused:
        return False
    return True


def named(before: type[BaseEvent], after: type[BaseEvent]) -> list[str]:
    descriptions = (describe(Versions([event_class], {})) for event_class in (before, after))
    return [str(problem) for problem in check_compatibility(*descriptions)]


@cache
def of_kind(name: str) -> type[BaseEvent]:
    """The event whose only field is of this kind; to make a model costs more than all that is asked of it."""
    return changed(a=KINDS[name][0])


@cache
def described(name: str) -> Any:
    return describe(Versions([of_kind(name)], {}))


@pytest.mark.parametrize("before", KINDS)
def test_a_change_after_which_stored_events_are_refused_is_named(before: str) -> None:
    kept = [stored(of_kind(before), a=value) for value in KINDS[before][1]]
    for after in KINDS:
        found = check_compatibility(described(before), described(after))
        assert found or all(is_read(of_kind(after), text) for text in kept), f"{before} became {after}"
        assert not found or before != after


@pytest.mark.parametrize("error", [TypeError, KeyError, ZeroDivisionError, RecursionError])
def test_a_validator_that_was_not_made_for_what_is_stored_refuses_the_event(error: type[Exception]) -> None:
    def stumble(value: Any) -> Any:
        raise error("not made for it")

    text = stored(changed(a=int), a=1)
    with pytest.raises(EventRefused, match=f"Changed version 1: a validator raised {error.__name__}"):
        Versions([changed(a=Annotated[int, BeforeValidator(stumble)])], {}).parse(text)


@pytest.mark.parametrize(
    "field",
    [
        Field(alias="A"),
        Field(validation_alias="A"),
        Field(validation_alias=AliasChoices("A", "B")),
    ],
    ids=["alias", "name for reading", "several names for reading"],
)
def test_another_name_in_json_is_named(field: Any) -> None:
    old, new = changed(a=str), changed(a=(str, field))
    assert not is_read(new, stored(old, a="spy"))
    [problem] = named(old, new)
    assert problem.startswith("Changed.a: name in JSON changed from a to A")


def test_one_more_name_for_reading_is_no_refusal_and_is_named_all_the_same() -> None:
    """An older program would refuse what is written under it."""
    old, new = changed(a=str), changed(a=(str, Field(validation_alias=AliasChoices("a", "A"))))
    assert is_read(new, stored(old, a="spy"))
    assert "name in JSON changed from a to A, a" in named(old, new)[0]


PLAIN = changed(a=(int, 0))


def with_validators(**validators: Any) -> type[BaseEvent]:
    """The event with validators of a class."""
    return create_model("Changed", __base__=PLAIN, __validators__=validators)


def refuse_negative(_cls: Any, number: int) -> int:
    if number < 0:
        raise ValueError("should be above 0")
    return number


def refuse_small(_cls: Any, number: int) -> int:
    if number < 10:
        raise ValueError("should be above 9")
    return number


def refuse_everything(event: Any) -> Any:
    raise ValueError("nothing is right")


VALIDATORS: dict[str, Callable[[], type[BaseEvent]]] = {
    "of a field": lambda: with_validators(check=field_validator("a")(refuse_negative)),
    "of a field, changed": lambda: with_validators(check=field_validator("a")(refuse_small)),
    "before a field": lambda: with_validators(check=field_validator("a", mode="before")(refuse_negative)),
    "of every field": lambda: with_validators(check=field_validator("*")(lambda _cls, found: found)),
    "of the whole": lambda: with_validators(check=model_validator(mode="after")(refuse_everything)),
}


@pytest.mark.parametrize("make", VALIDATORS.values(), ids=VALIDATORS.keys())
def test_a_validator_that_is_new_or_changed_or_gone_is_named(make: Callable[[], type[BaseEvent]]) -> None:
    checked = make()
    assert named(PLAIN, checked) != []
    assert named(checked, PLAIN) != []
    for other in VALIDATORS.values():
        assert (named(checked, other()) == []) == (other is make)


def test_what_a_comment_says_is_no_part_of_a_validator() -> None:
    def check(_cls: Any, number: int) -> int:
        return number

    first = with_validators(check=field_validator("a")(check))

    def check(_cls: Any, number: int) -> int:  # type: ignore[no-redef]
        """It says what it does."""
        # and why
        return number

    second = with_validators(check=field_validator("a")(check))
    assert "check" in str(named(PLAIN, first))
    assert named(first, second) == []


NO_NUMBERS = ("nan", "inf", "-inf")


@pytest.mark.parametrize("kind", [float, Decimal])
@pytest.mark.parametrize("word", NO_NUMBERS)
@pytest.mark.parametrize(
    "around",
    [
        lambda kind, value: (kind, value),
        lambda kind, value: (kind | None, value),
        lambda kind, value: (tuple.__class_getitem__((kind, ...)), (value,)),
        lambda kind, value: (dict.__class_getitem__((str, kind)), {"a": value}),
        lambda kind, value: (made := make_dataclass("Made", [("a", kind)]), made(value)),
    ],
    ids=["alone", "or none", "in a list", "in a table", "in a dataclass"],
)
def test_a_number_that_is_none_is_refused_in_writing(kind: Any, word: str, around: Any) -> None:
    field, value = around(kind, kind(word))
    event_class = changed(a=field)
    made = event_class.model_construct(
        event_id="e-1",
        event_type="Changed",
        schema_version=1,
        correlation_id="run-1",
        causation_id=None,
        timestamp=NOW,
        source_module="tests",
        source_component="sample",
        a=value,
    )
    with pytest.raises(EventRefused, match="Changed e-1: cannot be written"):
        Versions([event_class], {}).write(made)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "a NaN within"])
def test_a_text_may_say_what_is_no_number(text: str) -> None:
    event_class = changed(a=str)
    assert is_read(event_class, stored(event_class, a=text))
