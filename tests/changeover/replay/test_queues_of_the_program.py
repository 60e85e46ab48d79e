"""What a path puts into a queue that the program works off would be done for real: in a replay it is refused.

What the answering path gives away like that is in no observation, so that a difference of its run proves
nothing. Queues that a path empties itself are its own affair.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from changeover import fresh
from tests.changeover.support.worked_for import MODES, STAGES, Shop, migrating, refused


class OfTheProgram(queue.Queue[Any]):
    """A queue with a way of its own to keep what waits."""

    def _put(self, item: Any) -> None:
        self.queue.appendleft(item)


THREADED: dict[str, Callable[[], Any]] = {
    "Queue": queue.Queue,
    "LifoQueue": queue.LifoQueue,
    "PriorityQueue": queue.PriorityQueue,
    "OfTheProgram": OfTheProgram,
}
WAYS: dict[str, Callable[[Any, Any], None]] = {
    "put": lambda jobs, job: jobs.put(job),
    "put_nowait": lambda jobs, job: jobs.put_nowait(job),
    "put in time": lambda jobs, job: jobs.put(job, timeout=5),
}


class Worker:
    """A thread of the program that works off a queue; `busy` lets it be at work on something."""

    def __init__(self, jobs: Any, work: Callable[[Any], None]) -> None:
        self.jobs = jobs
        self.goes_on = threading.Event()
        self.at_work = threading.Event()
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            job = self.jobs.get()
            if job == (0, "busy"):
                self.at_work.set()
                self.goes_on.wait(20)
            elif job == (9, "end"):
                return
            else:
                self._work(job)
            self.jobs.task_done()

    def busy(self) -> None:
        """Until `goes_on`."""
        self.jobs.put((0, "busy"))
        assert self.at_work.wait(20)

    def end(self) -> None:
        """All that waits is worked off."""
        self.goes_on.set()
        self.jobs.join()
        self.jobs.put((9, "end"))
        self._thread.join(20)


@MODES
@STAGES
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("kind", THREADED)
def test_a_replay_gives_nothing_to_a_thread_of_the_program(
    kind: str, way: Callable[[Any, Any], None], stage: str, mode: str
) -> None:
    shop = Shop()
    migration, runs = migrating(stage, mode, shop)
    worker = Worker(THREADED[kind](), shop.send)

    def path(number: int) -> int:
        way(worker.jobs, (number, "order"))
        return number

    assert migration.seam("s", legacy=path, candidate=path)(1) == 1
    migration.close()
    worker.end()
    assert shop.sent == [(1, "order")]
    refused(runs[0], f"works off what the path puts into a {kind}")


@MODES
def test_a_replay_gives_nothing_to_a_thread_that_is_busy(mode: str) -> None:
    shop = Shop()
    migration, runs = migrating("shadow", mode, shop)
    worker = Worker(queue.Queue(), shop.send)

    def path(number: int) -> int:
        worker.jobs.put((number, "order"))
        return number

    seam = migration.seam("s", legacy=path, candidate=path)
    seam(1)
    worker.busy()
    seam(2)
    migration.close()
    worker.end()
    assert shop.sent == [(1, "order"), (2, "order")]
    for run in runs:
        refused(run, "works off what the path puts into a Queue")


ASYNC: dict[str, Callable[[], Any]] = {
    "Queue": asyncio.Queue,
    "LifoQueue": asyncio.LifoQueue,
    "PriorityQueue": asyncio.PriorityQueue,
}


@MODES
@STAGES
@pytest.mark.parametrize("kind", ASYNC)
@pytest.mark.parametrize("at_once", [False, True], ids=["put", "put_nowait"])
@pytest.mark.parametrize("busy", [False, True], ids=["waiting", "busy"])
def test_a_replay_gives_nothing_to_a_task_of_the_program(
    kind: str, at_once: bool, busy: bool, stage: str, mode: str
) -> None:
    shop = Shop()
    migration, runs = migrating(stage, mode, shop)

    async def work_off(jobs: Any, goes_on: asyncio.Event) -> None:
        while (job := await jobs.get()) != (9, "end"):
            if job == (0, "busy"):
                await goes_on.wait()
            else:
                shop.send(job)

    async def program() -> None:
        jobs, goes_on = ASYNC[kind](), asyncio.Event()
        worker = asyncio.create_task(work_off(jobs, goes_on))
        await asyncio.sleep(0)

        async def path(number: int) -> int:
            if at_once:
                jobs.put_nowait((number, "order"))
            else:
                await jobs.put((number, "order"))
            return number

        seam = migration.seam("s", legacy=path, candidate=path)
        await seam(1)
        await asyncio.sleep(0.01)
        if busy:
            jobs.put_nowait((0, "busy"))
            await asyncio.sleep(0)
            await seam(2)
        await asyncio.to_thread(migration.flush)
        goes_on.set()
        while jobs.qsize():
            await asyncio.sleep(0.001)
        jobs.put_nowait((9, "end"))
        await worker

    asyncio.run(program())
    assert sorted(shop.sent) == [(number, "order") for number in range(1, 2 + busy)]
    for run in runs:
        refused(run, f"works off what the path puts into a {kind}")


@MODES
@pytest.mark.parametrize("size", [0, 5])
@pytest.mark.parametrize("busy", [False, True], ids=["waiting", "busy"])
def test_a_replay_gives_nothing_to_a_task_behind_a_stream_of_anyio(size: int, busy: bool, mode: str) -> None:
    shop = Shop()
    migration, runs = migrating("shadow", mode, shop)

    async def work_off(stream: Any, goes_on: asyncio.Event) -> None:
        async for job in stream:
            if job == "busy":
                await goes_on.wait()
            else:
                shop.send(job)

    async def program() -> None:
        goes_on = asyncio.Event()
        sending, receiving = anyio.create_memory_object_stream[Any](size)
        worker = asyncio.create_task(work_off(receiving, goes_on))
        await asyncio.sleep(0.01)

        async def path(number: int) -> int:
            await sending.send(number)
            return number

        seam = migration.seam("s", legacy=path, candidate=path)
        await seam(1)
        await asyncio.sleep(0.01)
        if busy:
            sending.send_nowait("busy")
            await asyncio.sleep(0.01)
            waits = asyncio.create_task(seam(2))
            await asyncio.sleep(0.01)
            goes_on.set()
            await waits
        await asyncio.to_thread(migration.flush)
        sending.close()
        await worker
        receiving.close()

    asyncio.run(program())
    assert shop.sent == [*range(1, 2 + busy)]
    for run in runs:
        refused(run, "works off what the path puts into a memory stream")


@MODES
def test_a_worker_that_an_earlier_run_has_started_is_one_of_the_program(mode: str) -> None:
    shop = Shop()
    migration, runs = migrating("shadow", mode, shop)
    workers: list[Worker] = []

    def path(number: int) -> int:
        if not workers:
            workers.append(Worker(queue.Queue(), shop.send))
        workers[0].jobs.put((number, "order"))
        return number

    seam = migration.seam("s", legacy=path, candidate=path)
    seam(1)
    migration.flush()
    seam(2)
    migration.flush()
    workers[0].end()
    assert shop.sent == [(1, "order"), (2, "order")]
    for run in runs:
        assert run.verdict == "failed"


@MODES
@STAGES
def test_a_difference_of_a_run_that_gave_something_away_proves_nothing(stage: str, mode: str) -> None:
    """The worker sends for one path, the other one sends by itself."""
    shop = Shop()
    migration, runs = migrating(stage, mode, shop)
    worker = Worker(queue.Queue(), shop.send)

    def gives(number: int) -> int:
        worker.jobs.put((number, "order"))
        return number

    def sends(number: int) -> int:
        shop.send((number, "order"))
        return number

    legacy, candidate = (gives, sends) if stage == "shadow" else (sends, gives)
    migration.seam("s", legacy=legacy, candidate=candidate)(1)
    migration.close()
    worker.end()
    assert shop.sent == [(1, "order")]
    refused(runs[0], "works off what the path puts into a Queue")


@contextlib.contextmanager
def nobody(jobs: Any) -> Iterator[None]:
    yield


@contextlib.contextmanager
def somebody_waits(jobs: Any) -> Iterator[None]:
    """As a thread that waits for a connection of a pool, and gives it back."""
    began, ended = threading.Event(), threading.Event()

    def wait() -> None:
        began.set()
        jobs.put(jobs.get(timeout=20))
        ended.set()

    held = jobs.get()
    threading.Thread(target=wait, daemon=True).start()
    assert began.wait(20)
    while not jobs.not_empty._waiters:
        pass
    jobs.put(held)
    assert ended.wait(20)
    yield


def drains_itself(jobs: Any, shop: Shop) -> Any:
    def path(number: int) -> int:
        jobs.put(number)
        while True:
            try:
                shop.send(jobs.get_nowait())
            except queue.Empty:
                return number

    return path


def with_a_thread_of_its_own(jobs: Any, shop: Shop) -> Any:
    def path(number: int) -> int:
        def work() -> None:
            while (job := jobs.get()) is not None:
                shop.send(job)

        thread = threading.Thread(target=work)
        thread.start()
        jobs.put(number)
        jobs.put(None)
        thread.join()
        return number

    return path


def takes_and_gives_back(jobs: Any, shop: Shop) -> Any:
    def path(number: int) -> int:
        connection = jobs.get()
        try:
            shop.send((connection, number))
        finally:
            jobs.put(connection)
        return number

    return path


def gives_another_one_back(jobs: Any, shop: Shop) -> Any:
    def path(number: int) -> int:
        jobs.get()
        shop.send(number)
        jobs.put("another connection")
        return number

    return path


def fills_what_nobody_waits_for(jobs: Any, shop: Shop) -> Any:
    def path(number: int) -> int:
        jobs.put(number)
        shop.send(number)
        return number

    return path


OWN_AFFAIR: dict[str, tuple[Any, Any, Any]] = {
    "a queue that it empties itself": (queue.Queue, nobody, drains_itself),
    "a queue for its own thread": (queue.Queue, nobody, with_a_thread_of_its_own),
    "a pool": (queue.LifoQueue, nobody, takes_and_gives_back),
    "a pool that others wait for": (queue.Queue, somebody_waits, takes_and_gives_back),
    "a pool that gets another one in place": (queue.Queue, somebody_waits, gives_another_one_back),
    "a queue that nobody waits for": (queue.Queue, nobody, fills_what_nobody_waits_for),
}


@MODES
@STAGES
@pytest.mark.parametrize(("make", "others", "path_of"), OWN_AFFAIR.values(), ids=OWN_AFFAIR)
def test_a_queue_of_its_own_is_no_reason(make: Any, others: Any, path_of: Any, stage: str, mode: str) -> None:
    shop = Shop()
    migration, runs = migrating(stage, mode, shop)
    jobs = make()
    jobs.put("connection")
    if path_of not in (takes_and_gives_back, gives_another_one_back):
        jobs.get_nowait()
        with contextlib.suppress(queue.Empty):  # the program empties it as well, and waits for nothing
            jobs.get_nowait()
    with others(jobs):
        path = path_of(jobs, shop)
        migration.seam("s", legacy=path, candidate=path)(1)
    migration.close()
    assert [(run.verdict, run.reason) for run in runs] == [("match", None)]
    assert len(shop.sent) == 1


@MODES
def test_a_bus_that_each_replay_makes_for_itself_is_compared(mode: str) -> None:
    shop = Shop()
    migration, runs = migrating("shadow", mode, shop)

    def direct(number: int) -> int:
        shop.send(number)
        return number

    def build(given: Any) -> Any:
        def path(number: int) -> int:
            jobs: queue.Queue[Any] = queue.Queue()

            def work() -> None:
                while (job := jobs.get()) is not None:
                    given.send(job)
                    jobs.task_done()

            threading.Thread(target=work).start()
            jobs.put(number)
            jobs.join()
            jobs.put(None)
            return number

        return path

    migration.seam("s", legacy=direct, candidate=fresh(lambda ports: build(ports.shop)))(1)
    migration.close()
    assert [(run.verdict, run.reason) for run in runs] == [("match", None)]


def test_somebody_who_begins_to_wait_while_it_is_looked_who_waits_breaks_no_path() -> None:
    shop = Shop()
    migration, runs = migrating("shadow", "inline", shop)
    jobs: queue.Queue[Any] = queue.Queue()
    looked: list[bool] = []

    class Watched(threading.Thread):
        def is_alive(self) -> bool:
            if not looked:
                looked.append(True)
                with contextlib.suppress(queue.Empty):
                    jobs.get(timeout=0.001)
                return False  # so that the others are looked at as well
            return super().is_alive()

    def path(number: int) -> int:
        jobs.put(number)
        return number

    seam = migration.seam("s", legacy=path, candidate=path)
    seam(1)
    jobs.get()
    looked.append(True)
    worker = Watched(target=lambda: [*iter(jobs.get, None)], daemon=True)
    worker.start()
    while not jobs.not_empty._waiters:  # type: ignore[attr-defined]
        pass
    looked.clear()
    assert seam(2) == 2
    jobs.put(None)
    worker.join(20)
    assert looked
    refused(runs[1], "works off what the path puts into a Queue")
