"""Work that a path leaves behind when it answers: it belongs to the run, nobody waits for it, and a replay's
never acts.
"""

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.rollout.test_override import StageOverride, override_stages
from changeover.values.stage import Setting, Stage

SOON_S = 0.005
AFTER_S = 0.015  # more than SOON_S: what acts once more would be seen
Act = Callable[[], None]
Leaves = Callable[[Act], Any]


class Mail:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, text: str) -> None:
        self.sent.append(text)


POOL = ThreadPoolExecutor(2)
THREADS: list[ThreadPool] = []
"""One, which is at work before any path begins."""


@pytest.fixture(scope="module", autouse=True)
def _threads_at_work() -> Iterator[None]:
    with ThreadPool(1) as pool:
        THREADS.append(pool)
        yield
    THREADS.clear()


def soon(act: Act) -> None:
    time.sleep(SOON_S)
    act()


def nothing(act: Act) -> None:
    pass


def in_a_thread(act: Act) -> None:
    threading.Thread(target=lambda: soon(act)).start()


def in_a_timer(act: Act) -> None:
    threading.Timer(SOON_S, act).start()


def in_a_pool(act: Act) -> None:
    POOL.submit(lambda: soon(act))


def in_a_callback_of_a_pool(act: Act) -> None:
    POOL.submit(time.sleep, SOON_S).add_done_callback(lambda _: act())


def in_a_loop_of_a_thread(act: Act) -> None:
    async def later() -> None:
        await asyncio.sleep(SOON_S)
        act()

    threading.Thread(target=lambda: asyncio.run(later())).start()


async def slowly(act: Act) -> None:
    await asyncio.sleep(SOON_S)
    act()


def in_a_thread_that_runs_a_coroutine(act: Act) -> None:
    threading.Thread(target=asyncio.run, args=(slowly(act),)).start()


def in_a_timer_that_runs_a_coroutine(act: Act) -> None:
    threading.Timer(SOON_S, asyncio.run, args=(slowly(act),)).start()


def in_a_thread_that_ends_a_coroutine(act: Act) -> None:
    with closing(asyncio.new_event_loop()) as loop:
        thread = threading.Thread(target=loop.run_until_complete, args=(slowly(act),))
        thread.start()
        thread.join()


def in_a_thread_that_asks_a_pool(act: Act) -> None:
    threading.Thread(target=POOL.submit, args=(soon, act)).start()


def in_a_thread_that_asks_a_pool_of_multiprocessing(act: Act) -> None:
    threading.Thread(target=THREADS[0].apply, args=(soon, (act,))).start()


def in_a_thread_that_asks_the_loop(act: Act) -> None:
    threading.Thread(target=asyncio.get_running_loop().call_soon_threadsafe, args=(act,)).start()


def in_a_thread_that_gives_a_coroutine_to_the_loop(act: Act) -> None:
    loop = asyncio.get_running_loop()
    threading.Thread(target=asyncio.run_coroutine_threadsafe, args=(slowly(act), loop)).start()


def in_a_task_that_begins_later(act: Act) -> None:
    async def at_once() -> None:
        act()

    asyncio.get_running_loop().call_later(SOON_S, asyncio.ensure_future, at_once())


def in_a_job_that_begins_later(act: Act) -> None:
    loop = asyncio.get_running_loop()
    loop.call_later(SOON_S, loop.run_in_executor, None, act)


kept: list[Any] = []


def in_a_task(act: Act) -> None:
    async def later() -> None:
        await asyncio.sleep(SOON_S)
        act()

    kept.append(asyncio.create_task(later()))


def in_a_task_at_once(act: Act) -> None:
    async def at_once() -> None:
        act()

    kept.append(asyncio.ensure_future(at_once()))


def in_a_call_later(act: Act) -> None:
    asyncio.get_running_loop().call_later(SOON_S, act)


def in_a_call_soon(act: Act) -> None:
    asyncio.get_running_loop().call_soon_threadsafe(act)


def in_a_thread_of_the_loop(act: Act) -> None:
    kept.append(asyncio.get_running_loop().run_in_executor(None, lambda: soon(act)))


def in_a_callback_of_a_task(act: Act) -> None:
    task = asyncio.create_task(asyncio.sleep(SOON_S))
    task.add_done_callback(lambda _: act())
    kept.append(task)


def in_a_task_of_a_task(act: Act) -> None:
    async def inner() -> None:
        act()

    async def outer() -> None:
        await asyncio.sleep(0)
        kept.append(asyncio.create_task(inner()))

    kept.append(asyncio.create_task(outer()))


OF_A_LIBRARY: list[Leaves] = [
    *(in_a_thread_that_runs_a_coroutine, in_a_timer_that_runs_a_coroutine, in_a_thread_that_ends_a_coroutine),
    *(in_a_thread_that_asks_a_pool, in_a_thread_that_asks_a_pool_of_multiprocessing),
]
SYNC: list[Leaves] = [
    *(in_a_thread, in_a_timer, in_a_pool, in_a_callback_of_a_pool, in_a_loop_of_a_thread, *OF_A_LIBRARY),
]
ASYNC: list[Leaves] = [
    *(in_a_task, in_a_task_at_once, in_a_call_later, in_a_call_soon, in_a_thread_of_the_loop),
    *(in_a_callback_of_a_task, in_a_task_of_a_task, in_a_thread, in_a_pool, in_a_thread_that_asks_the_loop),
    *(
        in_a_thread_that_gives_a_coroutine_to_the_loop,
        in_a_task_that_begins_later,
        in_a_job_that_begins_later,
    ),
    *(in_a_thread_that_runs_a_coroutine, in_a_timer_that_runs_a_coroutine, in_a_thread_that_asks_a_pool),
]
WAYS = [(leaves, False) for leaves in SYNC] + [(leaves, True) for leaves in ASYNC]


class Program:
    """One seam whose paths answer and leave work behind."""

    def __init__(self, *, is_async: bool, stage: str = "shadow", **options: Any) -> None:
        class OwnMail(Mail):
            def send(self, text: str) -> None:
                self.sent.append(text)

        options.setdefault("linger_s", PATIENT_S)
        self.mail, self.runs = OwnMail(), list[Run]()
        self.migration = Migration(
            environment={"CHANGEOVER_STAGE_S": stage}, sink=self.runs.append, **options
        )
        self.migration.port("mail", OwnMail, effects={"send": lambda text: "mail"})
        self.is_async = is_async

    def path(self, leaves: Leaves, text: str) -> Any:
        def sync(number: int) -> int:
            leaves(lambda: self.mail.send(text))
            return number

        async def awaited(number: int) -> int:
            return sync(number)

        return awaited if self.is_async else sync

    def answer(self, legacy: Any, candidate: Any, after_s: float = AFTER_S) -> list[Run]:
        """Its runs, when the first has been there for `after_s`."""
        seam: Any = self.migration.seam("s", legacy=legacy, candidate=candidate)
        if self.is_async:

            async def main() -> int:
                found: int = await seam(1)
                while not self.runs:
                    await asyncio.sleep(0.002)
                await asyncio.sleep(after_s)
                return found

            assert asyncio.run(main()) == 1
        else:
            assert seam(1) == 1
            self.migration.flush()
            time.sleep(after_s)
        self.migration.flush()
        return self.runs


def judged(
    legacy: tuple[Leaves, str], candidate: tuple[Leaves, str], *, is_async: bool, **options: Any
) -> tuple[Run, list[str]]:
    program = Program(is_async=is_async, **options)
    runs = program.answer(program.path(*legacy), program.path(*candidate))
    program.migration.close()
    return runs[-1], program.mail.sent


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize(("leaves", "is_async"), WAYS)
def test_the_same_work_on_both_sides_matches(leaves: Leaves, is_async: bool, stage: str, mode: str) -> None:
    run, sent = judged((leaves, "yes"), (leaves, "yes"), is_async=is_async, stage=stage, mode=mode)
    assert (run.verdict, run.reason, sent) == ("match", None, ["yes"])


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("other", ["changed", "missing", "more"])
@pytest.mark.parametrize(("leaves", "is_async"), WAYS)
def test_other_work_is_a_difference(leaves: Leaves, is_async: bool, other: str, mode: str) -> None:
    sides: dict[str, tuple[tuple[Leaves, str], tuple[Leaves, str]]] = {
        "changed": ((leaves, "yes"), (leaves, "no")),
        "missing": ((leaves, "yes"), (nothing, "")),
        "more": ((nothing, ""), (leaves, "no")),
    }
    run, sent = judged(*sides[other], is_async=is_async, mode=mode)
    assert (run.verdict, sent) == ("unsafe", [] if other == "more" else ["yes"])


def test_the_caller_does_not_wait_for_work_of_either_path() -> None:
    go, ended = threading.Event(), threading.Semaphore(0)
    program = Program(is_async=False, linger_s=60.0)

    def waits(act: Act) -> None:
        def later() -> None:
            go.wait(60)  # and nobody sets it before the caller has its answer
            act()
            ended.release()

        threading.Thread(target=later).start()

    seam: Any = program.migration.seam(
        "s", legacy=program.path(nothing, ""), candidate=program.path(waits, "no")
    )
    assert seam(1) == 1
    assert program.runs == []
    go.set()
    program.migration.flush()
    assert [run.verdict for run in program.runs] == ["unsafe"]

    go.clear()
    other = Program(is_async=False, linger_s=60.0)
    seam = other.migration.seam("s", legacy=other.path(waits, "yes"), candidate=other.path(waits, "yes"))
    assert seam(1) == 1
    assert other.runs == []
    go.set()
    other.migration.flush()
    assert [run.verdict for run in other.runs] == ["match"]


@pytest.mark.parametrize(("leaves", "is_async"), WAYS)
def test_under_a_test_override_the_caller_has_the_verdict_with_its_answer(
    leaves: Leaves, is_async: bool
) -> None:
    program, seen = Program(is_async=is_async, stage="off"), list[Run]()
    program.migration = Migration(environment={}, sink=program.runs.append)
    program.migration.port("mail", type(program.mail), effects={"send": lambda text: "mail"})
    seam: Any = program.migration.seam(
        "s", legacy=program.path(leaves, "yes"), candidate=program.path(leaves, "no")
    )
    with override_stages(StageOverride(Setting(Stage.SHADOW), seen.append)):
        asyncio.run(seam(1)) if is_async else seam(1)
        assert [run.verdict for run in seen] == ["unsafe"]


@pytest.mark.parametrize("is_async", [False, True], ids=["thread", "task"])
def test_work_that_goes_on_and_does_nothing_fails_no_run_and_acts_later_to_its_harm(is_async: bool) -> None:
    stop, go = threading.Event(), threading.Event()
    program = Program(is_async=is_async, linger_s=0.05)
    acts: list[Act] = []

    def keeps_alive(act: Act) -> None:
        if is_async:
            kept.append(asyncio.create_task(ticks(act)))
        else:
            threading.Thread(target=waits, args=(act,)).start()

    async def ticks(act: Act) -> None:
        while not go.is_set():
            await asyncio.sleep(0.005)
        act()
        stop.set()

    def waits(act: Act) -> None:
        go.wait(60)
        acts.append(act)
        act()
        stop.set()

    seam: Any = program.migration.seam(
        "s", legacy=program.path(keeps_alive, "yes"), candidate=program.path(keeps_alive, "yes")
    )

    async def main() -> None:
        await seam(1)
        while not program.runs:
            await asyncio.sleep(0.01)
        go.set()
        await asyncio.sleep(0.05)

    if is_async:
        asyncio.run(main())
    else:
        seam(1)
        program.migration.flush()
        go.set()
    assert stop.wait(60)
    time.sleep(0.05)
    program.migration.flush()
    first, *later = program.runs
    assert first.verdict == "match"
    assert {str(note.kind) for note in first.notes} == {"left-running"}
    assert [(run.id, run.verdict) for run in later] == [(first.id, "failed")]
    assert later[0].reason is not None
    assert ("ticks" if is_async else "waits") in later[0].reason
    assert program.mail.sent == ["yes"]
    assert {key: count for key, count in program.migration.counts.items() if count} == {("s", "failed"): 1}


def test_work_that_acts_again_and_again_fails_its_run() -> None:
    stop = threading.Event()
    program = Program(is_async=False, linger_s=0.05)

    def polls(act: Act) -> None:
        def again() -> None:
            while not stop.wait(0.01):
                act()

        threading.Thread(target=again).start()

    seam: Any = program.migration.seam(
        "s", legacy=program.path(polls, "yes"), candidate=program.path(polls, "yes")
    )
    seam(1)
    program.migration.flush()
    stop.set()
    (run, *_) = program.runs
    assert run.verdict == "failed"
    assert run.reason is not None
    assert "again" in run.reason


def test_a_task_that_the_end_of_its_loop_cancels_makes_no_difference() -> None:
    program = Program(is_async=True)

    async def later(act: Act) -> None:
        await asyncio.sleep(0.05)
        act()

    def leaves(act: Act) -> None:
        kept.append(asyncio.create_task(later(act)))

    seam: Any = program.migration.seam(
        "s", legacy=program.path(leaves, "yes"), candidate=program.path(leaves, "yes")
    )
    asyncio.run(seam(1))
    program.migration.flush()
    (run,) = program.runs
    assert (run.verdict, program.mail.sent) == ("failed", [])
    assert run.reason is not None
    assert "later" in run.reason


@pytest.mark.parametrize(("leaves", "is_async"), WAYS)
def test_what_a_replay_left_writes_no_file_however_late(
    leaves: Leaves, is_async: bool, tmp_path: Path
) -> None:
    file = tmp_path / "made"
    program = Program(is_async=is_async, linger_s=0.0)

    def writes(act: Act) -> None:
        file.write_text("x")
        act()

    path = program.path(lambda act: leaves(lambda: writes(act)), "no")
    runs = program.answer(program.path(nothing, ""), path, after_s=0.1)
    assert (file.exists(), program.mail.sent) == (False, [])
    assert runs[-1].verdict in ("unsafe", "failed")


def test_a_replayed_thread_that_raises_reaches_no_hook_of_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", heard.append)

    def raises(act: Act) -> None:
        def fails() -> None:
            raise ValueError

        thread = threading.Thread(target=fails)
        thread.start()
        thread.join()

    judged((nothing, ""), (raises, ""), is_async=False)
    assert heard == []
    judged((raises, ""), (nothing, ""), is_async=False)
    assert len(heard) == 1


@pytest.mark.parametrize(
    "leaves",
    [in_a_task, in_a_task_at_once, in_a_call_later, in_a_call_soon, in_a_thread_of_the_loop],
)
def test_what_a_replay_leaves_and_raises_reaches_no_handler_of_the_loop(leaves: Leaves) -> None:
    heard: list[Any] = []
    program = Program(is_async=True)
    seam: Any = program.migration.seam(
        "s", legacy=program.path(nothing, ""), candidate=program.path(leaves, "refused")
    )

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context))
        await seam(1)
        await asyncio.sleep(AFTER_S)
        kept.clear()
        gc.collect()

    asyncio.run(main())
    program.migration.flush()
    assert heard == []


def test_a_seam_that_late_work_enters_has_a_run_of_its_own() -> None:
    runs: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_OUTER": "shadow", "CHANGEOVER_STAGE_INNER": "shadow"},
        sink=runs.append,
    )
    mail = Mail()
    migration.port("mail", mail, effects={"send": lambda text: "mail"})
    inner: Any = migration.seam(
        "inner", legacy=lambda text: mail.send(text), candidate=lambda text: mail.send(text)
    )

    def path(number: int) -> int:
        threading.Timer(0.1, inner, ("yes",)).start()  # on a busy machine too after the answer
        return number

    migration.seam("outer", legacy=path, candidate=path)(1)
    time.sleep(0.5)
    migration.flush()
    assert sorted((run.seam, run.verdict) for run in runs) == [("inner", "match"), ("outer", "match")]
    assert len({run.correlation_id for run in runs}) == 2
    assert mail.sent == ["yes"]


FAR_S = 0.4
PATIENT_S = 30.0  # of work that ends: a busy machine may be late with it


def far_in_a_thread(act: Act) -> None:
    def far() -> None:
        time.sleep(FAR_S)
        act()

    threading.Thread(target=far).start()


def far_in_a_task(act: Act) -> None:
    async def far() -> None:
        await asyncio.sleep(FAR_S)
        act()

    kept.append(asyncio.create_task(far()))


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize(
    ("legacy", "candidate"), [("yes", "yes"), ("yes", "no"), ("yes", None), (None, "no")]
)
@pytest.mark.parametrize(("leaves", "is_async"), [(far_in_a_thread, False), (far_in_a_task, True)])
def test_a_run_whose_work_acts_when_its_time_is_over_ends_as_failed(
    leaves: Leaves, is_async: bool, legacy: str | None, candidate: str | None, mode: str
) -> None:
    program = Program(is_async=is_async, linger_s=0.05, mode=mode)
    ours, theirs = (
        program.path(nothing if text is None else leaves, text or "") for text in (legacy, candidate)
    )
    last = program.answer(ours, theirs, after_s=FAR_S)[-1]
    assert (last.verdict, program.mail.sent) == ("failed", [] if legacy is None else ["yes"])
    assert last.reason is not None
    assert "still running after the answer" in last.reason


@pytest.mark.parametrize("mode", ["inline", "background"])
def test_an_async_generator_that_a_path_leaves_open_acts_in_the_run_when_it_ends(mode: str) -> None:
    class Cursor:
        closed: list[str] = []  # noqa: RUF012

        def close(self, name: str) -> None:
            self.closed.append(name)

    async def rows(name: str) -> Any:
        try:
            for row in range(3):
                yield row
        finally:
            Cursor().close(name)

    def leaving(name: str) -> Any:
        async def path(number: int) -> int:
            async for row in rows(name):
                return int(row)
            return number

        return path

    for name, verdict in (("yes", "match"), ("no", "unsafe")):
        runs: list[Run] = []
        environment = {"CHANGEOVER_STAGE_S": "shadow"}
        migration = Migration(
            environment=environment, refresh_s=0, sink=runs.append, mode=mode, linger_s=PATIENT_S
        )
        migration.port("cursor", Cursor, effects={"close"})
        seam: Any = migration.seam("s", legacy=leaving("yes"), candidate=leaving(name))
        Cursor.closed.clear()

        async def main(seam: Any = seam, migration: Migration = migration) -> None:
            await seam(1)
            await asyncio.sleep(0.05)
            migration.flush()

        asyncio.run(main())
        migration.close()
        assert (Cursor.closed, [(run.verdict, run.reason) for run in runs]) == (["yes"], [(verdict, None)])
