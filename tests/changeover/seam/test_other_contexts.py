"""Coroutines that are driven in other contexts, loops inside paths, processes, and pools of connections."""

import asyncio
import contextvars
import gc
import sqlite3
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.record.context import SESSION
from changeover.values.pins import PINNED


class Mail:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, text: str) -> str:
        self.sent.append(text)
        return f"ok {text}"

    async def post(self, text: str) -> str:
        await Pause()
        self.sent.append(text)
        return f"ok {text}"


class Pause:
    def __await__(self) -> Any:
        yield


def program(
    legacy: Any, candidate: Any, stage: str = "shadow", **options: Any
) -> tuple[Any, Mail, list[Run]]:
    class OwnMail(Mail):
        def send(self, text: str) -> str:
            return super().send(text)

    mail, runs = OwnMail(), list[Run]()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, sink=runs.append, **options)
    migration.port("mail", OwnMail, effects={"send": lambda text: text, "post": lambda text: text})
    return migration.seam("s", legacy=legacy(mail), candidate=candidate(mail)), mail, runs


def paused(*texts: str) -> Any:
    def made(mail: Mail) -> Any:
        async def path(number: int) -> list[str]:
            found = []
            for text in texts:
                await Pause()
                found.append(mail.send(text))
                await Pause()
                found.append(await mail.post(text))
            return found

        return path

    return made


def driven(coroutine: Any) -> Any:
    """Each step in another context."""
    while True:
        try:
            contextvars.copy_context().run(coroutine.send, None)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("stage", ["off", "shadow", "live", "complete"])
def test_a_seam_answers_when_each_step_has_another_context(stage: str) -> None:
    answer, mail, _ = program(paused("a", "b"), paused("a", "b"), stage)
    assert driven(answer(1)) == ["ok a", "ok a", "ok b", "ok b"]
    assert mail.sent == ["a", "a", "b", "b"]
    assert (SESSION.get(), PINNED.get()) == (None, None)


def test_what_a_path_does_in_another_context_is_recorded() -> None:
    answer, _, runs = program(paused("a", "b"), paused("a", "b"), mode="background")
    assert driven(answer(1)) == ["ok a", "ok a", "ok b", "ok b"]
    answer.seam.runtime.flush()
    assert [run.verdict for run in runs] == ["match"]
    assert runs[0].legacy is not None
    assert [call.arguments["text"] for call in runs[0].legacy.effects] == ["a", "a", "b", "b"]

    answer, _, runs = program(paused("a", "b"), paused("a"), mode="background")
    driven(answer(1))
    answer.seam.runtime.flush()
    assert [run.verdict for run in runs] == ["unsafe"]


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("stage", ["off", "shadow", "live", "complete"])
def test_a_seam_can_be_closed_in_another_context(stage: str, steps: int) -> None:
    answer, _, _ = program(paused("a", "b"), paused("a", "b"), stage)
    coroutine = answer(1)
    for _ in range(steps):
        contextvars.copy_context().run(coroutine.send, None)
    contextvars.copy_context().run(coroutine.close)
    assert (SESSION.get(), PINNED.get()) == (None, None)


def test_a_seam_that_is_collected_inside_another_run_leaves_that_run_alone() -> None:
    abandoned = program(paused("a"), paused("a"))[0](1)
    contextvars.copy_context().run(abandoned.send, None)
    held = [abandoned]
    del abandoned

    def collecting(mail: Mail) -> Any:
        def path(number: int) -> str:
            held.clear()
            gc.collect()
            return mail.send("yes")

        return path

    answer, _, runs = program(collecting, collecting)
    assert answer(1) == "ok yes"
    assert runs[0].verdict == "match"
    assert runs[0].legacy is not None
    assert len(runs[0].legacy.effects) == 1


def test_a_sync_seam_on_a_running_loop_may_run_another_loop_in_a_thread() -> None:
    def looped(mail: Mail) -> Any:
        async def main() -> str:
            return await asyncio.to_thread(mail.send, "yes")

        def path(number: int) -> str:
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(asyncio.run, main()).result()

        return path

    answer, mail, runs = program(looped, looped)

    async def main() -> Any:
        return answer(1)

    assert asyncio.run(main()) == "ok yes"
    assert (runs[0].verdict, mail.sent) == ("match", ["yes"])


@pytest.mark.parametrize("mode", ["inline", "background"])
def test_a_sync_seam_that_leaves_a_task_on_a_running_loop_does_not_wait(mode: str) -> None:
    def leaving(text: str) -> Any:
        def made(mail: Mail) -> Any:
            async def later() -> None:
                mail.send(text)

            def path(number: int) -> int:
                path.task = asyncio.ensure_future(later())  # type: ignore[attr-defined]
                return number

            return path

        return made

    for texts, verdict in ((("yes", "yes"), "match"), (("yes", "no"), "unsafe")):
        answer, mail, runs = program(*map(leaving, texts), mode=mode)

        async def main(answer: Any = answer) -> None:
            assert answer(1) == 1
            await asyncio.sleep(0.1)

        asyncio.run(main())
        answer.seam.runtime.flush()
        assert mail.sent == ["yes"]
        assert runs[-1].verdict == verdict


def test_a_coroutine_that_a_path_hands_to_a_loop_of_another_thread_belongs_to_it() -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:

        def handing(*texts: str) -> Any:
            def made(mail: Mail) -> Any:
                def path(number: int) -> list[str]:
                    return [
                        asyncio.run_coroutine_threadsafe(mail.post(text), loop).result() for text in texts
                    ]

                return path

            return made

        answer, _, runs = program(handing("a", "b"), handing("a", "b"))
        answer(1)
        assert runs[0].verdict == "match"
        assert runs[0].legacy is not None
        assert len(runs[0].legacy.effects) == 2
        answer, _, runs = program(handing("a", "b"), handing("a"))
        answer(1)
        assert runs[0].verdict == "unsafe"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_job_of_a_pool_of_processes_cannot_be_followed_and_the_run_says_so() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:

        def path(mail: Mail) -> Any:
            return lambda number: pool.submit(abs, -number).result()

        answer, _, runs = program(path, path)
        assert answer(1) == 1
        assert runs[0].verdict == "failed"
        assert runs[0].reason is not None
        assert "abs" in runs[0].reason

        answer, _, runs = program(lambda mail: lambda number: number, path)
        assert answer(1) == 1
        assert runs[0].verdict == "unsafe"


class Pool:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.idle: list[Any] = []

    def take(self) -> Any:
        return self.idle.pop() if self.idle else sqlite3.connect(self.file, check_same_thread=False)


def test_a_pool_of_connections_that_grows_in_the_replay_shows_nothing_of_the_candidate(
    tmp_path: Path,
) -> None:
    pool = Pool(tmp_path / "shop.db")
    pool.idle.append(pool.take())

    def pooled(mail: Mail) -> Any:
        def path(number: int) -> int:
            pool.take()  # nobody gives it back
            return number

        return path

    answer, _, runs = program(pooled, pooled)
    answer(1)
    assert runs[0].verdict == "failed"
    assert runs[0].reason is not None
    assert "sqlite3.connect" in runs[0].reason


def test_a_connection_that_the_candidate_alone_opens_is_unsafe(tmp_path: Path) -> None:
    def opening(mail: Mail) -> Any:
        def path(number: int) -> int:
            Pool(tmp_path / "other.db").take()
            return number

        return path

    answer, _, runs = program(lambda mail: lambda number: number, opening)
    answer(1)
    assert runs[0].verdict == "unsafe"


@pytest.mark.parametrize("mode", ["inline", "background"])
def test_a_job_that_anyio_gives_to_a_thread_is_a_part_of_the_run(mode: str) -> None:
    anyio = pytest.importorskip("anyio")

    def threaded(*texts: str) -> Any:
        def made(mail: Mail) -> Any:
            async def path(number: int) -> int:
                for text in texts:
                    await anyio.to_thread.run_sync(mail.send, text)
                return number

            return path

        return made

    for texts, verdict in ((["a", "b"], "match"), (["a", "c"], "unsafe")):
        answer, mail, runs = program(threaded("a", "b"), threaded(*texts), mode=mode)

        async def main(answer: Any = answer, mail: Mail = mail) -> None:
            await answer(1)
            answer.seam.runtime.flush()
            await anyio.to_thread.run_sync(mail.send, "the program's own")

        asyncio.run(main())
        assert (mail.sent, [run.verdict for run in runs]) == (["a", "b", "the program's own"], [verdict])


def test_a_loop_names_the_callback_of_the_program_that_raised() -> None:
    def on_fill(*_: object) -> None:
        raise ValueError("no")

    def failing(mail: Mail) -> Any:
        async def path(number: int) -> int:
            loop = asyncio.get_running_loop()
            loop.call_soon(on_fill)
            loop.call_later(0, on_fill, 1)
            loop.call_soon(int, "x")
            await asyncio.sleep(0.001)
            return number

        return path

    async def said(path: Any) -> list[str]:
        messages: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, found: messages.append(found["message"]))
        await path(1)
        await asyncio.sleep(0.01)
        return messages

    alone = asyncio.run(said(failing(Mail())))
    assert "on_fill" in alone[0]
    assert asyncio.run(said(program(failing, failing)[0])) == alone
