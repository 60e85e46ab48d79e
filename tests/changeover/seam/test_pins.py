"""The stages that a run keeps: for the seams of its own migration, and until it has answered."""

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.pins import PINNED


class Shop:
    """A seam `begin` that starts a worker, and a seam `inner` that the worker enters."""

    def __init__(self, begin_stage: str, begin: Callable[["Shop"], Any]) -> None:
        self.environment = {"CHANGEOVER_STAGE_BEGIN": begin_stage, "CHANGEOVER_STAGE_INNER": "live"}
        self.migration = Migration(environment=self.environment, refresh_s=0)
        self.inner = self.migration.seam("inner", legacy=lambda: "legacy", candidate=lambda: "candidate")
        self.begin = self.migration.seam("begin", legacy=lambda: begin(self), candidate=lambda: None)
        self.work: queue.Queue[bool] = queue.Queue()
        self.heard: queue.Queue[str] = queue.Queue()

    def consume(self) -> None:
        while self.work.get(timeout=5):
            self.heard.put(self.inner())

    def ask(self) -> str:
        self.work.put(True)
        return self.heard.get(timeout=5)


def start_thread(shop: Shop) -> None:
    context = contextvars.copy_context()  # as frameworks do that carry their context along
    threading.Thread(target=context.run, args=(shop.consume,), daemon=True).start()


def start_timer(shop: Shop) -> None:
    context = contextvars.copy_context()
    threading.Timer(0.01, context.run, args=(shop.consume,)).start()


def start_job(shop: Shop) -> None:
    ThreadPoolExecutor(1).submit(shop.consume)


STARTS = [start_thread, start_timer, start_job]
WAYS_BACK = {
    "the kill switch": {"CHANGEOVER_KILL": "1"},
    "a rollback": {"CHANGEOVER_STAGE_INNER": "off"},
}


@pytest.mark.parametrize("back", WAYS_BACK.values(), ids=WAYS_BACK.keys())
@pytest.mark.parametrize("stage", ["off", "shadow", "complete"])
@pytest.mark.parametrize("start", STARTS)
def test_a_way_back_reaches_a_worker_that_a_run_started(
    start: Callable[[Shop], None], stage: str, back: dict[str, str]
) -> None:
    shop = Shop(stage, start)
    if stage == "complete":
        shop.begin = shop.migration.seam("begin-2", legacy=lambda: start(shop))
    shop.begin()
    assert shop.ask() == "candidate"
    shop.environment.update(back)
    assert shop.ask() == "legacy"
    shop.work.put(False)


@pytest.mark.parametrize("stage", ["off", "shadow", "live"])
def test_the_kill_switch_reaches_a_task_that_a_run_started(stage: str) -> None:
    environment = {"CHANGEOVER_STAGE_BEGIN": stage, "CHANGEOVER_STAGE_INNER": "live"}
    migration = Migration(environment=environment, refresh_s=0)

    async def old() -> str:
        return "legacy"

    async def new() -> str:
        return "candidate"

    inner = migration.seam("inner", legacy=old, candidate=new)
    tasks: list[asyncio.Task[None]] = []
    heard: list[str] = []

    async def consume(numbers: asyncio.Queue[bool]) -> None:
        while await numbers.get():
            heard.append(await inner())

    async def start(numbers: asyncio.Queue[bool]) -> None:
        if not tasks:
            tasks.append(asyncio.create_task(consume(numbers)))

    begin = migration.seam("begin", legacy=start, candidate=start)

    async def program() -> None:
        numbers: asyncio.Queue[bool] = asyncio.Queue()
        await begin(numbers)
        numbers.put_nowait(True)
        await asyncio.sleep(0.02)
        environment["CHANGEOVER_KILL"] = "1"
        numbers.put_nowait(True)
        numbers.put_nowait(False)
        await tasks[0]

    asyncio.run(program())
    assert heard == ["candidate", "legacy"]


def test_a_pool_that_a_run_waits_for_stands_at_the_stage_of_the_run_also_where_nothing_is_compared() -> None:
    environment = {"CHANGEOVER_STAGE_OUTER": "off", "CHANGEOVER_STAGE_INNER": "complete"}
    migration = Migration(environment=environment, refresh_s=0)
    inner = migration.seam("inner", legacy=lambda: "legacy", candidate=lambda: "candidate")

    def outer() -> str:
        environment["CHANGEOVER_STAGE_INNER"] = "off"
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(inner).result()

    assert migration.seam("outer", legacy=outer)() == "candidate"


@pytest.mark.parametrize("mode", ["inline", "background"])
def test_a_replay_keeps_the_stages_of_its_run_after_the_run_has_answered(mode: str) -> None:
    environment = {"CHANGEOVER_STAGE_OUTER": "shadow", "CHANGEOVER_STAGE_INNER": "complete"}
    runs: list[Run] = []
    migration = Migration(environment=environment, refresh_s=0, mode=mode, sink=runs.append)
    inner = migration.seam("inner", legacy=lambda: "legacy", candidate=lambda: "candidate")
    answered = threading.Event()

    def candidate(number: int) -> str:
        answered.wait(0 if mode == "inline" else 5)
        return inner()

    def legacy(number: int) -> str:
        answer = inner()
        environment["CHANGEOVER_STAGE_INNER"] = "off"
        return answer

    outer = migration.seam("outer", legacy=legacy, candidate=candidate)
    assert outer(7) == "candidate"
    assert inner() == "legacy"
    answered.set()
    migration.close()
    assert [str(run.verdict) for run in runs] == ["match"]


def migration_at(stage: str, name: str) -> tuple[Migration, Any]:
    migration = Migration(environment={f"CHANGEOVER_STAGE_{name.upper()}": stage}, refresh_s=0)
    return migration, migration.seam(name, legacy=lambda: "legacy", candidate=lambda: "candidate")


def test_a_run_of_one_migration_says_nothing_of_the_seams_of_another() -> None:
    _, theirs = migration_at("off", "plan")
    for stage in ("off", "live", "complete"):
        mine = Migration(environment={"CHANGEOVER_STAGE_PLAN": stage}, refresh_s=0)
        assert mine.seam("plan", legacy=theirs, candidate=theirs)() == "legacy"


def test_a_run_keeps_its_stages_inside_a_run_of_another_migration() -> None:
    environment = {"CHANGEOVER_STAGE_OUTER": "off", "CHANGEOVER_STAGE_INNER": "complete"}
    mine = Migration(environment=environment, refresh_s=0)
    inner = mine.seam("inner", legacy=lambda: "legacy", candidate=lambda: "candidate")
    theirs = Migration(environment={}, refresh_s=0).seam("between", legacy=lambda: inner())

    def outer() -> tuple[str, str]:
        first = theirs()
        environment["CHANGEOVER_STAGE_INNER"] = "off"
        return first, theirs()

    assert mine.seam("outer", legacy=outer)() == ("candidate", "candidate")
    assert theirs() == "legacy"


def test_the_pinned_stages_of_one_migration_are_not_those_of_another() -> None:
    theirs, _ = migration_at("live", "inner")
    seen: list[str] = []
    mine = Migration(environment={}, refresh_s=0)
    mine.seam("outer", legacy=lambda: seen.append(str(theirs.pinned().setting("inner"))))()
    with mine.resume(mine.pinned()):
        seen.append(str(theirs.pinned().setting("inner")))
    assert seen == ["live", "live"]


def test_what_is_resumed_ends_with_its_block_for_work_that_outlives_it() -> None:
    shop = Shop("off", lambda shop: None)
    with shop.migration.resume(shop.migration.pinned()):
        start_job(shop)
        shop.environment["CHANGEOVER_KILL"] = "1"
        assert shop.ask() == "candidate"
    assert shop.ask() == "legacy"
    shop.work.put(False)


def test_pins_that_a_run_gave_away_can_be_resumed_after_it() -> None:
    shop = Shop("off", lambda shop: shop.migration.pinned())
    pins = shop.begin()
    shop.environment["CHANGEOVER_STAGE_INNER"] = "off"
    assert shop.inner() == "legacy"
    with shop.migration.resume(pins) as resumed:
        assert (shop.inner(), resumed) == ("candidate", pins)


def test_late_work_that_begins_runs_for_ever_holds_no_pins_of_those_before() -> None:
    contexts: list[contextvars.Context] = []
    migration = Migration(environment={}, refresh_s=0)
    seam = migration.seam("tick", legacy=lambda: contexts.append(contextvars.copy_context()))
    seam()
    for _ in range(50):  # each run starts the next one, as timers do
        contexts[-1].run(seam)
    last = contexts[-1][PINNED]
    assert last is not None
    assert last.around is None
