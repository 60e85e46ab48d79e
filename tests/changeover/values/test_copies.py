"""A copy reads like its original, whatever the class says about copying; what has no such copy is refused."""

from __future__ import annotations

import ast
import os
import threading
import time
import weakref
from collections import ChainMap, UserDict, UserList, defaultdict, deque
from functools import partial
from io import BytesIO, StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

from changeover.record.codec import Codec
from changeover.values.content_key import same_content
from changeover.values.copy_time import CopyTime
from changeover.values.copying import SnapshotError, copied_error, snapshot


class Priced:
    """Leaves its cache out of what is copied."""

    def __init__(self, price: int) -> None:
        self.price, self.cache = price, {"double": 2 * price}

    def __getstate__(self) -> dict[str, Any]:
        return {"price": self.price}


class Loaded:
    """Is made again with an attribute more."""

    def __reduce__(self) -> Any:
        raise AssertionError("nobody is to ask")


class GivesItself:
    def __init__(self) -> None:
        self.rows = [1]

    def __deepcopy__(self, memo: Any) -> GivesItself:
        return self


class Connection:
    def __del__(self) -> None:
        """Would close what the program holds."""


class Session:
    """Holds something that reaches the world."""

    def __init__(self) -> None:
        self.pool = [threading.Thread()]


class Desk:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.queue = threading.Condition()


class Sentinel:
    pass


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


class Unset:
    """As libraries write them."""

    def __init__(self) -> None:
        self._name, self.module = "Unset", "shop"

    def __repr__(self) -> str:
        return self._name

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "UNSET"


class Account:
    def __init__(self) -> None:
        self.balance = 100

    def deposit(self, amount: int) -> None:
        self.balance += amount


class Switch:
    def __init__(self) -> None:
        self._name = "off"

    def turn(self) -> None:
        self._name = "on"


class Kept:
    def __init__(self, **state: Any) -> None:
        self.__dict__ |= state


class Meter:
    def __call__(self) -> None:
        self._name = "read"


NOTHING, MISSING, UNSET = Sentinel(), Named("missing"), Unset()
ACCOUNT, SWITCH, METER = Account(), Switch(), Meter()
SETTINGS, FLAGS, STATUS = Kept(limit=3), Kept(is_on=False), Kept(status="new")


def looped(make: Any, add: Any) -> Any:
    value = make()
    add(value, value)
    return value


VALUES: dict[str, Any] = {
    "what leaves a cache out": lambda: Priced(3),
    "what says how it is reduced": Loaded,
    "what gives itself as its copy": GivesItself,
    "a default dict": lambda: defaultdict(list, {"a": [1]}),
    "a bounded deque": lambda: deque([[1]], 5),
    "a mapping of its own": lambda: UserDict({"a": [1]}),
    "a list of its own": lambda: UserList([[1]]),
    "a chain": lambda: ChainMap[str, Any]({"a": [1]}, {"b": 2}),
    "a partial": lambda: partial(max, [1], key=len),
    "a bound method": lambda: [1].append,
    "bytes in memory": lambda: BytesIO(b"abc"),
    "text in memory": lambda: StringIO("abc"),
    "a weak reference": lambda: weakref.ref(ACCOUNT),
    "a weak reference to what is gone": lambda: weakref.ref(Account()),
    "a weak method": lambda: weakref.WeakMethod(ACCOUNT.deposit),
    "a weak method of what is gone": lambda: weakref.WeakMethod(Account().deposit),
    "weak keys": lambda: looped(weakref.WeakKeyDictionary, lambda one, _: one.update({ACCOUNT: 1})),
    "a weak set": lambda: looped(weakref.WeakSet, lambda one, _: one.add(ACCOUNT)),
    "a generator of numbers": lambda: Random(7),  # noqa: S311
    "a list in itself": lambda: looped(list, list.append),
    "a deque in itself": lambda: looped(deque, deque.append),
    "an error in itself": lambda: looped(ValueError, lambda error, part: setattr(error, "part", part)),
}


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES.keys())
def test_a_copy_is_another_object_that_reads_alike(make: Any) -> None:
    value = make()
    copy = snapshot(value)
    assert copy is not value
    assert same_content(copy, value)
    assert type(copy) is type(value)


def test_what_is_given_as_one_tuple_is_copied_as_one_value() -> None:
    items = [1]
    args, kwargs = snapshot(((items,), {"also": items}))
    assert args[0] is kwargs["also"] is not items


def test_a_sentinel_is_still_itself() -> None:
    plain = object()
    assert snapshot([NOTHING, MISSING, UNSET, plain]) == [NOTHING, MISSING, UNSET, plain]
    other = Named("missing")
    assert snapshot(other) is not other


@pytest.mark.parametrize("held", [ACCOUNT, SWITCH, METER, SETTINGS, FLAGS, STATUS])
def test_an_object_of_a_module_that_can_change_is_copied(held: Any) -> None:
    copy = snapshot(held)
    assert copy is not held
    assert same_content(copy, held)


def test_a_lock_is_made_anew_and_is_not_locked() -> None:
    desk = Desk()
    with desk.lock, desk.queue:
        copy = snapshot(desk)
        assert not copy.lock.locked()
        assert copy.queue.acquire(blocking=False)


@pytest.mark.parametrize(
    ("value", "place", "name"),
    [
        (([Session()],), "`[0][0].pool[0]` (Thread)", "Session"),
        ({"db": iter([1])}, "`db` (list_iterator)", "db"),
        ((1, Connection()), "`[1]` (Connection)", "__del__"),
    ],
    ids=["a thread", "an iterator", "what acts when it goes"],
)
def test_what_cannot_be_copied_is_named_with_its_place(value: Any, place: str, name: str) -> None:
    with pytest.raises(SnapshotError) as refused:
        snapshot(value)
    assert str(refused.value).startswith(place)


def test_whoever_knows_the_name_of_an_argument_can_say_it() -> None:
    with pytest.raises(SnapshotError) as refused:
        snapshot({"db": iter([1])})
    said = refused.value.of("argument", refused.value.place)
    assert said.startswith("argument `db` (list_iterator) is a handle: declare its class as a port")


def test_the_objects_of_ports_go_by_reference() -> None:
    session = Session()
    copy = snapshot({"db": session, "rows": [1]}, by_reference=lambda part: part is session)
    assert copy["db"] is session


def test_a_copy_that_takes_too_long_is_refused() -> None:
    with pytest.raises(SnapshotError):
        snapshot([[number] for number in range(5_000)], time_left=CopyTime(0.0))


class KeywordOnly(Exception):
    def __new__(cls, *, code: int) -> KeywordOnly:
        made = super().__new__(cls)
        made.code = code
        return made

    def __init__(self, *, code: int) -> None:
        super().__init__("refused")

    code: int


ERRORS: dict[str, Any] = {
    "keywords alone": lambda: KeywordOnly(code=3),
    "a file": lambda: FileNotFoundError(2, "not there", "a.txt"),
    "a group": lambda: ExceptionGroup("two", [ValueError(1), KeywordOnly(code=3)]),
    "letters": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
    "a missing module": lambda: ImportError("no", name="shop", path="shop.py"),
    "an end": lambda: StopIteration(7),
    "an exit": lambda: SystemExit(3),
}


@pytest.mark.parametrize("make", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_is_copied_without_its_init(make: Any) -> None:
    error = make()
    copy = copied_error(error)
    assert copy is not error
    assert same_content(copy, error)
    assert str(copy) == str(error)
    assert copy.__traceback__ is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AttributeError("gone", name="a"), AttributeError("gone", name="b")),
        (AttributeError("gone", name="a"), AttributeError("gone")),
        (NameError("gone", name="a"), UnboundLocalError("gone", name="b")),
        (BlockingIOError(11, "later", 3), BlockingIOError(11, "later", 4)),
        (ImportError("no", name="a"), ImportError("no", name="b")),
        (SyntaxError("no", ("a.py", 1, 1, "x")), SyntaxError("no", ("b.py", 1, 1, "x"))),
    ],
)
def test_what_an_error_keeps_in_c_beside_its_message_tells_it_apart(one: Any, other: Any) -> None:
    assert not same_content(one, other)
    assert same_content(one, copied_error(one))
    assert same_content(other, copied_error(other))


@pytest.mark.parametrize("make", [lambda: time.gmtime(0), time.localtime, lambda: Path().stat(), os.times])
def test_a_tuple_in_c_with_names_is_copied_written_and_compared_by_them(make: Any) -> None:
    value = make()
    (copy,) = snapshot([value])
    assert type(copy) is type(value)
    assert same_content(copy, value)
    assert Codec().problem_of(value) is None


def test_what_such_a_tuple_has_by_name_alone_is_compared() -> None:
    here = time.struct_time((2024, 1, 1, 0, 0, 0, 0, 1, 0), {"tm_zone": "UTC", "tm_gmtoff": 0})
    there = time.struct_time(tuple(here), {"tm_zone": "CET", "tm_gmtoff": 3600})
    assert here == there
    assert not same_content(here, there)
    assert not same_content(time.gmtime(0), time.gmtime(1))


def test_a_part_that_has_no_copy_is_named_with_its_place() -> None:
    class Shout(weakref.WeakMethod):  # type: ignore[type-arg]
        """Made again as its base."""

    for part, what in (
        (Shout(ACCOUNT.deposit), "no copy that reads alike"),
        (ast.parse("1"), "cannot be copied"),
    ):
        with pytest.raises(SnapshotError) as raised:
            snapshot({"a": [1, part]})
        assert str(raised.value).startswith(f"`a[1]` ({type(part).__qualname__}) ")
        assert what in str(raised.value)
