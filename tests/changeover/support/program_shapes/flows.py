"""Shapes of control: retries, pages, context managers, exceptions, recursion, generators, nested seams."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager, suppress
from itertools import count, takewhile
from typing import Any

from changeover import Migration
from tests.changeover.support.program_shapes.shape import Path, declared_shape, shape


@shape("result", "effect")
def retries_with_sleep(shop: Any, planted: str) -> Path:
    def path(number: int) -> int:
        for attempt in range(5):
            try:
                found = shop.flaky(attempt)
            except TimeoutError:
                time.sleep(0.0002)
            else:
                shop.send(found + (1 if planted == "effect" else 0))
                return int(found) + (1 if planted == "result" else 0)
        return -1

    return path


@shape("result")
def retries_until_a_deadline(shop: Any, planted: str) -> Path:
    def path(number: int) -> int:
        until, tries = shop.seconds() + 0.001, 0
        while shop.seconds() < until:
            time.sleep(0.0002)
            tries += 1
        return 0 if tries > 0 and not planted else 1

    return path


@shape("result", "effect")
def pagination(shop: Any, planted: str) -> Path:
    def pages() -> Iterator[int]:
        for number in count():
            rows = shop.page(number)
            if not rows:
                return
            yield from rows

    def path(number: int) -> list[int]:
        found = list(pages())
        shop.send(sum(found) + (1 if planted == "effect" else 0))
        return found[:-1] if planted == "result" else found

    return path


@shape("effect", "result")
def context_managers(shop: Any, planted: str) -> Path:
    @contextmanager
    def transaction(name: str) -> Iterator[list[str]]:
        shop.send(f"begin {name}")
        done: list[str] = []
        try:
            yield done
        finally:
            shop.send(f"end {name}{planted if planted == 'effect' else ''}")

    def path(number: int) -> list[str]:
        with ExitStack() as stack:
            first = stack.enter_context(transaction("a"))
            second = stack.enter_context(transaction("b"))
            stack.callback(first.append, "left")
            second.append(f"{number}{planted if planted == 'result' else ''}")
        return first + second

    return path


@shape("effect", is_async=True)
def asynchronous_context_managers(shop: Any, planted: str) -> Path:
    @asynccontextmanager
    async def session(name: str) -> Any:
        await shop.post(f"open {name}")
        try:
            yield name
        finally:
            await shop.post(f"close {name}{planted}")

    async def path(number: int) -> str:
        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(session("a"))
            two = await stack.enter_async_context(session("b"))
            return f"{one}{two}{number}"

    return path


@shape("result", is_async=True)
def asynchronous_generators(shop: Any, planted: str) -> Path:
    async def rows() -> Any:
        for name in ("a", "bb", "ccc"):
            yield await shop.stock(name)

    async def path(number: int) -> list[int]:
        return [row async for row in rows()] + [1 if planted else 0]

    return path


class Refused(Exception):
    """An error with attributes of its own."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"refused: {reason}")
        self.code, self.reason = code, reason


@shape("attribute", "effect")
def error_that_is_raised(shop: Any, planted: str) -> Path:
    def path(number: int) -> None:
        shop.send("tried!" if planted == "effect" else "tried")
        raise Refused(500 if planted == "attribute" else 404, "no such order")

    return path


@shape("attribute", "cause")
def error_with_a_cause(shop: Any, planted: str) -> Path:
    known: dict[str, int] = {}

    def path(number: int) -> None:
        try:
            known["missing" if planted != "cause" else "other"]
        except KeyError as error:
            error.add_note("while looking")
            raise Refused(404 if planted != "attribute" else 405, "x") from error

    return path


@shape("result")
def error_that_is_caught(shop: Any, planted: str) -> Path:
    def path(number: int) -> str:
        with suppress(ZeroDivisionError):
            return str(1 // (number - number))
        try:
            shop.flaky(0)
        except TimeoutError as error:
            return f"{type(error).__name__} {error}{planted}"
        return "none"

    return path


@shape("member")
def exception_groups(shop: Any, planted: str) -> Path:
    def path(number: int) -> None:
        try:
            raise ExceptionGroup("all", [ValueError("a"), OSError(2, "b" if not planted else "c")])
        except* ValueError:
            shop.send("handled")

    return path


@shape("result")
def error_kept_as_an_answer(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[Any]:
        found: list[Any] = []
        for attempt in range(3):
            try:
                found.append(shop.flaky(attempt))
            except TimeoutError as error:
                found.append(error)
        return found[: 2 if planted else 3]

    return path


@shape("result")
def recursion(shop: Any, planted: str) -> Path:
    def depth_of(number: int) -> int:
        return 0 if number == 0 else 1 + depth_of(number - 1)

    return lambda number: depth_of(150 + number % 5) + (1 if planted else 0)


@shape("result")
def closures_with_a_state(shop: Any, planted: str) -> Path:
    def counter() -> Callable[[], int]:
        at = 0

        def count_on() -> int:
            nonlocal at
            at += 1
            return at

        return count_on

    def path(number: int) -> list[int]:
        more = counter()
        return [more() for _ in range(3 if not planted else 4)]

    return path


@declared_shape(
    "result", expected="(generator)", why="a generator can be read only once, by one of the two paths"
)
def generator_as_an_argument(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def path(twist: str) -> Path:
        return lambda rows: sum(rows) + (1 if twist else 0)

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))
    return lambda number: seam(row * 2 for row in range(number))


@shape(
    "result", expected="result", why="an iterator as an answer is the caller's to read, not the comparison's"
)
def iterator_as_an_answer(shop: Any, planted: str) -> Path:
    return lambda number: iter([number, 1 if planted else 0])


@shape("result")
def generators_inside(shop: Any, planted: str) -> Path:
    def rows(number: int) -> Generator[int, int, None]:
        heard = 0
        while True:
            sent = yield heard
            heard += sent or number

    def path(number: int) -> list[int]:
        with closing(rows(1)) as made:
            next(made)
            return [made.send(step) for step in (1, 2, 3 if not planted else 4)] + [
                *takewhile(lambda row: row < 3, count())
            ]

    return path


@declared_shape("result", "effect")
def nested_seams(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def inner_path(number: int) -> int:
        shop.send(f"inner {number}")
        return number * int(shop.price("x"))

    inner = migration.seam("inner", legacy=inner_path, candidate=inner_path)

    def path(twist: str) -> Path:
        def outer(number: int) -> int:
            shop.send("outer" if twist != "effect" else "other")
            return inner(number) + inner(number + 1) + (1 if twist == "result" else 0)

        return outer

    return migration.seam("s", legacy=path(""), candidate=path(planted))


@declared_shape("result")
def seam_that_calls_itself(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    seams: list[Any] = []

    def path(twist: str) -> Path:
        def down(number: int) -> int:
            below = 0 if number == 0 else int(seams[0](number - 1))
            return below + int(shop.price("x")) + (1 if twist else 0)

        return down

    seams.append(migration.seam("s", legacy=path(""), candidate=path(planted)))
    return lambda number: seams[0](1 + number % 3)
