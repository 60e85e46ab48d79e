"""Shapes that leave work behind when they answer, and sync paths in async programs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from changeover import Migration
from tests.changeover.support.program_shapes.shape import Path, declared_shape, shape

POOL = ThreadPoolExecutor(2)
SOON_S = 0.004
kept: set[Any] = set()


def later(shop: Any, number: int, planted: str) -> None:
    """Act a while after the answer."""
    time.sleep(SOON_S)
    shop.send(f"late {number}{'!' if planted == 'late' else ''}")


@shape("late", "result", late=True)
def thread_left_behind(shop: Any, planted: str) -> Path:
    def path(number: int) -> str:
        threading.Thread(target=later, args=(shop, number, planted)).start()
        return f"{number}{'?' if planted == 'result' else ''}"

    return path


@shape("late", late=True)
def timer_left_behind(shop: Any, planted: str) -> Path:
    def path(number: int) -> int:
        threading.Timer(SOON_S, later, (shop, number, planted)).start()
        return number

    return path


@shape("late", late=True)
def job_left_behind(shop: Any, planted: str) -> Path:
    def path(number: int) -> int:
        POOL.submit(later, shop, number, planted)
        return number

    return path


async def later_task(shop: Any, number: int, planted: str) -> None:
    """The same in a task."""
    await asyncio.sleep(SOON_S)
    await shop.post(f"late {number}{'!' if planted == 'late' else ''}")


@shape("late", is_async=True, late=True)
def task_left_behind(shop: Any, planted: str) -> Path:
    async def path(number: int) -> int:
        task = asyncio.create_task(later_task(shop, number, planted))
        kept.add(task)
        task.add_done_callback(kept.discard)
        return number

    return path


@shape("late", is_async=True, late=True)
def call_later(shop: Any, planted: str) -> Path:
    async def path(number: int) -> int:
        text = f"late {number}{'!' if planted == 'late' else ''}"
        asyncio.get_running_loop().call_later(SOON_S, shop.send, text)
        return number

    return path


@shape("late", is_async=True, late=True)
def call_soon(shop: Any, planted: str) -> Path:
    async def path(number: int) -> int:
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: shop.send("late!" if planted else "late"))
        return number

    return path


@shape("result", late=True)
def idle_thread_left_behind(shop: Any, planted: str) -> Path:
    def path(number: int) -> str:
        threading.Thread(target=time.sleep, args=(SOON_S,), daemon=True).start()
        return f"{shop.price('x')}{planted}"

    return path


@declared_shape("result", "effect", is_async=True)
def sync_path_in_an_async_program(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def path(twist: str) -> Path:
        def answer(number: int) -> Any:
            shop.send("b" if twist == "effect" else "a")
            return f"{shop.price('x')}{twist if twist == 'result' else ''}"

        return answer

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))

    async def call(number: int) -> Any:
        await asyncio.sleep(0)
        return seam(number)

    return call


@declared_shape("effect", is_async=True)
def many_calls_in_one_loop(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def path(twist: str) -> Path:
        async def answer(number: int) -> str:
            stock = await shop.stock("xx")
            await shop.post(f"{number}{twist}")
            return f"{number} {stock}"

        return answer

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))

    async def call(number: int) -> Any:
        return await asyncio.gather(*(seam(number * 10 + one) for one in range(3)))

    return call
