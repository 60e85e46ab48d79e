"""Nothing of the program changes, whatever the replayed path does."""

import asyncio
import copy
import io
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.hostile_paths import HOSTILE, Path_
from tests.changeover.support.program_view import program

TOOLS = ("asyncio_", "changeover-")  # of loops and of the toolkit


def _is_foreign(thread: str) -> bool:
    return not thread.startswith(TOOLS)


def wait_until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.002)
    assert is_so()


def opened() -> set[str]:
    """What the open descriptors lead to."""
    found = set()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")  # noqa: PTH115
        except OSError:
            continue  # of the listing itself
    return found


def left_open(before: set[str]) -> set[str]:
    """What stays open; a thread of another test may just be writing its evidence."""
    found = opened() - before
    for _ in range(100):
        if not found:
            break
        time.sleep(0.05)
        found &= opened()
    return found


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("typed\nby somebody\n"))
    (tmp_path / "orders.txt").write_text("orders")
    return tmp_path


class Crossing:
    """One call of a seam whose other path is hostile, and what the program is before and after it."""

    def __init__(self, path: Path_, *, stage: str = "shadow", is_async: bool = False) -> None:
        self.runs: list[Run] = []
        self.answer = {"answer": [1]}
        migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=self.runs.append)

        def calm(given: dict[str, Any]) -> object:
            return self.answer

        async def calm_async(given: dict[str, Any]) -> object:
            await asyncio.sleep(0)
            return self.answer

        async def hostile_async(given: dict[str, Any]) -> object:
            await asyncio.sleep(0)
            return path(given)

        paths: list[Any] = [calm_async, hostile_async] if is_async else [calm, path]
        legacy, candidate = paths if stage == "shadow" else reversed(paths)
        self.is_async = is_async
        self.seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)

    async def twice(self, given: dict[str, Any]) -> tuple[object, dict[str, object], dict[str, object]]:
        before = program()
        answer = await self.seam(given) if self.is_async else self.seam(given)
        return answer, before, program()

    def cross(self, given: dict[str, Any]) -> tuple[object, dict[str, object], dict[str, object]]:
        if self.is_async:
            return asyncio.run(self.twice(given))
        before = program()
        return self.seam(given), before, program()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("stage", "is_async"), [("shadow", False), ("shadow", True), ("live", False)], ids=str
)
@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_the_program_changes(
    name: str, stage: str, is_async: bool, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = {"name": "SPY", "items": [{"price": 1}, {"price": 2}], "file": str(folder / "orders.txt")}
    kept, items = copy.deepcopy(given), given["items"]
    crossing = Crossing(HOSTILE[name], stage=stage, is_async=is_async)
    threads = {one.name for one in threading.enumerate()}
    files, before_all = opened(), program()
    answer, before, after = crossing.cross(given)
    assert {part: (was, after[part]) for part, was in before.items() if after[part] != was} == {}
    assert answer is crossing.answer
    assert answer == {"answer": [1]}
    assert given == kept
    assert given["items"] is items
    assert left_open(files) == set()
    assert sorted(one.name for one in folder.iterdir()) == ["orders.txt"]
    assert capfd.readouterr() == ("", "")
    wait_until(lambda: len(crossing.runs) == 1)  # what a path leaves behind is waited for
    threads = {one.name for one in threading.enumerate()} - threads
    wait_until(lambda: not threads & {one.name for one in threading.enumerate() if _is_foreign(one.name)})
    left = program()
    assert {part: (was, left[part]) for part, was in before_all.items() if left[part] != was} == {}


def test_at_least_so_many_were_tried() -> None:
    assert len(HOSTILE) >= 120


@pytest.mark.parametrize(
    "error",
    [
        *(ValueError("x"), SystemExit(3), GeneratorExit(), ExceptionGroup("g", [ValueError("x")])),
        *(StopIteration(1), MemoryError(), RecursionError("deep")),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_the_answering_path_s_own_exception_is_the_very_same(error: BaseException, is_async: bool) -> None:
    if isinstance(error, StopIteration) and is_async:
        pytest.skip("a coroutine cannot raise it")
    cause, context = LookupError("cause"), KeyError("context")
    error.add_note("seen by the desk")

    def legacy(given: object) -> object:
        try:
            raise context
        except KeyError:
            raise error from cause

    async def legacy_async(given: object) -> object:
        return legacy(given)

    def other(given: object) -> object:
        raise error

    async def other_async(given: object) -> object:
        raise error

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
    paths: tuple[Any, Any] = (legacy_async, other_async) if is_async else (legacy, other)
    seam: Any = migration.seam("s", legacy=paths[0], candidate=paths[1])
    with pytest.raises(type(error)) as raised:
        asyncio.run(seam(1)) if is_async else seam(1)
    assert raised.value is error
    assert (error.__cause__, error.__context__) == (cause, context)
    assert error.__notes__ == ["seen by the desk"]
    lines = [entry.frame.code.name for entry in raised.traceback]
    assert lines[-1] == "legacy"
    del error.__notes__
    error.__cause__ = error.__context__ = error.__traceback__ = None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["inline", "background"])
def test_threads_that_draw_ids_while_replays_run_draw_none_twice(mode: Any) -> None:
    def draw(given: int) -> list[int]:
        return [random.getrandbits(64) for _ in range(20)]

    def seed_and_draw(given: int) -> list[int]:
        random.seed(given)
        return draw(given)

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, mode=mode)
    seam: Any = migration.seam("s", legacy=draw, candidate=seed_and_draw)
    drawn: list[list[int]] = [[] for _ in range(4)]

    def work(mine: list[int]) -> None:
        for number in range(50):
            mine.extend(draw(number))
            mine.extend(seam(number))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [number for mine in drawn for number in mine]
    assert len(numbers) == len({*numbers}) == 4 * 50 * 40
