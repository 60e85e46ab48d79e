"""What a path keeps in its module or closure has no copy: what a replay meets there is no difference."""

from __future__ import annotations

import asyncio
import functools
import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict


class Numbers:
    made: list[Numbers] = []  # noqa: RUF012  what this is about

    def __init__(self) -> None:
        self.last = 0
        Numbers.made.append(self)

    def next(self) -> int:
        self.last += 1
        return self.last


NUMBER = 0
LAST: int | None = None
ROWS: list[int] = []
SEEN: set[int] = set()
TIMES: Counter[int] = Counter()
ORDER = itertools.count()
HERE = threading.local()
DRAWS = random.Random(7)  # noqa: S311  no secret
NUMBERS = Numbers()


class Post:
    def __init__(self) -> None:
        self.sent: list[int] = []

    def send(self, number: int) -> str:
        self.sent.append(number)
        return "sent"


def rebinds(post: Post, number: int) -> Any:
    global NUMBER
    NUMBER += 1
    return NUMBER


def is_another(post: Post, number: int) -> Any:
    global LAST
    was, LAST = LAST, number
    return was


def appends(post: Post, number: int) -> Any:
    ROWS.append(number)
    return len(ROWS)


def tallies(post: Post, number: int) -> Any:
    TIMES[number] += 1
    return {"times": TIMES[number], "number": number}


def sends_once(post: Post, number: int) -> Any:
    if number in SEEN:
        return "again"
    SEEN.add(number)
    return post.send(number)


def below(post: Post, number: int) -> Any:
    return appends(post, number)


def takes_the_next(post: Post, number: int) -> Any:
    return next(ORDER)


def of_its_thread(post: Post, number: int) -> Any:
    HERE.count = getattr(HERE, "count", 0) + 1
    return HERE.count


def draws(post: Post, number: int) -> Any:
    return DRAWS.random()


def asks_an_object(post: Post, number: int) -> Any:
    return NUMBERS.next()


def keeps_in_a_class(post: Post, number: int) -> Any:
    Numbers()
    return len(Numbers.made)


def keeps_in_itself(post: Post, number: int) -> Any:
    keeps_in_itself.count = getattr(keeps_in_itself, "count", 0) + 1  # type: ignore[attr-defined]
    return keeps_in_itself.count  # type: ignore[attr-defined]


def in_a_closure(seen: set[int]) -> Callable[[Post, int], Any]:
    def path(post: Post, number: int) -> Any:
        if number in seen:
            return "again"
        seen.add(number)
        return post.send(number)

    return path


HELD: set[int] = set()
Does = Callable[[Post, int], Any]
KEEP = [
    *(rebinds, is_another, appends, tallies, sends_once, below, takes_the_next, of_its_thread, draws),
    *(asks_an_object, keeps_in_a_class, keeps_in_itself, in_a_closure(HELD)),
]


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> None:
    global NUMBER, LAST
    NUMBER, LAST = 0, None
    for one in (ROWS, SEEN, TIMES, HELD, Numbers.made):
        one.clear()


def compared(
    legacy: Does, candidate: Does, *, stage: str = "shadow", mode: str = "inline", colour: str = "sync"
) -> tuple[Run, Post]:
    runs: list[Run] = []
    post = Post()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("post", Post, effects={"send"})

    def path(does: Does) -> Any:
        def called(number: int) -> Any:
            return does(post, number)

        async def awaited(number: int) -> Any:
            await asyncio.sleep(0)
            return does(post, number)

        if colour == "partial":
            return functools.partial(does, post)
        return awaited if colour == "async" else called

    answer: Any = migration.seam("s", legacy=path(legacy), candidate=path(candidate))(3)
    if colour == "async":
        asyncio.run(answer)
    migration.flush()
    migration.close()
    return runs[0], post


@pytest.mark.parametrize("colour", ["sync", "async", "partial"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("does", KEEP)
def test_the_same_function_is_no_difference_and_the_reason_says_so(
    does: Does, stage: str, colour: str
) -> None:
    run, post = compared(does, does, stage=stage, colour=colour)
    assert run.verdict is Verdict.FAILED
    assert "both paths are one function" in str(run.reason)
    assert len(post.sent) <= 1


@pytest.mark.parametrize("does", [one for one in KEEP if one is not of_its_thread])
def test_beside_the_program_it_is_none_either(does: Does) -> None:
    run, _ = compared(does, does, mode="background")
    assert run.verdict is Verdict.FAILED


@pytest.mark.parametrize("planted", ["result", "effect"])
@pytest.mark.parametrize("does", KEEP)
def test_a_planted_change_is_never_a_match(does: Does, planted: str) -> None:
    def other(post: Post, number: int) -> Any:
        found = does(post, number)
        if planted == "effect":
            post.send(number + 7)
        return [found, "other"] if planted == "result" else found

    run, _ = compared(does, other)
    assert run.verdict in (Verdict.DIVERGED, Verdict.UNSAFE)
    if planted == "effect":
        assert run.verdict is Verdict.UNSAFE


TABLE = {3: "three"}


def test_a_path_that_only_looks_something_up_there_is_compared_as_ever() -> None:
    run, _ = compared(lambda post, number: TABLE[number], lambda post, number: TABLE[number])
    assert run.verdict is Verdict.MATCH
    run, _ = compared(lambda post, number: TABLE[number], lambda post, number: TABLE[number] + "!")
    assert run.verdict is Verdict.DIVERGED
