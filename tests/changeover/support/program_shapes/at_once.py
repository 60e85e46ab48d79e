"""Shapes that do several things at once: threads, pools, tasks, and what they wait with."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from contextvars import ContextVar, copy_context
from multiprocessing.pool import ThreadPool
from typing import Any

from tests.changeover.support.program_shapes.shape import Path, shape

NAMES = ("a", "bb", "ccc")
POOL = ThreadPoolExecutor(3)
TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")


def pause(name: str) -> None:
    """Later names are earlier done, so that the order of a call is not the order of its end."""
    time.sleep(0.0004 * (3 - len(name)))


def work(shop: Any, name: str, planted: str) -> str:
    """What one of several does."""
    pause(name)
    wrong = name == "bb" and planted
    answer = shop.send(f"{name}!" if wrong == "effect" else name)
    return f"{name} {shop.price(name)} {answer[:4]}{'?' if wrong == 'result' else ''}"


@shape("result", "effect")
def threads(shop: Any, planted: str) -> Path:
    def path(number: int) -> dict[str, str]:
        found: dict[str, str] = {}

        def one(name: str) -> None:
            found[name] = work(shop, name, planted)

        started = [threading.Thread(target=one, args=(name,)) for name in NAMES]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
        return {**found, "number": str(number)}

    return path


@shape(
    "effect",
    "result",
    failed={"result": "an answer that another thread's effects may have changed may be the cause"},
)
def threads_that_ask_what_others_change(shop: Any, planted: str) -> Path:
    def one(name: str) -> list[int]:
        before = shop.level()
        shop.send(f"{name}!" if planted == "effect" else name)
        pause(name)
        return [before, shop.level()]

    def path(number: int) -> list[list[int]]:
        return [*POOL.map(one, NAMES), [1 if planted == "result" else 0]]

    return path


@shape("result", "effect")
def thread_classes(shop: Any, planted: str) -> Path:
    class Worker(threading.Thread):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.text, self.found = name, ""

        def run(self) -> None:
            self.found = work(shop, self.text, planted)

    def path(number: int) -> list[str]:
        workers = [Worker(name) for name in NAMES]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return [worker.found for worker in workers]

    return path


@shape("effect")
def timers_that_are_joined(shop: Any, planted: str) -> Path:
    def path(number: int) -> int:
        timers = [threading.Timer(0.001, work, (shop, name, planted)) for name in NAMES]
        for timer in timers:
            timer.start()
        for timer in timers:
            timer.join()
        return number

    return path


@shape("result", "effect")
def pool_submit(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[str]:
        return [job.result() for job in [POOL.submit(work, shop, name, planted) for name in NAMES]]

    return path


@shape("result", "effect")
def pool_map(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[str]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda name: work(shop, name, planted), NAMES))

    return path


@shape("result", "effect")
def pool_as_completed(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[str]:
        jobs = [POOL.submit(work, shop, name, planted) for name in NAMES]
        return sorted(job.result() for job in as_completed(jobs))

    return path


@shape("result")
def pool_that_raises(shop: Any, planted: str) -> Path:
    def job(name: str) -> str:
        if name == "bb":
            raise ValueError(name if not planted else "other")
        return work(shop, name, "")

    def path(number: int) -> list[str]:
        jobs = [POOL.submit(job, name) for name in NAMES]
        wait(jobs)
        return [str(job.exception() or job.result()) for job in jobs]

    return path


@shape("result", "effect")
def old_thread_pool(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[str]:
        with ThreadPool(2) as pool:
            return pool.map(lambda name: work(shop, name, planted), NAMES)

    return path


@shape("result", "effect")
def queue_of_a_worker(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[str]:
        waiting: queue.Queue[str | None] = queue.Queue()
        done: list[str] = []

        def consume() -> None:
            while (name := waiting.get()) is not None:
                done.append(work(shop, name, planted))
                waiting.task_done()

        thread = threading.Thread(target=consume)
        thread.start()
        for name in (*NAMES, None):
            waiting.put(name)
        thread.join()
        return done

    return path


@shape("result", "effect")
def lock_and_condition(shop: Any, planted: str) -> Path:
    lock, ready = threading.Lock(), threading.Condition()

    def path(number: int) -> Any:
        stock: list[str] = []

        def give() -> None:
            for name in NAMES:
                with ready:
                    stock.append(work(shop, name, planted))
                    ready.notify()

        thread = threading.Thread(target=give)
        thread.start()
        with ready:
            ready.wait_for(lambda: len(stock) == len(NAMES), timeout=1)
        thread.join()
        with lock:
            return stock

    return path


@shape("effect")
def semaphore_and_event(shop: Any, planted: str) -> Path:
    two = threading.BoundedSemaphore(2)

    def path(number: int) -> bool:
        go = threading.Event()

        def one(name: str) -> None:
            go.wait()
            with two:
                work(shop, name, planted)

        started = [threading.Thread(target=one, args=(name,)) for name in NAMES]
        for thread in started:
            thread.start()
        go.set()
        for thread in started:
            thread.join()
        return go.is_set()

    return path


@shape("result")
def thread_local(shop: Any, planted: str) -> Path:
    mine = threading.local()

    def one(name: str) -> str:
        mine.name = name
        pause(name)
        return f"{mine.name} {shop.price(mine.name)}{planted}"

    def path(number: int) -> list[str]:
        mine.name = "caller"
        with ThreadPoolExecutor(3) as pool:
            return [*pool.map(one, NAMES), str(mine.name)]

    return path


@shape("result", "effect")
def context_variables(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[str]:
        token = TENANT.set(f"tenant {number}")
        try:
            found = POOL.submit(copy_context().run, TENANT.get).result()
            shop.send(TENANT.get() + ("!" if planted == "effect" else ""))
        finally:
            TENANT.reset(token)
        return [found + ("?" if planted == "result" else ""), TENANT.get()]

    return path


async def async_work(shop: Any, name: str, planted: str) -> str:
    """What one of several tasks does."""
    stock = await shop.stock(name)
    wrong = name == "bb" and planted
    answer = await shop.post(f"{name}!" if wrong == "effect" else name)
    return f"{name} {stock} {answer[:6]}{'?' if wrong == 'result' else ''}"


@shape("result", "effect", is_async=True)
def gather(shop: Any, planted: str) -> Path:
    async def path(number: int) -> list[str]:
        return list(await asyncio.gather(*(async_work(shop, name, planted) for name in NAMES)))

    return path


@shape("result", "effect", is_async=True)
def task_group(shop: Any, planted: str) -> Path:
    async def path(number: int) -> list[str]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(async_work(shop, name, planted)) for name in NAMES]
        return [task.result() for task in tasks]

    return path


@shape("result", is_async=True)
def task_group_that_fails(shop: Any, planted: str) -> Path:
    async def fail() -> None:
        await shop.stock("x")
        raise ValueError("refused" if not planted else "other")

    async def path(number: int) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(asyncio.sleep(5))

    return path


@shape("result", "effect", is_async=True)
def tasks_as_completed(shop: Any, planted: str) -> Path:
    async def path(number: int) -> list[str]:
        tasks = [asyncio.create_task(async_work(shop, name, planted)) for name in NAMES]
        return sorted([await done for done in asyncio.as_completed(tasks)])

    return path


@shape("result", "effect", is_async=True)
def threads_of_a_loop(shop: Any, planted: str) -> Path:
    async def path(number: int) -> list[str]:
        loop = asyncio.get_running_loop()
        others = [asyncio.to_thread(work, shop, name, planted) for name in NAMES[:2]]
        return [*await asyncio.gather(*others), await loop.run_in_executor(None, work, shop, "ccc", planted)]

    return path


@shape("result", "effect")
def loop_inside_sync_code(shop: Any, planted: str) -> Path:
    async def several() -> list[str]:
        return list(await asyncio.gather(*(async_work(shop, name, planted) for name in NAMES)))

    def path(number: int) -> list[str]:
        return asyncio.run(several())

    return path


@shape("result", "effect", is_async=True)
def queue_of_tasks(shop: Any, planted: str) -> Path:
    async def path(number: int) -> list[str]:
        waiting: asyncio.Queue[str] = asyncio.Queue()
        done: list[str] = []

        async def consume() -> None:
            while True:
                done.append(await async_work(shop, await waiting.get(), planted))
                waiting.task_done()

        worker = asyncio.create_task(consume())
        for name in NAMES:
            waiting.put_nowait(name)
        await waiting.join()
        worker.cancel()
        return done

    return path


@shape("result", is_async=True)
def time_limits_of_tasks(shop: Any, planted: str) -> Path:
    async def path(number: int) -> str:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.sleep(5)
        except TimeoutError:
            return f"late {await shop.stock('x')}{planted}"
        return "in time"

    return path


@shape("effect", is_async=True)
def semaphore_of_tasks(shop: Any, planted: str) -> Path:
    async def path(number: int) -> int:
        one, lock = asyncio.Semaphore(2), asyncio.Lock()

        async def limited(name: str) -> None:
            async with one, lock:
                await async_work(shop, name, planted)

        await asyncio.gather(*map(limited, NAMES))
        return number

    return path
