"""Sync code that runs a coroutine to its end, and async code that runs sync code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextvars import Context, copy_context
from functools import partial
from threading import Thread
from types import coroutine
from typing import Any, Protocol, TypeVar

from changeover.record.context import SESSION, Session, permitted
from changeover.record.work_branch import BRANCH, Branch
from changeover.replay.process_state import kept_process_state
from changeover.replay.program_signals import in_steps
from changeover.values.observation import Outcome, Raised, Returned
from changeover.values.pins import PINNED

T = TypeVar("T")


Start = Callable[[], Coroutine[Any, Any, Any]]
POLL_S = 0.005


class Waits(Protocol):
    """Who says how long a path may wait in all, and what ends it then."""

    waits_s: float

    def gave_up_waiting(self) -> BaseException:
        """It has waited too long."""


def completed(
    start: Start, context: Context, waits: Waits | None = None, ended: Callable[[], bool] | None = None
) -> Outcome:
    """Run a coroutine to its end on an event loop of its own, in that context; exceptions are the outcome.

    The loop then goes on until `ended`, asked again and again, says so: what the coroutine left behind may
    need it. Where this thread runs a loop already, the coroutine gets a thread of its own.
    """
    import asyncio

    if not runs_a_loop():
        return _on_own_loop(asyncio, start, context, waits, ended)
    outcomes: list[Outcome] = []
    with permitted():
        thread = Thread(
            target=lambda: outcomes.append(_on_own_loop(asyncio, start, context, waits, ended)),
            name="changeover-loop",
        )
        thread.start()
    thread.join()
    return outcomes[0]


def runs_a_loop() -> bool:
    """Whether this thread is inside an event loop, which waiting here would stop."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    return asyncio._get_running_loop() is not None


def _on_own_loop(
    asyncio: Any, start: Start, context: Context, waits: Waits | None, ended: Callable[[], bool] | None
) -> Outcome:
    with permitted():
        runner = asyncio.Runner()
        runner.get_loop()

    async def main() -> Outcome:
        given_up: list[BaseException] = []
        alarm = None if waits is None else _alarm(asyncio, waits, given_up)
        outcome = await _ended(start, given_up)
        if alarm is not None:
            alarm.cancel()
        while ended is not None and not ended():
            await asyncio.sleep(POLL_S)
        return outcome

    try:
        # The task is the path itself, and no work that it started: it is made outside of any run.
        outcome: Outcome = Context().run(partial(runner.run, main(), context=context))
        return outcome
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        return Raised(error)
    finally:
        with permitted():
            runner.close()


def _alarm(asyncio: Any, waits: Waits, given_up: list[BaseException]) -> Any:
    """Ends the task that is under way when it has waited too long."""
    path = asyncio.current_task()

    def give_up() -> None:
        given_up.append(waits.gave_up_waiting())
        path.cancel()

    return asyncio.get_running_loop().call_later(waits.waits_s, give_up)


async def awaited(start: Start, context: Context, waits: Waits) -> Outcome:
    """Run a coroutine as a task in that context; cancelling the caller cancels it and is raised here."""
    import asyncio

    create = asyncio.get_running_loop().create_task
    task: asyncio.Task[Any] = Context().run(partial(create, _stopped_or_ended(start), context=context))
    caller = asyncio.current_task()
    before = 0 if caller is None else caller.cancelling()
    try:
        await asyncio.wait([task], timeout=waits.waits_s)
    except BaseException:
        task.cancel()  # and it is not waited for: a path may take its time, or go on
        raise
    if caller is not None and caller.cancelling() > before:
        raise asyncio.CancelledError
    if not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=POLL_S)  # so that it takes itself out of what it waited for
        return Raised(waits.gave_up_waiting())
    if task.cancelled():
        return Raised(asyncio.CancelledError())
    stopped: BaseException | None
    outcome: Outcome
    stopped, outcome = task.result()
    if stopped is not None:
        raise stopped
    return outcome


async def _stopped_or_ended(start: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What stops the program, None for nothing; and how the path ended. No loop meets either of them."""
    try:
        return None, await in_steps(start(), kept_process_state)
    except Exception as error:  # noqa: BLE001  handed on to the one who waits
        return error, None
    except BaseException as error:
        if type(error).__name__ == "CancelledError":
            raise
        return error, None


async def threaded(call: Callable[[], Any]) -> Any:
    """Run sync code in a thread, in a copy of this context; the job is the path, and none that it gave."""
    import asyncio

    loop = asyncio.get_running_loop()
    with permitted():
        waiting: Any = Context().run(partial(loop.run_in_executor, None, copy_context().run, call))
    return await waiting


@coroutine
def carried(path: Coroutine[Any, Any, T], session: Session, branch: Branch) -> Generator[Any, Any, T]:
    """Await a coroutine with this session and branch, and the pins of now, in whichever context it goes on.

    What it sets itself is kept from step to step, and nothing of it stays in the context.
    """
    kept: tuple[Any, Any, Any] = (session, branch, PINNED.get())
    given: Any = None
    error: BaseException | None = None
    while True:
        tokens = SESSION.set(kept[0]), BRANCH.set(kept[1]), PINNED.set(kept[2])
        try:
            waits_for = path.send(given) if error is None else path.throw(error)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            kept = SESSION.get(), BRANCH.get(), PINNED.get()
            SESSION.reset(tokens[0])
            BRANCH.reset(tokens[1])
            PINNED.reset(tokens[2])
        given, error = None, None
        try:
            given = yield waits_for
        except GeneratorExit:
            tokens = SESSION.set(kept[0]), BRANCH.set(kept[1]), PINNED.set(kept[2])
            try:
                path.close()
            finally:
                SESSION.reset(tokens[0])
                BRANCH.reset(tokens[1])
                PINNED.reset(tokens[2])
            raise
        except BaseException as raised:  # noqa: BLE001  thrown into the path right above
            error = raised


async def _ended(start: Start, given_up: Sequence[BaseException]) -> Outcome:
    import asyncio

    try:
        return Returned(await start())
    except BaseException as error:  # data, so that no loop meets it, or stops
        if given_up:
            return Raised(given_up[0])
        here = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and here is not None and here.cancelling():
            raise
        return Raised(error)
