"""Calls that were under way at the same time end in a replay in the order in which they ended before."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.replay import completion_order

MODES = pytest.mark.parametrize("mode", ["inline", "background"])
STAGES = pytest.mark.parametrize("stage", ["shadow", "live"])


class Shop:
    """Its prices come in the order of their numbers, whoever asks first."""

    def __init__(self) -> None:
        self.come = {number: threading.Event() for number in range(1, 6)}
        self.ordered: list[Any] = []

    async def price(self, number: int) -> int:
        while number > 1 and not self.come[number - 1].is_set():
            await asyncio.sleep(0.001)
        self.come[number].set()
        return number

    async def never(self) -> None:
        await asyncio.sleep(60)

    def stock(self, number: int) -> int:
        if number > 1:
            self.come[number - 1].wait(10)
        threading.Timer(0.005, self.come[number].set).start()
        return number

    def slow(self) -> int:
        self.come[5].wait(10)
        return 5

    def order(self, what: Any) -> str:
        self.ordered.append(what)
        self.come[5].set()
        return "ok"


Made = Callable[[Shop], Any]


def streamed(shop: Shop) -> Any:
    async def path(number: int) -> list[int]:
        return [await one for one in asyncio.as_completed([shop.price(one) for one in (3, 1, 2)])]

    return path


def gathered(shop: Shop) -> Any:
    async def path(number: int) -> int:
        seen: list[int] = []

        async def one(number: int) -> None:
            seen.append(await shop.price(number))

        await asyncio.gather(one(3), one(1), one(2))
        shop.order(tuple(seen))
        return number

    return path


def pooled(shop: Shop) -> Any:
    def path(number: int) -> list[int]:
        with ThreadPoolExecutor(3) as pool:
            return [job.result() for job in as_completed([pool.submit(shop.stock, n) for n in (3, 1, 2)])]

    return path


def given_up(shop: Shop) -> Any:
    def path(number: int) -> str:
        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(shop.slow)
            try:
                job.result(timeout=0.03)
            except TimeoutError:
                shop.order("elsewhere")
                return "timeout"
        return "in time"

    return path


def compared(legacy: Made, candidate: Made, mode: str, stage: str = "shadow") -> tuple[Any, Run]:
    runs: list[Run] = []
    shop = Shop()
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    reads = {"price", "stock", "slow", "never"}
    migration.port("shop", shop, reads=reads, unaffected=reads, effects={"order"})
    answer: Any = migration.seam("s", legacy=legacy(shop), candidate=candidate(shop))(1)
    if asyncio.iscoroutine(answer):
        answer = asyncio.run(answer)
    migration.close()
    return answer, runs[0]


@MODES
@STAGES
@pytest.mark.parametrize("made", [streamed, gathered, pooled, given_up])
def test_the_same_code_sees_them_end_in_the_same_order(made: Made, stage: str, mode: str) -> None:
    _, run = compared(made, made, mode, stage)
    assert (run.verdict, run.divergences) == ("match", ())


@MODES
def test_another_order_in_the_code_itself_is_still_a_difference(mode: str) -> None:
    def sorted_down(shop: Shop) -> Any:
        async def path(number: int) -> list[int]:
            return sorted(await asyncio.gather(*(shop.price(one) for one in (3, 1, 2))), reverse=True)

        return path

    _, run = compared(streamed, sorted_down, mode)
    assert run.verdict == "diverged"


@MODES
def test_a_path_that_asks_for_less_ends_all_the_same(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion_order, "PATIENCE_MIN_S", 0.01)

    def one_alone(shop: Shop) -> Any:
        async def path(number: int) -> list[int]:
            return [await shop.price(3)]

        return path

    def one_job(shop: Shop) -> Any:
        def path(number: int) -> list[int]:
            return [shop.stock(3)]

        return path

    for legacy, candidate in ((streamed, one_alone), (pooled, one_job)):
        answer, run = compared(legacy, candidate, mode)
        assert (answer, run.verdict) == ([1, 2, 3], "diverged")


@MODES
def test_a_call_that_was_cancelled_fails_the_run(mode: str) -> None:
    def timed_out(shop: Shop) -> Any:
        async def path(number: int) -> str:
            try:
                await asyncio.wait_for(shop.never(), 0.01)
            except TimeoutError:
                shop.order("elsewhere")
            return "timeout"

        return path

    answer, run = compared(timed_out, timed_out, mode)
    assert (answer, run.verdict) == ("timeout", "failed")
    assert "shop.never" in (run.reason or "")
