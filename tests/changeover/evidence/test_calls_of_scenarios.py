"""The call of a stored run is made again as its path takes it, and what the path leaves behind goes on."""

from __future__ import annotations

import asyncio
import functools
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run, fresh
from changeover.evidence.scenario_replay import codec_of, replayed_scenarios
from changeover.record.scenario_file import from_line, scenario_of, to_line
from changeover.values.verdict import Verdict

Path = Callable[..., Any]
Called = tuple[tuple[Any, ...], dict[str, Any]]


class Post:
    """The world."""

    def send(self, text: str) -> str:
        return "sent"


def migration_of(post: Post, legacy: Any, candidate: Any, runs: list[Run]) -> tuple[Migration, Any]:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode="inline")
    migration.port("post", post, effects={"send"})
    return migration, migration.seam("s", legacy=legacy, candidate=candidate)


def stored(legacy: Any, candidate: Any, call: Callable[[Any], Any], today: Any = None) -> Run:
    """The run that a stored one gives today, of a call that production recorded."""
    runs: list[Run] = []
    migration, seam = migration_of(Post(), legacy(), legacy(), runs)
    call(seam)
    migration.flush()
    line = json.dumps(json.loads(to_line(scenario_of(runs[0]), codec_of(migration))))
    migration, _ = migration_of(Post(), (today or legacy)(), candidate(), [])
    [(_, run)] = replayed_scenarios(
        migration, [from_line(line.encode(), codec_of(migration), migration.runtime.book)]
    )
    return run


def plain(one: int, two: int = 2) -> Any:
    return [one, two]


def reordered(two: int = 2, one: int = 0) -> Any:
    return [one, two]


def renamed(first: int, second: int = 2) -> Any:
    return [first, second]


def in_order(one: int, two: int = 2, /) -> Any:
    return [one, two]


def by_name(one: int, *, two: int = 2) -> Any:
    return [one, two]


def any_more(one: int, *more: int) -> Any:
    return [one, *more]


def any_named(one: int, **more: int) -> Any:
    return [one, more]


def everything(one: int, /, two: int = 2, *more: int, three: int = 3, **named: Any) -> Any:
    return [one, two, more, three, named]


def everything_else(first: int, /, second: int = 2, *more: int, three: int = 3, **named: Any) -> Any:
    return [first, second, more, three, named]


def named_like_itself(one: int, /, **named: int) -> Any:
    return [one, named]


CALLS: list[tuple[Path, Path, Called]] = [
    (plain, plain, ((1,), {})),
    (plain, plain, ((), {"two": 5, "one": 1})),
    (plain, reordered, ((), {"two": 5, "one": 1})),
    (plain, renamed, ((1, 5), {})),
    (in_order, in_order, ((1, 5), {})),
    (in_order, renamed, ((1,), {})),
    (by_name, by_name, ((1,), {"two": 5})),
    (any_more, any_more, ((1, 5, 6), {})),
    (any_more, any_more, ((1,), {})),
    (any_named, any_named, ((1,), {"more": 5, "x": 6})),
    (everything, everything, ((1, 5, 6, 7), {"three": 4, "four": 5})),
    (everything, everything_else, ((1, 5, 6, 7), {"three": 4, "four": 5})),
    (everything, everything, ((1,), {})),
    (named_like_itself, named_like_itself, ((1,), {"one": 7})),
    (functools.partial(plain, 1), functools.partial(plain, 1), ((5,), {})),
    (max, max, ((1, 5), {})),
    (len, len, (("abc",), {})),
]


def coloured(path: Path, colour: str, planted: bool) -> Any:
    """The path as it is, one that is awaited, or one that is built anew."""

    def answered(*args: Any, **kwargs: Any) -> Any:
        found = path(*args, **kwargs)
        return [found, "planted"] if planted else found

    async def awaited(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return answered(*args, **kwargs)

    if colour == "fresh":
        return fresh(lambda ports: answered)
    wrapped = awaited if colour == "async" else answered
    return functools.wraps(path)(wrapped) if not isinstance(path, functools.partial) else wrapped


@pytest.mark.parametrize("colour", ["sync", "async", "fresh"])
@pytest.mark.parametrize(("legacy", "candidate", "called"), CALLS)
def test_a_call_is_made_again_as_it_was(legacy: Path, candidate: Path, called: Called, colour: str) -> None:
    args, kwargs = called

    def call(seam: Any) -> Any:
        answer = seam(*args, **kwargs)
        return asyncio.run(answer) if colour == "async" else answer

    def verdict(planted: bool) -> Any:
        run = stored(
            lambda: coloured(legacy, colour, planted=False),
            lambda: coloured(candidate, colour, planted=planted),
            call,
        )
        return run.verdict, run.reason

    assert verdict(planted=False) == (Verdict.MATCH, None)
    assert verdict(planted=True) == (Verdict.DIVERGED, None)


def test_a_parameter_that_has_come_since_has_its_default() -> None:
    def before(one: int, /, two: int, *more: int) -> Any:
        return [one, two]

    def now(one: int, /, two: int, *more: int, three: int = 3) -> Any:
        return [one, two]

    run = stored(lambda: before, lambda: now, lambda seam: seam(1, 5), today=lambda: now)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def late_task(text: str) -> Path:
    async def path(post: Post) -> str:
        async def later() -> None:
            await asyncio.sleep(0.01)
            post.send(text)

        TASKS.append(asyncio.get_running_loop().create_task(later()))
        return "soon"

    return path


def late_call(text: str) -> Path:
    async def path(post: Post) -> str:
        asyncio.get_running_loop().call_later(0.01, post.send, text)
        return "soon"

    return path


def late_thread(text: str) -> Path:
    async def path(post: Post) -> str:
        threading.Timer(0.01, post.send, (text,)).start()
        return "soon"

    return path


TASKS: list[Any] = []


@pytest.mark.parametrize("late", [late_task, late_call, late_thread])
def test_what_an_async_path_leaves_to_its_loop_is_done_in_a_stored_run_too(
    late: Callable[[str], Path],
) -> None:
    post = Post()

    def path(text: str) -> Path:
        made = late(text)

        async def called(number: int) -> Any:
            return await made(post)

        return called

    def call(seam: Any) -> Any:
        async def program() -> None:
            await seam(1)
            await asyncio.sleep(0.05)

        asyncio.run(program())

    def verdict(text: str) -> Any:
        runs: list[Run] = []
        migration, seam = migration_of(post, path("a"), path("a"), runs)
        call(seam)
        migration.flush()
        line = to_line(scenario_of(runs[0]), codec_of(migration))
        migration, _ = migration_of(post, path("a"), path(text), [])
        [(_, run)] = replayed_scenarios(
            migration, [from_line(line.encode(), codec_of(migration), migration.runtime.book)]
        )
        return run.verdict

    assert verdict("a") == Verdict.MATCH
    assert verdict("b") == Verdict.UNSAFE
