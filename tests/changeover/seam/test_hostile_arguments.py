"""What a replayed path does to its arguments is done to copies; what has no copy it does not get."""

# ruff: noqa: S311
import array
import collections
import ctypes
import io
import itertools
import queue
import random
import threading
import types
import weakref
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Context
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.changeover.seam.test_hostile_paths import Crossing


class Order:
    def __init__(self, name: str) -> None:
        self.name = name
        self.parts: list[Any] = [{"price": 1}, {"price": 2}]
        self.myself = self


class Slotted:
    __slots__ = ("__weakref__", "name", "parts")

    def __init__(self) -> None:
        self.name, self.parts = "SPY", [1, 2]


class Failure(Exception):
    pass


def drained(found: Any) -> None:
    while not found.empty():
        found.get_nowait()


def exhausted(found: Any) -> None:
    for _ in itertools.islice(found, 100):
        pass


def spoilt(found: Order) -> None:
    found.parts[0]["price"] = 7
    found.parts.append(found)
    found.name = "other"
    del found.myself
    found.__class__ = type("Other", (Order,), {})


def raised(found: Failure) -> None:
    found.args = (2,)
    with suppress(Failure):
        raise found from ValueError("hostile")


def written(found: Any) -> None:
    with suppress(TypeError):  # a copy of it cannot be written to
        found[0] = 1


def held(found: Any) -> None:
    found.acquire(timeout=0.01)


def filled_queue() -> "queue.Queue[int]":
    made: queue.Queue[int] = queue.Queue()
    for number in range(3):
        made.put(number)
    return made


def simple_queue() -> "queue.SimpleQueue[int]":
    made: queue.SimpleQueue[int] = queue.SimpleQueue()
    made.put(1)
    return made


def names_of(found: Order) -> object:
    return (type(found), found.name, repr(found.parts), found.myself is found)


ORDERS = [Order("kept")]
Case = tuple[Callable[[], Any], Callable[[Any], object], Callable[[Any], object]]
GIVEN: dict[str, Case] = {
    "list": (lambda: [3, 1, 2], lambda one: (one.sort(), one.clear()), repr),
    "dict": (lambda: {"a": 1}, lambda one: (one.update(b=2), one.pop("a")), repr),
    "set": (lambda: {1, 2}, lambda one: one.clear(), repr),
    "deque": (lambda: collections.deque([1, 2], 5), lambda one: (one.popleft(), one.rotate()), repr),
    "default dict": (lambda: collections.defaultdict(list), lambda one: one["x"].append(1), repr),
    "counter": (lambda: collections.Counter("ab"), lambda one: one.update("b"), repr),
    "ordered dict": (lambda: collections.OrderedDict(a=1, b=2), lambda one: one.move_to_end("a"), repr),
    "chain of dicts": (lambda: collections.ChainMap({"a": 1}, {}), lambda one: one.update(a=2), repr),
    "array": (lambda: array.array("d", [1.0]), lambda one: one.append(2.0), repr),
    "bytearray": (lambda: bytearray(b"ab"), lambda one: one.extend(b"c"), repr),
    "memory": (lambda: memoryview(bytearray(b"ab")), written, bytes),
    "released memory": (lambda: memoryview(bytearray(b"ab")), lambda one: one.release(), bytes),
    "numbers of numpy": (lambda: np.arange(4.0), lambda one: one.sort() or one.fill(7), repr),
    "flags of numpy": (
        lambda: np.arange(4.0),
        lambda one: one.setflags(write=False),
        lambda one: one.flags.num,
    ),
    "shape of numpy": (lambda: np.arange(4.0), lambda one: setattr(one, "shape", (2, 2)), repr),
    "view of numpy": (lambda: np.arange(4.0)[1:3], lambda one: one.fill(7), lambda one: repr(one.base)),
    "generator of numpy": (
        lambda: np.random.default_rng(1),
        lambda one: one.random(),
        lambda one: repr(one.bit_generator.state),
    ),
    "generator of random": (lambda: random.Random(1), lambda one: one.random(), lambda one: one.getstate()),
    "object": (lambda: Order("SPY"), spoilt, names_of),
    "object with slots": (Slotted, lambda one: one.parts.clear(), lambda one: repr((one.name, one.parts))),
    "object in a tuple": (lambda: (Order("SPY"),), lambda one: spoilt(one[0]), lambda one: names_of(one[0])),
    "name space": (lambda: types.SimpleNamespace(a=[1]), lambda one: one.a.append(2), repr),
    "view of a dict": (lambda: {"a": [1]}.values(), lambda one: next(iter(one)).append(2), repr),
    "read-only dict": (lambda: types.MappingProxyType({"a": [1]}), lambda one: one["a"].append(2), repr),
    "exception": (lambda: Failure(1), raised, lambda one: (one.args, one.__traceback__, one.__cause__)),
    "exception with notes": (
        lambda: Failure(1),
        lambda one: one.add_note("hostile"),
        lambda one: getattr(one, "__notes__", None),
    ),
    "partial": (lambda: partial(int, base=2), lambda one: one.keywords.update(base=3), repr),
    "method of an object": (
        lambda: Order("SPY").parts.append,
        lambda one: one(3),
        lambda one: repr(one.__self__),
    ),
    "decimals": (lambda: Context(prec=9), lambda one: setattr(one, "prec", 2), repr),
    "iterator": (lambda: iter([1, 2]), exhausted, lambda one: one.__length_hint__()),
    "generator": (lambda: (n for n in (1, 2)), exhausted, lambda one: one.gi_frame is not None),
    "closed generator": (
        lambda: (n for n in (1, 2)),
        lambda one: one.close(),
        lambda one: one.gi_frame is not None,
    ),
    "count": (lambda: itertools.count(), exhausted, repr),
    "cycle of an iterator": (lambda: enumerate(["a", "b"]), exhausted, lambda one: one.__reduce__()[1][1]),
    "text file in memory": (
        lambda: io.StringIO("ab"),
        lambda one: one.write("x"),
        lambda one: (one.getvalue(), one.tell()),
    ),
    "bytes file in memory": (lambda: io.BytesIO(b"ab"), lambda one: one.close(), lambda one: one.closed),
    "queue": (filled_queue, drained, lambda one: [*one.queue]),
    "simple queue": (simple_queue, drained, lambda one: one.qsize()),
    "lock": (threading.Lock, held, lambda one: one.locked()),
    "lock of a thread": (threading.RLock, held, repr),
    "semaphore": (lambda: threading.Semaphore(2), held, lambda one: one._value),
    "event": (threading.Event, lambda one: one.set(), lambda one: one.is_set()),
    "thread": (threading.Thread, lambda one: one.start(), lambda one: one.ident),
    "weak reference": (
        lambda: weakref.ref(ORDERS[0]),
        lambda one: spoilt(one()),
        lambda one: names_of(one()),
    ),
    "weak dict": (
        lambda: weakref.WeakValueDictionary(a=ORDERS[0]),
        lambda one: one.clear(),
        lambda one: [*one],
    ),
    "structure of C": (
        lambda: (ctypes.c_int * 2)(1, 2),
        lambda one: one.__setitem__(0, 9),
        lambda one: [*one],
    ),
    "time": (lambda: [datetime(2026, 1, 2)], lambda one: one.__setitem__(0, None), repr),
}


def tried(case: Case, stage: str) -> tuple[object, object]:
    make, change, read = case
    given = make()
    before = read(given)
    called: list[object] = []

    def path(outer: dict[str, Any]) -> object:
        called.append(change(outer["given"]))
        return None

    crossing = Crossing(path, stage=stage)
    crossing.seam({"given": given})
    assert called or crossing.runs[0].verdict.value == "failed"
    return before, read(given)


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("name", GIVEN)
def test_no_argument_changes(name: str, stage: str) -> None:
    before, after = tried(GIVEN[name], stage)
    assert after == before


def test_a_file_that_was_given_is_neither_read_nor_closed(tmp_path: Path) -> None:
    (tmp_path / "orders.txt").write_text("orders")
    with (tmp_path / "orders.txt").open(encoding="utf-8") as file:
        case = (lambda: file, lambda one: (one.read(), one.close()), lambda one: (one.closed, one.tell()))
        before, after = tried(case, "shadow")
    assert after == before


def test_a_copy_of_a_memoryview_cannot_be_written_to() -> None:
    def path(given: Any) -> object:
        return given.readonly

    crossing = Crossing(path)
    crossing.answer = False  # type: ignore[assignment]
    crossing.seam(memoryview(bytearray(b"ab")))
    assert crossing.runs[0].verdict.value == "diverged"
