"""A method of a port that is not async itself and gives a coroutine is compared as one that is async."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict
from tests.changeover.support.stored_ways import WAYS

Path = Callable[[Any, int], Coroutine[Any, Any, Any]]


def traced(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that knows nothing of async functions."""

    @wraps(function)
    def traced_call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return traced_call


def decorated(happened: list[int]) -> Any:
    class Client:
        @traced
        async def send(self, number: int) -> int:
            await asyncio.sleep(0)
            happened.append(number)
            return number

        @traced
        async def get(self, number: int) -> int:
            await asyncio.sleep(0)
            return len(happened) + number

    return Client()


def handed_on(happened: list[int]) -> Any:
    class Client:
        def send(self, number: int) -> Any:
            return self._send(number)

        def get(self, number: int) -> Any:
            return self._get(number)

        async def _send(self, number: int) -> int:
            await asyncio.sleep(0)
            happened.append(number)
            return number

        async def _get(self, number: int) -> int:
            await asyncio.sleep(0)
            return len(happened) + number

    return Client()


async def one_by_one(client: Any, number: int) -> Any:
    before = await client.get(1)
    await client.send(number)
    return before, await client.get(1)


async def gathered(client: Any, number: int) -> Any:
    return await asyncio.gather(client.send(number), client.send(number + 5), client.get(3))


async def in_tasks(client: Any, number: int) -> Any:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(client.send(one + number)) for one in range(3)]
    return [task.result() for task in tasks]


async def in_time(client: Any, number: int) -> Any:
    return await asyncio.wait_for(client.send(number), 60)


MAKES = pytest.mark.parametrize("make", [decorated, handed_on])
PATHS = pytest.mark.parametrize("path", [one_by_one, gathered, in_tasks, in_time])
OTHERS = pytest.mark.parametrize(("other", "verdict"), [(1, Verdict.MATCH), (2, Verdict.UNSAFE)])


def declared(migration: Migration, client: Any, path: Path, other: int) -> Any:
    migration.port("client", type(client), effects={"send": lambda number: number}, reads={"get"})

    def calling(first: int) -> Callable[[int], Coroutine[Any, Any, Any]]:
        async def called(number: int) -> Any:
            return await path(client, first)

        return called

    return migration.seam("s", legacy=calling(1), candidate=calling(other))


def alone(make: Callable[[list[int]], Any], path: Path, number: int) -> tuple[Any, list[int]]:
    happened: list[int] = []
    return asyncio.run(path(make(happened), number)), sorted(happened)


@MAKES
@PATHS
@OTHERS
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_it_acts_once_and_is_compared(
    make: Callable[[list[int]], Any], path: Path, other: int, verdict: Verdict, mode: str, stage: str
) -> None:
    happened: list[int] = []
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    given = asyncio.run(declared(migration, make(happened), path, other)(7))
    migration.flush()
    migration.close()
    assert (given, sorted(happened)) == alone(make, path, other if stage == "live" else 1)
    assert (runs[0].verdict, runs[0].reason) == (verdict, None)


@MAKES
@PATHS
@OTHERS
@pytest.mark.parametrize("way", WAYS)
def test_it_is_compared_by_its_record_alone(
    make: Callable[[list[int]], Any], path: Path, other: int, verdict: Verdict, way: str
) -> None:
    run = WAYS[way](lambda migration: declared(migration, make([]), path, other), 7)
    assert (run.verdict, run.reason) == (verdict, None)


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_a_decorator_that_has_it_run_gives_a_value(stage: str) -> None:
    def waited_for(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any) -> Any:
            loop = asyncio.new_event_loop()
            try:
                return loop.run_until_complete(function(*args))
            finally:
                loop.close()

        return call

    happened: list[int] = []

    class Client:
        @waited_for
        async def send(self, number: int) -> int:
            happened.append(number)
            return number

    client: Any = Client()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    migration.port("client", Client, effects={"send"})
    seam = migration.seam("s", legacy=lambda n: client.send(n), candidate=lambda n: client.send(n))
    assert (seam(7), happened) == (7, [7])
    assert (runs[0].verdict, runs[0].reason) == (Verdict.MATCH, None)


def as_it_is(path: Callable[..., Any]) -> Callable[..., Any]:
    return path


def noted(function: Callable[..., Any]) -> Callable[..., Any]:
    """One that does not say at once what it gives."""

    @wraps(function)
    def noted_call(*args: Any, **kwargs: Any) -> Any:
        given = function(*args, **kwargs)
        return given  # noqa: RET504  so that its code does not show it

    return noted_call


@pytest.mark.parametrize("stage", ["off", "shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize(
    ("old", "new"),
    [(as_it_is, traced), (as_it_is, noted), (traced, as_it_is), (traced, traced), (traced, noted)],
)
@OTHERS
def test_a_path_may_hand_on_the_coroutine_of_an_async_one(
    old: Callable[..., Any], new: Callable[..., Any], other: int, verdict: Verdict, mode: str, stage: str
) -> None:
    happened: list[int] = []
    client = handed_on(happened)
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("client", type(client), effects={"send"})

    def sending(first: int) -> Callable[[int], Coroutine[Any, Any, int]]:
        async def path(number: int) -> int:
            await client.send(first)
            return number

        return path

    seam: Any = migration.seam("s", legacy=old(sending(1)), candidate=new(sending(other)))

    async def program() -> Any:
        return await seam(7)

    assert asyncio.run(program()) == 7
    migration.flush()
    migration.close()
    assert happened == [other if stage == "live" else 1]
    assert [(run.verdict, run.reason) for run in runs] == ([] if stage == "off" else [(verdict, None)])


@pytest.mark.parametrize("stage", ["off", "shadow", "live"])
def test_a_decorator_that_waits_for_an_async_path_gives_what_it_gave(stage: str) -> None:
    def waited_for(function: Callable[..., Any]) -> Callable[..., Any]:
        def until_done(coroutine: Any) -> Any:
            return asyncio.run(coroutine)

        @wraps(function)
        def call(*args: Any) -> Any:
            return until_done(function(*args))

        return call

    @waited_for
    async def path(number: int) -> int:
        await asyncio.sleep(0)
        return number

    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0)
    assert migration.seam("s", legacy=path, candidate=path)(7) == 7


@pytest.mark.parametrize("hides", [noted, lambda path: lambda number: path(number)], ids=["noted", "lambda"])
def test_a_legacy_path_that_does_not_show_its_coroutine_is_not_compared(hides: Callable[..., Any]) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)

    async def path(number: int) -> int:
        return number

    seam: Any = migration.seam("s", legacy=hides(path), candidate=hides(path))

    async def program() -> Any:
        return await seam(7)

    assert asyncio.run(program()) == 7
    assert runs[0].verdict is Verdict.FAILED
    assert "coroutine" in str(runs[0].reason)


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_a_part_of_a_port_that_gives_a_coroutine_is_looked_at_when_it_has_ended(stage: str) -> None:
    class Table:
        def __init__(self, rows: list[int]) -> None:
            self.rows = rows

        @traced
        async def create(self, number: int) -> None:
            await asyncio.sleep(0)
            self.rows.append(number)

    class Client:
        def __init__(self) -> None:
            self.table = Table([])

        def ping(self) -> None:
            """Nothing of this is called."""

    client = Client()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    migration.port("client", Client, reads={"ping"})

    async def path(number: int) -> int:
        await client.table.create(number)
        return number

    asyncio.run(migration.seam("s", legacy=path, candidate=path)(7))
    assert client.table.rows == [7]
    assert runs[0].verdict is Verdict.FAILED
    assert "client.table.create changes" in str(runs[0].reason)
