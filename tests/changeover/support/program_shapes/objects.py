"""Shapes of objects that keep things: bound methods, counters, locks, queues, generators, streams."""

from __future__ import annotations

import asyncio
import csv
import heapq
import io
import itertools
import json
import logging
import queue
import random
import sqlite3
import threading
import warnings
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from functools import lru_cache, partial
from typing import Any

from changeover import Migration
from tests.changeover.support.program_shapes.shape import Path, declared_shape, shape

Work = Callable[[Any, int, str], Any]
Fill = Callable[[Any], None]


def kept_by(migration: Migration, planted: str, fill: Fill, work: Work) -> Callable[[int], Any]:
    """The method of an object that was filled, and whose work is the same on both sides."""

    class Desk:
        def __init__(self) -> None:
            self.total = 0
            fill(self)

        def add(self, number: int) -> int:
            self.total += number
            return self.total

        def twice(self, number: int) -> int:
            self.total += 2 * number
            return self.total

        def answer(self, number: int) -> Any:
            return work(self, number, "")

    migration.wrap(Desk, "answer", candidate=lambda self, number: work(self, number, planted), name="s")
    return Desk().answer


@declared_shape("result", "object")
def table_of_bound_methods(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def fill(desk: Any) -> None:
        desk.actions = {"add": desk.add, "twice": desk.twice}

    def work(desk: Any, number: int, twist: str) -> Any:
        kind = "twice" if twist == "object" else "add"
        return desk.actions[kind](number + 1) + (1 if twist == "result" else 0)

    return kept_by(migration, planted, fill, work)


@declared_shape(
    "object",
    expected="self",
    why="a function that has its object in a closure acts on that one, not on a copy",
)
def function_that_captures_its_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def fill(desk: Any) -> None:
        desk.act = lambda number: desk.add(number)

    def work(desk: Any, number: int, twist: str) -> Any:
        return desk.act(number + (1 if twist else 0))

    return kept_by(migration, planted, fill, work)


@declared_shape("object")
def partial_of_its_own_method(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def fill(desk: Any) -> None:
        desk.act = partial(desk.add, 3)

    def work(desk: Any, number: int, twist: str) -> Any:
        return desk.act() + (desk.add(1) if twist else 0)

    return kept_by(migration, planted, fill, work)


@declared_shape("result")
def counter_on_the_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def fill(desk: Any) -> None:
        desk.numbers = itertools.count(1)

    def work(desk: Any, number: int, twist: str) -> Any:
        return next(desk.numbers) + (1 if twist else 0)

    return kept_by(migration, planted, fill, work)


@declared_shape(
    "result", expected="generator", why="nobody can copy a generator, and to read it would change the program"
)
def generator_on_the_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def numbers() -> Iterator[int]:
        yield from itertools.count(1)

    def fill(desk: Any) -> None:
        desk.numbers = numbers()

    def work(desk: Any, number: int, twist: str) -> Any:
        return next(desk.numbers) + (1 if twist else 0)

    return kept_by(migration, planted, fill, work)


@declared_shape("result")
def random_generator_on_the_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def fill(desk: Any) -> None:
        desk.random = random.Random(5)  # noqa: S311

    def work(desk: Any, number: int, twist: str) -> Any:
        return desk.random.random() + (1 if twist else 0)

    return kept_by(migration, planted, fill, work)


@declared_shape("object", "result")
def locks_and_loggers_on_the_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def fill(desk: Any) -> None:
        desk.lock, desk.again, desk.ready = threading.Lock(), threading.RLock(), threading.Condition()
        desk.logger = logging.getLogger("shapes.desk")
        desk.stop = threading.Event()

    def work(desk: Any, number: int, twist: str) -> Any:
        with desk.lock, desk.again, desk.ready:
            desk.logger.debug("number %d", number)
            desk.ready.notify_all()
            return desk.add(number + (1 if twist == "object" else 0)) + (1 if twist == "result" else 0)

    return kept_by(migration, planted, fill, work)


@declared_shape("object")
def queue_on_the_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def fill(desk: Any) -> None:
        desk.waiting = queue.Queue()

    def work(desk: Any, number: int, twist: str) -> Any:
        desk.waiting.put(number + (1 if twist else 0))
        return desk.waiting.qsize()

    return kept_by(migration, planted, fill, work)


@declared_shape("object", is_async=True)
def asynchronous_lock_on_the_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Desk:
        def __init__(self) -> None:
            self.total, self.lock, self.heard = 0, asyncio.Lock(), list[int]()

        async def answer(self, number: int) -> int:
            return await work(self, number, "")

    async def work(self: Desk, number: int, twist: str) -> int:
        async with self.lock:
            await asyncio.sleep(0)
            self.heard.append(number + (1 if twist else 0))
        return number

    async def candidate(self: Desk, number: int) -> int:
        return await work(self, number, planted)

    migration.wrap(Desk, "answer", candidate=candidate, name="s")
    return Desk().answer


@declared_shape("result", expected="pool", why="a pool is a handle, and its class is no port")
def pool_on_the_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    pool = ThreadPoolExecutor(1)

    def fill(desk: Any) -> None:
        desk.pool = pool

    def work(desk: Any, number: int, twist: str) -> Any:
        return desk.pool.submit(abs, number).result() + (1 if twist else 0)

    return kept_by(migration, planted, fill, work)


@declared_shape("object")
def containers_on_the_object(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def fill(desk: Any) -> None:
        desk.heap, desk.grouped = [3, 5], defaultdict(lambda: [0])
        desk.seen = weakref.WeakSet()

    def work(desk: Any, number: int, twist: str) -> Any:
        heapq.heappush(desk.heap, number + (1 if twist else 0))
        desk.grouped[number % 3].append(number)
        return heapq.nsmallest(2, desk.heap), len(desk.grouped), len(desk.seen)

    return kept_by(migration, planted, fill, work)


@declared_shape("object")
def listeners_that_are_its_own_methods(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def fill(desk: Any) -> None:
        desk.listeners = [desk.add, desk.twice]

    def work(desk: Any, number: int, twist: str) -> Any:
        for listener in desk.listeners[: 1 if twist else None]:
            listener(number + 1)

    return kept_by(migration, planted, fill, work)


@declared_shape("result")
def cached_methods(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Prices:
        def __init__(self, base: int) -> None:
            self.base = base

        @lru_cache(maxsize=32)  # noqa: B019
        def of(self, number: int) -> int:
            return self.base + number

        def answer(self, number: int) -> int:
            return self.of(number % 3) + self.of(1)

    def candidate(self: Prices, number: int) -> int:
        return self.of(number % 3) + self.of(1) + (1 if planted else 0)

    migration.wrap(Prices, "answer", candidate=candidate, name="s")
    return Prices(100).answer


@declared_shape("result")
def singletons_and_registries(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Settings:
        _one: Settings | None = None
        kinds: dict[str, type] = {}  # noqa: RUF012

        def __new__(cls) -> Settings:
            if cls._one is None:
                cls._one = super().__new__(cls)
            return cls._one

        def __init_subclass__(cls) -> None:
            Settings.kinds[cls.__name__] = cls

    def path(twist: str) -> Path:
        def answer(number: int) -> Any:
            type(f"Kind{number}", (Settings,), {})
            return Settings() is Settings(), Settings.kinds[f"Kind{number}"].__name__, twist

        return answer

    return migration.seam("s", legacy=path(""), candidate=path(planted))


@declared_shape("result")
def callable_objects_as_paths(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Rule:
        def __init__(self, more: int) -> None:
            self.more = more

        def __call__(self, number: int) -> int:
            return number + int(shop.price("x")) + self.more

    return migration.seam("s", legacy=Rule(0), candidate=Rule(1 if planted else 0))


@declared_shape("result")
def bound_methods_and_partials_as_paths(
    migration: Migration, shop: Any, planted: str
) -> Callable[[int], Any]:
    class Rules:
        def apply(self, more: int, number: int) -> int:
            return number + int(shop.price("x")) + more

    seam: Any = migration.seam(
        "s", legacy=partial(Rules().apply, 0), candidate=partial(Rules().apply, 1 if planted else 0)
    )
    return lambda number: seam(number)


@shape("argument", "result", arguments=lambda number: (io.StringIO("a\nb\n"), io.BytesIO(b"xyz")))
def streams_in_memory(shop: Any, planted: str) -> Path:
    def path(text: io.StringIO, data: io.BytesIO) -> Any:
        lines = text.readlines()
        text.write("c" if planted != "argument" else "d")
        return lines, data.read(2 if planted != "result" else 3)

    return path


@shape("result")
def files_made_in_memory(shop: Any, planted: str) -> Path:
    def path(number: int) -> Any:
        made = io.StringIO()
        csv.writer(made).writerows([[number, "a,b"], [1 if planted else 0, None]])
        return made.getvalue(), json.loads(json.dumps({"number": number}))

    return path


@shape("result")
def what_is_printed(shop: Any, planted: str) -> Path:
    def path(number: int) -> str:
        made = io.StringIO()
        with redirect_stdout(made):
            print(number, "printed", planted)
        return made.getvalue()

    return path


@shape("result")
def warnings_that_are_caught(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[str]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.warn(f"number {number}{planted}", stacklevel=1)
        return [str(one.message) for one in caught]

    return path


@shape("result")
def database_in_memory(shop: Any, planted: str) -> Path:
    def path(number: int) -> Any:
        connection = sqlite3.connect(":memory:")
        try:
            connection.execute("create table t (n integer)")
            connection.executemany("insert into t values (?)", [(number,), (1 if planted else 0,)])
            return connection.execute("select sum(n), count(*) from t").fetchall()
        finally:
            connection.close()

    return path


@shape("result", is_async=True)
def events_and_conditions_of_tasks(shop: Any, planted: str) -> Path:
    async def path(number: int) -> Any:
        ready, heard = asyncio.Event(), list[int]()

        async def wait(one: int) -> None:
            await ready.wait()
            heard.append(one + await shop.stock("x"))

        async with asyncio.TaskGroup() as group:
            for one in range(3):
                group.create_task(wait(one))
            await asyncio.sleep(0)
            ready.set()
        return sorted(heard), 1 if planted else 0

    return path


@shape("effect", "result")
def barrier_of_threads(shop: Any, planted: str) -> Path:
    def path(number: int) -> Any:
        met, found = threading.Barrier(2), dict[int, int]()

        def one(side: int) -> None:
            met.wait(1)
            shop.send(f"{side}{'!' if planted == 'effect' else ''}")
            found[side] = side + (1 if planted == "result" else 0)

        started = [threading.Thread(target=one, args=(side,)) for side in range(2)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
        return found

    return path
