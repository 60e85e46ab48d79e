"""Ordinary shapes of programs that do several things at once: the same code on both sides never differs, and
one planted change is never a match.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from functools import cache
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from changeover import Migration, Run

NAMES = ("a", "b", "c")
DELAY = {"a": 0.012, "b": 0.002, "c": 0.007, "x": 0.004}
Path = Callable[..., Any]


class Shop:
    """Answers `level` differently each time it is asked, so that it matters whose answer is whose."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.asked = 0

    def send(self, text: str) -> str:
        time.sleep(DELAY[text])
        self.sent.append(text)
        return f"ok {text}"

    async def post(self, text: str) -> str:
        await asyncio.sleep(DELAY[text])
        self.sent.append(text)
        return f"ok {text}"

    def level(self) -> int:
        self.asked += 1
        return self.asked

    async def stock(self) -> int:
        await asyncio.sleep(0.001)
        self.asked += 1
        return self.asked


def work(shop: Shop, text: str) -> str:
    return f"{shop.send(text)} {shop.level()}"


async def async_work(shop: Shop, text: str) -> str:
    before = await shop.stock()
    return f"{await shop.post(text)} {before} {await shop.stock()}"


def threads(shop: Shop, names: tuple[str, ...]) -> Any:
    found: dict[str, str] = {}

    def one(name: str) -> None:
        found[name] = work(shop, name)

    started = [threading.Thread(target=one, args=(name,)) for name in names]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return found


class Worker(threading.Thread):
    def __init__(self, shop: Shop, name: str) -> None:
        super().__init__()
        self.shop, self.text, self.found = shop, name, ""

    def run(self) -> None:
        self.found = work(self.shop, self.text)


def thread_classes(shop: Shop, names: tuple[str, ...]) -> Any:
    workers = [Worker(shop, name) for name in names]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [worker.found for worker in workers]


def timers(shop: Shop, names: tuple[str, ...]) -> Any:
    started = [threading.Timer(0.001, shop.send, (name,)) for name in names]
    for timer in started:
        timer.start()
    for timer in started:
        timer.join()
    return len(names)


def mapped(shop: Shop, names: tuple[str, ...]) -> Any:
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda name: work(shop, name), names))


def completed(shop: Shop, names: tuple[str, ...]) -> Any:
    with ThreadPoolExecutor(3) as pool:
        return sorted(job.result() for job in as_completed([pool.submit(work, shop, name) for name in names]))


class OwnPool(ThreadPoolExecutor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(lambda: fn(*args, **kwargs))


def own_pool(shop: Shop, names: tuple[str, ...]) -> Any:
    with OwnPool(3) as pool:
        return [job.result() for job in [pool.submit(work, shop, name) for name in names]]


SHARED = ThreadPoolExecutor(3)


def shared_pool(shop: Shop, names: tuple[str, ...]) -> Any:
    return [job.result() for job in [SHARED.submit(work, shop, name) for name in names]]


def done_callbacks(shop: Shop, names: tuple[str, ...]) -> Any:
    heard = threading.Semaphore(0)

    def told(job: Future[str]) -> None:
        try:
            shop.send(job.result())
        finally:
            heard.release()

    for name in names:
        SHARED.submit(str, name).add_done_callback(told)
    for _ in names:
        heard.acquire()
    return len(names)


def multiprocessing_pool(shop: Shop, names: tuple[str, ...]) -> Any:
    with ThreadPool(3) as pool:
        return pool.map(lambda name: work(shop, name), names)


def old_multiprocessing_pool(shop: Shop, names: tuple[str, ...]) -> Any:
    found = [old().apply_async(work, (shop, name)) for name in names]
    return [one.get() for one in found], old().starmap(work, [(shop, name) for name in names])


@cache
def old() -> ThreadPool:
    """A pool that was there before; it is made by the fixture."""
    return ThreadPool(3)


def one_after_the_other(shop: Shop, names: tuple[str, ...]) -> Any:
    return [work(shop, name) for name in names]


async def gathered(shop: Shop, names: tuple[str, ...]) -> Any:
    return await asyncio.gather(*(async_work(shop, name) for name in names))


async def grouped(shop: Shop, names: tuple[str, ...]) -> Any:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(async_work(shop, name)) for name in names]
    return [task.result() for task in tasks]


async def async_completed(shop: Shop, names: tuple[str, ...]) -> Any:
    waiting = [async_work(shop, name) for name in names]
    return sorted([await one for one in asyncio.as_completed(waiting)])


async def waited_for(shop: Shop, names: tuple[str, ...]) -> Any:
    return [await asyncio.wait_for(async_work(shop, name), 5) for name in names]


async def in_threads(shop: Shop, names: tuple[str, ...]) -> Any:
    return await asyncio.gather(*(asyncio.to_thread(work, shop, name) for name in names))


async def in_executor(shop: Shop, names: tuple[str, ...]) -> Any:
    loop = asyncio.get_running_loop()
    return await asyncio.gather(*[loop.run_in_executor(None, work, shop, name) for name in names])


async def called_later(shop: Shop, names: tuple[str, ...]) -> Any:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    left = list(names)

    def act(name: str) -> None:
        try:
            shop.send(name)
        finally:
            left.remove(name)
            if not left:
                ended.set()

    for name in names:
        loop.call_later(DELAY[name], act, name)
    await ended.wait()
    return len(names)


async def called_soon(shop: Shop, names: tuple[str, ...]) -> Any:
    loop = asyncio.get_running_loop()
    for name in names:
        loop.call_soon(shop.send, name)
        loop.call_soon_threadsafe(shop.level)
    await asyncio.sleep(0.001)
    return len(names)


async def task_callbacks(shop: Shop, names: tuple[str, ...]) -> Any:
    task = asyncio.create_task(asyncio.sleep(0))
    for name in names:
        task.add_done_callback(lambda _, name=name: shop.send(name))  # type: ignore[misc]
    await task
    await asyncio.sleep(0.001)
    return len(names)


async def nested_tasks(shop: Shop, names: tuple[str, ...]) -> Any:
    async def both(name: str) -> Any:
        return await asyncio.gather(async_work(shop, name), async_work(shop, name))

    return await asyncio.gather(*map(both, names))


async def other_contexts(shop: Shop, names: tuple[str, ...]) -> Any:
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(async_work(shop, name), context=copy_context()) for name in names]
    return [await task for task in tasks]


async def generators(shop: Shop, names: tuple[str, ...]) -> Any:
    async def each() -> Any:
        for name in names:
            yield await async_work(shop, name)

    return [one async for one in each()]


def loop_inside(shop: Shop, names: tuple[str, ...]) -> Any:
    return asyncio.run(gathered(shop, names))


def loop_in_a_thread(shop: Shop, names: tuple[str, ...]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, gathered(shop, names)).result()


def runner(shop: Shop, names: tuple[str, ...]) -> Any:
    with asyncio.Runner() as one:
        return [one.run(gathered(shop, names)), one.run(in_threads(shop, names))]


def old_loop(shop: Shop, names: tuple[str, ...]) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(in_executor(shop, names))
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


SYNC: list[Path] = [
    *(threads, thread_classes, timers, mapped, completed, own_pool, shared_pool, done_callbacks),
    *(multiprocessing_pool, old_multiprocessing_pool, one_after_the_other, loop_inside, loop_in_a_thread),
    *(runner, old_loop),
]
ASYNC: list[Path] = [
    *(gathered, grouped, async_completed, waited_for, in_threads, in_executor, called_later, called_soon),
    *(task_callbacks, nested_tasks, other_contexts, generators),
]
ORDERED = (one_after_the_other, waited_for, generators)


@pytest.fixture(scope="module", autouse=True)
def _pools_end() -> Iterator[None]:
    old()
    yield
    SHARED.shutdown()
    old().terminate()


def judged(
    legacy: Callable[[Shop], Any], candidate: Callable[[Shop], Any], stage: str, mode: str, *, is_async: bool
) -> Run:
    class OwnShop(Shop):
        pass

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, sink=runs.append, mode=mode)
    shop = OwnShop()
    effects = {"send": lambda text: text, "post": lambda text: text}
    migration.port("shop", OwnShop, effects=effects, reads={"level", "stock"})

    def path(made: Callable[[Shop], Any]) -> Any:
        if not is_async:
            return lambda number: made(shop)

        async def awaited(number: int) -> Any:
            return await made(shop)

        return awaited

    seam: Any = migration.seam("s", legacy=path(legacy), candidate=path(candidate))
    if is_async:
        asyncio.run(seam(1))
    else:
        seam(1)
    migration.close()
    return runs[-1]


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("shape", [*SYNC, *ASYNC])
def test_the_same_code_on_both_sides_matches(shape: Path, stage: str, mode: str) -> None:
    run = judged(
        lambda shop: shape(shop, NAMES),
        lambda shop: shape(shop, NAMES),
        stage,
        mode,
        is_async=shape in ASYNC,
    )
    assert (run.verdict, run.reason, run.divergences) == ("match", None, ())


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("names", [("a", "b"), ("a", "b", "x"), ("a", "b", "c", "x")])
@pytest.mark.parametrize("shape", [*SYNC, *ASYNC])
def test_one_effect_that_is_missing_changed_or_more_is_never_a_match(
    shape: Path, names: tuple[str, ...], stage: str
) -> None:
    run = judged(
        lambda shop: shape(shop, NAMES),
        lambda shop: shape(shop, names),
        stage,
        "inline",
        is_async=shape in ASYNC,
    )
    assert run.verdict in ("unsafe", "diverged") or (run.verdict == "failed" and run.reason)


@pytest.mark.parametrize("shape", ORDERED)
def test_another_order_of_what_comes_one_after_the_other_is_never_a_match(shape: Path) -> None:
    run = judged(
        lambda shop: shape(shop, NAMES),
        lambda shop: shape(shop, ("b", "a", "c")),
        "shadow",
        "inline",
        is_async=shape in ASYNC,
    )
    assert run.verdict == "unsafe" or (run.verdict == "failed" and run.reason)
