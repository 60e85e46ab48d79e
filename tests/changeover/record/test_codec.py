"""What the codec writes and reads: whatever a reading can make again, and nothing that data only name."""

from __future__ import annotations

import json
import logging
import re
import threading
from array import array
from collections import Counter, OrderedDict, UserDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag
from functools import cached_property, partial
from http import HTTPStatus
from io import StringIO
from pathlib import Path, PureWindowsPath
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import attrs
import msgspec
import pydantic
import pytest
import pytz  # type: ignore[import-untyped]

from changeover.record.codec import Codec, CodecError
from changeover.values.content_key import same_content

CODEC = Codec()


class Colour(Enum):
    RED = 1


class Right(Flag):
    READ = 1
    WRITE = 2


class Symbol(str):
    market: str


class Lots(list[int]):
    note: str


@dataclass
class Order:
    number: int
    lots: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Leg:
    amount: int


class Desk:
    def __init__(self, name: str) -> None:
        self.name = name
        self.desks: list[Any] = []

    def close(self) -> None:
        self.desks.clear()


class Slotted:
    __slots__ = ("first", "second")
    first: int
    second: int


class Refused(Exception):
    def __init__(self, code: int, place: str) -> None:
        super().__init__(f"refused at {place}")
        self.code = code


def _symbol() -> Any:
    made = Symbol("SPY")
    made.market = "NYSE"
    return made


def _lots() -> Any:
    made = Lots([1])
    made.note = "half"
    return made


def _ring() -> Any:
    made = Desk("one")
    made.desks.append(made)
    return made


def _slotted() -> Any:
    made = Slotted()
    made.first = 1
    return made


def _refused() -> Any:
    made = Refused(3, "here")
    made.__cause__ = ValueError("why")
    made.add_note("a note")
    return made


def _list_in_itself() -> Any:
    made: list[Any] = [1]
    made.append(made)
    return made


def _many_paths() -> Any:
    made: Any = (1, [])
    for _ in range(40):
        made = (made, made)
    return made


SURVIVING: dict[str, Callable[[], Any]] = {
    "a member": lambda: Colour.RED,
    "a combination of flags": lambda: Right.READ | Right.WRITE,
    "a member of the standard library": lambda: HTTPStatus.OK,
    "a text with attributes": _symbol,
    "a list with attributes": _lots,
    "a dataclass": lambda: Order(1, [2]),
    "a frozen dataclass": lambda: Leg(1),
    "an object that leads back to itself": _ring,
    "slots, of which one is unset": _slotted,
    "an exception with cause and note": _refused,
    "a group of exceptions": lambda: ExceptionGroup("g", [ValueError(1), _refused()]),
    "an error of the system": lambda: OSError(2, "no such file", "a"),
    "a list that contains itself": _list_in_itself,
    "a part with a million million paths to it": _many_paths,
    "a dict that makes values": lambda: defaultdict(list, {"a": [1]}),
    "an ordered dict": lambda: OrderedDict(b=1, a=2),
    "a counter": lambda: Counter("aab"),
    "a deque with a limit": lambda: deque([1, 2], maxlen=3),
    "a dict of a class": lambda: UserDict(a=1),
    "a view of a dict": lambda: MappingProxyType({"a": 1}),
    "a namespace": lambda: SimpleNamespace(a=1),
    "numbers in C": lambda: array("d", [1.5]),
    "a very long number": lambda: 10**5_000,
    "a huge exponent": lambda: Decimal("1e999999"),
    "a range, a slice and an ellipsis": lambda: [range(1, 9, 2), slice(1, 2), ...],
    "paths": lambda: [Path("a/b"), PureWindowsPath("a")],
    "a pattern": lambda: re.compile("a+", re.IGNORECASE),
    "zones": lambda: [ZoneInfo("Europe/Berlin"), UTC, timezone(timedelta(hours=1), "X")],
    "a fold": lambda: datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
    "a time": lambda: time(1, 2, tzinfo=UTC),
    "classes": lambda: [int, Order],
    "a logger": lambda: logging.getLogger("shop.orders"),
    "a lock": threading.Lock,
    "keys that are no texts": lambda: {(1, "a"): 2, 3: 4},
    "a key that is the tag": lambda: {"$": 1},
    "bytes that change": lambda: bytearray(b"x"),
}


@pytest.mark.parametrize("name", SURVIVING)
def test_what_is_written_is_what_is_read_back(name: str) -> None:
    make = SURVIVING[name]
    back = CODEC.decode(json.loads(json.dumps(CODEC.encode(make()))))
    assert type(back) is type(make())
    assert same_content(back, make())
    assert CODEC.problem_of(make()) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda zone: datetime(2026, 5, 4, tzinfo=zone),
        lambda zone: time(1, tzinfo=zone),
        lambda zone: datetime(2026, 5, 4, fold=1, tzinfo=zone),
        lambda zone: {"at": [datetime(2026, 5, 4, tzinfo=zone)]},
    ],
)
@pytest.mark.parametrize("offset", [0, 90, -90])
def test_the_name_that_a_zone_was_given_is_read_back(make: Callable[[timezone], Any], offset: int) -> None:
    def named(value: Any) -> Any:
        value = value["at"][0] if type(value) is dict else value
        return [value.isoformat(), value.tzname(), value.fold]

    value = make(timezone(timedelta(minutes=offset), "market"))
    assert named(CODEC.decode(json.loads(json.dumps(CODEC.encode(value))))) == named(value)
    assert json.dumps(CODEC.encode_once(value)) == json.dumps(CODEC.encode(value))


FLAT = (
    *(None, True, "text", 1, 10**400, 10**4_000, -1.5, float("inf"), Decimal("2.50"), date(2026, 5, 4), b"x"),
    *(datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=ZoneInfo("UTC")), timedelta(1), range(3)),
    *(
        1j,
        UTC,
        datetime(2026, 5, 4, tzinfo=pytz.timezone("Europe/Berlin")),
        re.compile("x"),
        Path("a"),
        bytearray(b"x"),
        (1, 2),
        {3},
        Colour.RED,
    ),
)


@pytest.mark.parametrize("value", FLAT, ids=lambda value: f"{type(value).__name__}")
def test_what_a_caller_waits_for_is_written_as_anything_else(value: Any) -> None:
    codec = Codec()
    for given in (value, [value], [1, value, value], {"a": value}, {"$": value}, {1: value}, [value] * 1_500):
        assert json.dumps(codec.encode_once(given)) == json.dumps(codec.encode(given))


def test_what_was_one_object_is_one_object_again() -> None:
    shared = [1]
    first, second, apart = CODEC.decode(CODEC.encode([shared, shared, [1]]))
    assert first is second
    assert first is not apart


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: len, "builtin_function_or_method"),
        (lambda: lambda: 1, "function"),
        (lambda: partial(len, ""), "partial"),
        (lambda: (one for one in (1,)), "generator"),
        (lambda: json, "module"),
        (lambda: Desk("a").close, "method"),
        (lambda: type("Local", (), {})(), "Local"),
    ],
    ids=[
        "a built-in",
        "a function",
        "a call",
        "a generator",
        "a module",
        "a method",
        "no class of that name",
    ],
)
def test_what_cannot_be_rebuilt_is_named_with_its_place(make: Callable[[], Any], named: str) -> None:
    problem = CODEC.problem_of({"a": [make()]})
    assert problem is not None
    assert problem.startswith("value.a[0]: ")
    assert named in problem


@pytest.mark.parametrize(
    "text",
    [
        '{"$": "fraction", "v": "1e1000000000"}',
        '{"$": "datetime", "v": "2020-01-01T00:00:00", "zone": "America"}',
        '{"$": "datetime", "v": "2020-01-01T00:00:00", "zone": "../../etc/passwd"}',
        '{"$": "datetime", "v": "2020-01-01T00:00:00", "zone": "Mars/Olympus"}',
        '{"$": "object", "t": "os.system", "v": {}}',
        '{"$": "object", "t": "subprocess.Popen", "s": {}}',
        '{"$": "object", "t": "functools.partial", "v": {"func": 1, "args": [], "keywords": {}}}',
        '{"$": "object", "t": "wsgiref.validate.ErrorWrapper", "s": {}}',
        '{"$": "class", "t": "os.path.join"}',
        '{"$": "again", "n": 1}',
        '{"$": ["a"]}',
        '{"$": "timedelta", "v": [1e400]}',
        '{"$": "set", "v": [[1]]}',
        '{"$": "int", "v": "9"}',
        "[" * 700 + "]" * 700,
        '{"$": "tuple", "v": ' * 400 + "[]" + "}" * 400,
    ],
)
def test_data_that_cannot_be_read_are_refused_at_once(text: str) -> None:
    with pytest.raises(CodecError):
        CODEC.decode(json.loads(text))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ({"$": "record", "t": f"{__name__}.Order", "v": {"number": 1}}, Order(1)),
        ({"$": "record", "t": f"{__name__}.Order", "v": {"number": 1, "lots": [2]}}, Order(1, [2])),
        ({"$": "record", "t": "ValueError", "v": {"args": ["x"], "state": {}}}, ValueError("x")),
        ({"$": "enum", "t": f"{__name__}.Colour", "v": "RED"}, Colour.RED),
        ({"$": "decimal", "v": "1.50"}, Decimal("1.50")),
    ],
)
def test_lines_of_earlier_versions_are_still_read(data: Any, value: Any) -> None:
    assert same_content(CODEC.decode(data), value)


@attrs.define
class Held:
    number: int


@attrs.define(frozen=True)
class Kept:
    number: int


class Model(pydantic.BaseModel):
    number: int
    _hidden: int = 1

    @cached_property
    def doubled(self) -> int:
        return self.number * 2


class Frozen(pydantic.BaseModel, frozen=True):
    number: int


class Struct(msgspec.Struct):
    number: int


class FrozenStruct(msgspec.Struct, frozen=True):
    number: int


class Numbered:
    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Pair(NamedTuple):
    number: int


FEWER: list[Any] = [
    *(Order(1), Leg(1), Held(1), Kept(1), Model(number=1), Frozen(number=1)),
    *(Struct(1), FrozenStruct(1), Numbered(1), Pair(1)),
]


@pytest.mark.parametrize("value", FEWER, ids=lambda value: type(value).__name__)
def test_a_field_that_its_class_has_no_more_is_not_left_out_without_a_word(value: Any) -> None:
    getattr(value, "doubled", None)  # what is only remembered is no field
    data = CODEC.encode(value, "value")
    assert same_content(CODEC.decode(data), value)
    for name in ("v", "s"):
        if name in data:
            data[name]["gone"] = 2
    with pytest.raises(CodecError, match="gone"):
        CODEC.decode(data)


def test_writing_asks_a_file_in_memory_for_nothing_and_leaves_it_open() -> None:
    file = StringIO("a")
    CODEC.problem_of([file])
    assert not file.closed


def test_moments_survive_while_another_clock_stands_in_the_place_of_dates() -> None:
    freezegun = pytest.importorskip("freezegun")
    berlin = ZoneInfo("Europe/Berlin")
    moments = [datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=berlin), time(1, tzinfo=UTC), date(2024, 1, 2)]
    with freezegun.freeze_time("2030-01-01"):
        written = json.dumps(CODEC.encode(moments))
        found = CODEC.decode(json.loads(written))
    assert written == json.dumps(CODEC.encode(moments))
    assert [type(one) for one in found] == [type(one) for one in moments]
    assert same_content(found, moments)
