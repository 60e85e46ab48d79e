"""A thread or task of the program that a path wakes up works for it: in a replay nobody is woken up.

What lies in a list that both know was put there before, and is done when the program wakes its worker up.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from tests.changeover.support.worked_for import MODES, STAGES, Shop, migrating, refused

END = "end"


class ByEvent:
    """A list, and an event that something has come."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []
        self.come = threading.Event()

    def give(self, job: Any) -> None:
        self.jobs.append(job)
        self.come.set()

    def is_waited_for(self) -> bool:
        return bool(self.come._cond._waiters)  # type: ignore[attr-defined]

    def take(self) -> Any:
        while True:
            if self.jobs:
                return self.jobs.pop(0)
            self.come.wait(20)
            self.come.clear()


class ByCondition:
    """A list, and a condition that tells one worker."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []
        self.come = threading.Condition()

    def tell(self) -> None:
        self.come.notify()

    def give(self, job: Any) -> None:
        with self.come:
            self.jobs.append(job)
            self.tell()

    def is_waited_for(self) -> bool:
        return bool(self.come._waiters)  # type: ignore[attr-defined]

    def take(self) -> Any:
        with self.come:
            assert self.come.wait_for(lambda: self.jobs, 20)
            return self.jobs.pop(0)


class ByConditionOfAll(ByCondition):
    """A list, and a condition that tells all workers."""

    def tell(self) -> None:
        self.come.notify_all()


class ByFuture:
    """One future after the other."""

    def __init__(self) -> None:
        self.next: Future[Any] = Future()

    def give(self, job: Any) -> None:
        self.next.set_result(job)

    def is_waited_for(self) -> bool:
        return bool(self.next._condition._waiters)  # type: ignore[attr-defined]

    def take(self) -> Any:
        job = self.next.result(20)
        self.next = Future()
        return job


class Worker:
    """A thread of the program."""

    def __init__(self, line: Any, work: Callable[[Any], None]) -> None:
        self.line, self.at_work, self.goes_on = line, threading.Event(), threading.Event()
        self.done = threading.Semaphore(0)
        self._work = work
        self.thread = threading.Thread(target=self._run, daemon=True, name="works-for-all")
        self.thread.start()

    def _run(self) -> None:
        while (job := self.line.take()) != END:
            if job == "busy":
                self.at_work.set()
                self.goes_on.wait(20)
            else:
                self._work(job)
                self.done.release()

    def end(self, jobs: int) -> None:
        """It has done so many of them."""
        self.goes_on.set()
        for _ in range(jobs):
            assert self.done.acquire(timeout=20)
        self.line.give(END)
        self.thread.join(20)


def gives_and_waits(line: Any, worker: Worker) -> Callable[[int], int]:
    def path(number: int) -> int:
        while not line.is_waited_for():
            time.sleep(0.001)
        line.give(number)
        assert worker.done.acquire(timeout=20)
        return number

    return path


@MODES
@STAGES
@pytest.mark.parametrize("way", [ByEvent, ByCondition, ByConditionOfAll, ByFuture])
def test_a_replay_wakes_up_no_thread_of_the_program(way: Any, stage: str, mode: str) -> None:
    shop = Shop()
    migration, runs = migrating(stage, mode, shop)
    line = way()
    worker = Worker(line, shop.send)
    path = gives_and_waits(line, worker)
    migration.seam("s", legacy=path, candidate=path)(1)
    migration.close()
    assert {*shop.sent} == {1}
    worker.end(0)
    refused(runs[0], "of the program is woken up by the path")


@MODES
def test_one_that_waited_there_before_and_does_other_work_by_now_is_no_reason(mode: str) -> None:
    """As a thread that had to wait for a connection of a pool once."""
    shop = Shop()
    migration, runs = migrating("shadow", mode, shop)
    come, over = threading.Condition(), threading.Event()

    def wait_once() -> None:
        with come:
            come.wait(0.001)
        over.wait(20)

    other = threading.Thread(target=wait_once)
    other.start()

    def path(number: int) -> int:
        with come:
            come.notify()
        shop.send(number)
        return number

    seam: Any = migration.seam("s", legacy=path, candidate=path)
    seam(1)
    while come._waiters:  # type: ignore[attr-defined]
        pass
    seam(2)
    seam(3)
    migration.close()
    over.set()
    other.join()
    assert [run.verdict for run in runs[1:]] == ["match", "match"]


class TellsTasks:
    """A list, and an event or a condition of asyncio."""

    def __init__(self, *, by_event: bool) -> None:
        self.jobs: list[Any] = []
        self.event = asyncio.Event() if by_event else None
        self.condition = asyncio.Condition()

    async def give(self, job: Any) -> None:
        self.jobs.append(job)
        if self.event is not None:
            self.event.set()
        else:
            async with self.condition:
                self.condition.notify_all()

    def is_waited_for(self) -> bool:
        place = self.event or self.condition
        return any(not one.done() for one in place._waiters)

    async def take(self) -> Any:
        while not self.jobs:
            if self.event is not None:
                await self.event.wait()
                self.event.clear()
            else:
                async with self.condition:
                    await self.condition.wait()
        return self.jobs.pop(0)


@MODES
@STAGES
@pytest.mark.parametrize("by_event", [True, False], ids=["event", "condition"])
def test_a_replay_wakes_up_no_task_of_the_program(by_event: bool, stage: str, mode: str) -> None:
    shop = Shop()
    migration, runs = migrating(stage, mode, shop)

    async def program() -> None:
        line = TellsTasks(by_event=by_event)

        async def work() -> None:
            while (job := await line.take()) != END:
                shop.send(job)

        worker = asyncio.create_task(work())
        await asyncio.sleep(0)

        async def path(number: int) -> int:
            while not line.is_waited_for():
                await asyncio.sleep(0.001)
            await line.give(number)
            return number

        await migration.seam("s", legacy=path, candidate=path)(1)
        await asyncio.to_thread(migration.flush)
        line.jobs.clear()
        await line.give(END)
        await worker

    asyncio.run(program())
    assert {*shop.sent} == {1}
    refused(runs[0], "task of the program is woken up by the path")


def by_its_own_thread(shop: Shop, shared: Any) -> Any:
    def path(number: int) -> int:
        come, done = threading.Event(), threading.Condition()
        sent: list[int] = []

        def work() -> None:
            come.wait(20)
            shop.send(number)
            with done:
                sent.append(number)
                done.notify_all()

        threading.Thread(target=work).start()
        come.set()
        with done:
            assert done.wait_for(lambda: sent, 20)
        return number

    return path


def in_its_turn(shop: Shop, shared: threading.Semaphore) -> Any:
    def path(number: int) -> int:
        with shared:
            shop.send(number)
        return number

    return path


def for_nobody(shop: Shop, shared: Any) -> Any:
    told = threading.Event()

    def path(number: int) -> int:
        told.set()
        shop.send(number)
        return number

    return path


@MODES
@STAGES
@pytest.mark.parametrize("path_of", [by_its_own_thread, in_its_turn, for_nobody])
def test_what_wakes_up_only_its_own_work_or_lets_others_go_on_in_turn_is_compared(
    path_of: Any, stage: str, mode: str
) -> None:
    shop = Shop()
    migration, runs = migrating(stage, mode, shop)
    turns = threading.Semaphore(1)
    over = threading.Event()

    def wait_for_a_turn() -> None:
        while not over.is_set():
            with turns:
                over.wait(0.0005)
            over.wait(0.002)

    others = [threading.Thread(target=wait_for_a_turn) for _ in range(2)]
    for other in others:
        other.start()
    path = path_of(shop, turns)
    seam: Any = migration.seam("s", legacy=path, candidate=path)
    for number in range(5):
        seam(number)
    migration.close()
    over.set()
    for other in others:
        other.join()
    assert [(run.verdict, run.reason) for run in runs] == [("match", None)] * 5
    assert shop.sent == [*range(5)]


@MODES
def test_a_thread_that_was_permitted_by_its_name_may_be_woken_up(mode: str) -> None:
    shop = Shop()
    migration, runs = migrating("shadow", mode, shop)
    migration.threads(permitted=["works-*"])
    heard: list[Any] = []
    line = ByEvent()
    worker = Worker(line, heard.append)

    def path(number: int) -> int:
        line.give(number)
        assert worker.done.acquire(timeout=20)
        shop.send(number)
        return number

    seam = migration.seam("s", legacy=path, candidate=path)
    seam(1)
    migration.close()
    worker.end(0)
    assert [run.verdict for run in runs] == ["match"]
    assert (shop.sent, heard) == ([1], [1, 1])
