"""A replayed path that waits for what nobody gives to its copies is ended, and its run says so."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.seam import recording

SET_AFTER_S = 0.01


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "WAITS_S", 0.05)


def migration_at(stage: str, mode: str) -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    return Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode), runs


def polled(stopping: threading.Event) -> None:
    while not stopping.wait(0.01):
        pass


Wait = Callable[[Any], Any]
WAITS: dict[str, tuple[Callable[[], Any], Wait, Wait]] = {
    "an event": (threading.Event, lambda made: made.wait(), lambda made: made.set()),
    "an event that is polled": (threading.Event, polled, lambda made: made.set()),
    "a queue": (queue.Queue, lambda made: made.get(), lambda made: made.put(1)),
    "a semaphore": (
        lambda: threading.Semaphore(0),
        lambda made: made.acquire(),
        lambda made: made.release(),
    ),
}


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("name", WAITS)
def test_the_caller_gets_its_answer_and_the_run_has_failed(name: str, stage: str, mode: str) -> None:
    migration, runs = migration_at(stage, mode)
    make, wait, wake = WAITS[name]

    def answering(made: Any) -> Any:
        threading.Timer(SET_AFTER_S, wake, (made,)).start()
        return wait(made)

    paths = (answering, wait) if stage == "shadow" else (wait, answering)
    seam = migration.seam("s", legacy=paths[0], candidate=paths[1])
    seam(make())
    migration.close()
    assert [str(run.verdict) for run in runs] == ["failed"]
    assert "waited" in str(runs[0].reason)


ASYNC: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "an event": (asyncio.Event, lambda made: made.wait(), lambda made: made.set()),
    "a queue": (asyncio.Queue, lambda made: made.get(), lambda made: made.put_nowait(1)),
    "a semaphore": (lambda: asyncio.Semaphore(0), lambda made: made.acquire(), lambda made: made.release()),
}


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("name", ASYNC)
def test_the_same_in_an_event_loop(name: str, mode: str) -> None:
    migration, runs = migration_at("shadow", mode)
    make, wait, wake = ASYNC[name]

    async def path(made: Any) -> Any:
        return await wait(made)

    async def main() -> None:
        made = make()
        asyncio.get_running_loop().call_later(SET_AFTER_S, wake, made)
        await migration.seam("s", legacy=path, candidate=path)(made)

    asyncio.run(main())
    migration.close()
    assert [str(run.verdict) for run in runs] == ["failed"]
    assert "waited" in str(runs[0].reason)


def test_a_path_that_waits_for_its_own_threads_and_jobs_takes_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "WAITS_S", 0.3)
    migration, runs = migration_at("shadow", "inline")
    slow = iter([0.0, 0.6])

    def work(seconds: float) -> int:
        threading.Event().wait(seconds) if not seconds else busy(seconds)
        return 1

    def path(number: int) -> int:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(work, next(slow)).result() + number

    assert migration.seam("s", legacy=path, candidate=path)(1) == 2
    assert [str(run.verdict) for run in runs] == ["match"]


def busy(seconds: float) -> None:
    import time

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)
