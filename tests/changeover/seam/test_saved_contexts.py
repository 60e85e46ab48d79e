"""What a path does in a context that does not come from it is the path's all the same; none keeps the run."""

import asyncio
import contextvars
import queue
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from changeover import Migration, Run

SAVED = contextvars.copy_context()
Send = Callable[[str], None]


def directly(send: Send, text: str) -> None:
    SAVED.run(send, text)


def in_an_empty_one(send: Send, text: str) -> None:
    contextvars.Context().run(send, text)


def in_a_thread(send: Send, text: str) -> None:
    worker = threading.Thread(target=SAVED.run, args=(send, text))
    worker.start()
    worker.join()


def started_there(send: Send, text: str) -> None:
    worker = threading.Thread(target=send, args=(text,))
    SAVED.run(worker.start)
    worker.join()


def in_a_job(send: Send, text: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(SAVED.copy().run, send, text).result()


def as_a_pool_begins(send: Send, text: str) -> None:
    with ThreadPoolExecutor(1, initializer=send, initargs=(text,)) as pool:
        pool.submit(int, 1).result()


def as_another_pool_begins(send: Send, text: str) -> None:
    with ThreadPool(1, initializer=send, initargs=(text,)) as pool:
        pool.apply(int, (1,))


def with_a_log_and_a_number(send: Send, text: str) -> None:
    SAVED.run(random.random)
    SAVED.run(send, text)


def soon(send: Send, text: str) -> None:
    asyncio.get_running_loop().call_soon(send, text, context=SAVED)


def later(send: Send, text: str) -> None:
    asyncio.get_running_loop().call_later(0.001, send, text, context=SAVED)


def when_done(send: Send, text: str) -> None:
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda _: send(text), context=SAVED)
    future.set_result(1)


def in_a_task(send: Send, text: str) -> None:
    async def act() -> None:
        await asyncio.sleep(0)
        send(text)

    asyncio.get_running_loop().create_task(act(), context=SAVED)


def directly_in_a_task(send: Send, text: str) -> None:
    async def act() -> None:
        await asyncio.sleep(0)
        SAVED.run(send, text)

    asyncio.get_running_loop().create_task(act())


WAYS = [directly, in_an_empty_one, in_a_thread, started_there, in_a_job, as_a_pool_begins]
WAYS += [as_another_pool_begins, with_a_log_and_a_number]
ON_A_LOOP = [soon, later, when_done, in_a_task, directly_in_a_task]
Way = Callable[[Send, str], None]
INLINE = {"stage": "shadow", "mode": "inline"}


def program(way: Way, text: str, other: str | None, *, is_async: bool, stage: str, mode: str) -> Any:
    class Mail:
        sent: list[str] = []  # noqa: RUF012

        def send(self, text: str) -> None:
            self.sent.append(text)

    def acting(text: str | None) -> Any:
        def path(number: int) -> int:
            if text is not None:
                way(Mail().send, text)
            return number

        async def path_async(number: int) -> int:
            path(number)
            await asyncio.sleep(0.01)
            return number

        return path_async if is_async else path

    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("mail", Mail, effects={"send"})
    paths = (text, other) if stage == "shadow" else (other, text)
    seam: Any = migration.seam("s", legacy=acting(paths[0]), candidate=acting(paths[1]))

    async def main() -> None:
        assert await seam(1) == 1
        await asyncio.sleep(0.01)
        migration.flush()

    asyncio.run(main()) if is_async else seam(1)
    migration.flush()
    return Mail.sent, [run.verdict for run in runs]


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize(
    ("way", "is_async"),
    [*((way, False) for way in WAYS), *((way, True) for way in (*WAYS, *ON_A_LOOP))],
    ids=lambda one: getattr(one, "__name__", str(one)),
)
def test_it_is_recorded_and_replayed(way: Way, is_async: bool, stage: str, mode: str) -> None:
    for other, verdict in (("yes", "match"), ("no", "unsafe"), (None, "unsafe")):
        found = program(way, "yes", other, is_async=is_async, stage=stage, mode=mode)
        assert found == (["yes"], [verdict]), other


@pytest.mark.parametrize("way", [*WAYS, *ON_A_LOOP], ids=lambda way: way.__name__)
def test_nothing_of_the_run_stays_in_the_context(way: Way) -> None:
    program(way, "yes", "yes", is_async=True, stage="shadow", mode="inline")
    assert [variable.name for variable in SAVED if variable.name.startswith("changeover")] == []


def test_a_context_that_is_kept_after_an_unsafe_run_lets_no_replay_act() -> None:
    program(directly, "yes", "no", is_async=False, stage="shadow", mode="inline")  # it is logged
    kept = contextvars.copy_context()
    found = program(lambda send, text: kept.run(send, text), "yes", "no", is_async=False, **INLINE)
    assert found == (["yes"], ["unsafe"])


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
def test_a_context_that_the_other_path_or_an_earlier_run_has_kept_belongs_to_whoever_is_in_it(
    stage: str, mode: str
) -> None:
    kept: list[contextvars.Context] = []

    def keeping(send: Send, text: str) -> None:
        if not kept:
            kept.append(contextvars.copy_context())
        kept[0].run(send, text)

    for _ in range(2):
        found = program(keeping, "yes", "no", is_async=False, stage=stage, mode=mode)
        assert found == (["yes"], ["unsafe"])


@pytest.mark.parametrize("hook", ["view", "key", "tags"])
def test_what_only_looks_acts_in_no_other_context_either(hook: str) -> None:
    sent: list[str] = []

    class Mail:
        def send(self, text: str) -> None:
            sent.append(text)

    def looks(_: int) -> list[str]:
        contextvars.Context().run(Mail().send, "seen")
        return ["seen"]

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("mail", Mail, effects={"send"})
    option: dict[str, Any] = {hook: (looks, looks) if hook == "view" else looks}
    assert migration.seam("s", legacy=lambda n: n, candidate=lambda n: n, **option)(1) == 1
    assert (sent, [run.verdict for run in runs]) == ([], ["failed"])


def test_a_port_that_leaves_its_context_is_its_own_affair() -> None:
    class Mail:
        sent: list[str] = []  # noqa: RUF012

        def send(self, text: str) -> None:
            self.sent.append(text)

    class Shop:
        def order(self, text: str) -> None:
            contextvars.Context().run(Mail().send, text)

    def path(number: int) -> int:
        Shop().order("yes")
        return number

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("mail", Mail, effects={"send"})
    migration.port("shop", Shop, effects={"order"})
    migration.seam("s", legacy=path, candidate=path)(1)
    assert (Mail.sent, [run.verdict for run in runs]) == (["yes"], ["match"])


def test_what_the_program_does_when_a_path_is_done_with_its_future_is_not_the_paths() -> None:
    class Mail:
        sent: list[str] = []  # noqa: RUF012

        def send(self, text: str) -> None:
            self.sent.append(text)

    futures: list[Any] = []

    async def legacy(number: int) -> int:
        futures[0].set_result(1)
        await asyncio.sleep(0)
        return number

    async def candidate(number: int) -> int:
        return number

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("mail", Mail, effects={"send"})
    seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)

    async def main() -> None:
        futures.append(asyncio.get_running_loop().create_future())
        futures[0].add_done_callback(lambda _: Mail().send("the program's own"))
        await seam(1)

    asyncio.run(main())
    assert (Mail.sent, [run.verdict for run in runs]) == (["the program's own"], ["match"])


def test_a_thread_that_outlives_its_run_may_be_given_work_of_the_program() -> None:
    class Mail:
        sent: list[str] = []  # noqa: RUF012

        def send(self, text: str) -> None:
            self.sent.append(text)

    jobs: list[queue.SimpleQueue[Any]] = []

    def path(number: int) -> int:
        own: queue.SimpleQueue[Any] = queue.SimpleQueue()
        jobs.append(own)
        threading.Thread(target=lambda: own.get()(), daemon=True).start()
        return number

    runs: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": "shadow"},
        refresh_s=0,
        sink=runs.append,
        mode="background",
        linger_s=0.01,
    )
    migration.port("mail", Mail, effects={"send"})
    migration.seam("s", legacy=path, candidate=path)(1)
    migration.flush()
    context, done = contextvars.copy_context(), threading.Semaphore(0)

    def job() -> None:
        context.copy().run(Mail().send, "the program's own")
        done.release()

    for own in jobs:
        own.put(job)
    assert all(done.acquire(timeout=10) for _ in jobs)
    assert Mail.sent == ["the program's own"] * 2
