"""Sync code that runs a coroutine to its end, and async code that runs sync code."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context, copy_context
from functools import partial
from threading import Thread
from typing import Any, Protocol

from changeover.record.context import (
    SESSION,
    WORK_OF_TASKS,
    at_work,
    current_session,
    outside_of_runs,
    permitted,
)
from changeover.record.running_loop import running_loop
from changeover.record.timed_steps import STEP_TOOK, Took, timed_task
from changeover.record.work_branch import BRANCH, current_branch
from changeover.replay.held_collections import held_off_for_a_step
from changeover.replay.process_state import kept_process_state
from changeover.replay.program_signals import in_steps
from changeover.values.observation import Outcome, Raised, Returned

Start = Callable[[], Coroutine[Any, Any, Any]]
POLL_S = 0.005


class Waits(Protocol):
    """Who says how long a path may wait in all, and what ends it then."""

    waits_s: float
    step_took: Took | None

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
    return running_loop() is not None


def _on_own_loop(
    asyncio: Any, start: Start, context: Context, waits: Waits | None, ended: Callable[[], bool] | None
) -> Outcome:
    with permitted():
        runner = asyncio.Runner()
        runner.get_loop()

    async def main() -> Outcome:
        WORK_OF_TASKS[asyncio.current_task()] = context.get(SESSION), context.get(BRANCH)
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
        outcome: Outcome = outside_of_runs().run(partial(runner.run, main(), context=context))
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
    work = context.get(SESSION), context.get(BRANCH)
    path: Any = _stopped_or_ended(start, *work)
    took = STEP_TOOK.get()
    if took is not None:
        path = timed_task(path, took)
        waits.step_took = took
    task: asyncio.Task[Any] = outside_of_runs().run(partial(create, path, context=context))
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


async def _stopped_or_ended(start: Start, session: Any, branch: Any) -> Any:
    """What stops the program, None for nothing; and how the path ended. No loop meets either of them."""

    @contextmanager
    def around() -> Iterator[None]:
        with held_off_for_a_step(), at_work(session, branch), kept_process_state():
            yield

    try:
        return None, await in_steps(start(), around)
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
        job = partial(copy_context().run, _at_work, current_session(), current_branch(), call)
        waiting: Any = outside_of_runs().run(partial(loop.run_in_executor, None, job))
    return await waiting


def _at_work(session: Any, branch: Any, call: Callable[[], Any]) -> Any:
    with at_work(session, branch):
        return call()


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
