"""One run of a seam while two paths are compared: record, answer, replay, compare, hand on.

`experiment` tells it from top to bottom, once for sync and async seams. It is a coroutine; for a sync seam
nothing in it ever waits, so that `completed_now` runs it to its end without an event loop.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from inspect import iscoroutinefunction
from time import perf_counter
from typing import Any, TypeVar

from changeover.record.context import SESSION, Args, Kwargs
from changeover.record.replay_problems import ReplayProblems
from changeover.record.run import NotPaired, Run
from changeover.record.tape import Tape
from changeover.replay.event_loop import completed, threaded
from changeover.replay.program_signals import ProgramSignals, heard, stop_if_heard
from changeover.replay.runner import Replayed, ReplayTask
from changeover.rollout.test_override import ACTIVE
from changeover.seam.background import Job
from changeover.seam.judge import RunDraft
from changeover.seam.recording import Call, Recording
from changeover.seam.seam import Seam
from changeover.values.interruption import is_interruption, struck
from changeover.values.observation import Outcome, Raised, Returned, Side
from changeover.values.pins import Pins
from changeover.values.stage import BUCKETS, Stage, bucket

T = TypeVar("T")


class _Sync:
    """The caller waits for a value; a path that is a coroutine function runs on a loop of its own.

    `outcome` raises nothing; of `replay` only interrupts pass, if `lets_pass` says that the caller gets them.
    `watch` is around all that follows the answer.
    """

    def call(self, path: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        if iscoroutinefunction(path):
            return completed(lambda: path(*args, **kwargs), copy_context()).give()
        return path(*args, **kwargs)

    async def outcome(self, path: Callable[..., Any], args: Args, kwargs: Kwargs) -> Outcome:
        try:
            return Returned(self.call(path, args, kwargs))
        except BaseException as error:  # noqa: BLE001  raised again when everything is kept
            return Raised(error)

    async def replay(self, task: ReplayTask) -> Replayed:
        return task.run()

    def watch(self) -> AbstractContextManager[object]:
        return ProgramSignals()

    def lets_pass(self, error: BaseException) -> bool:
        return (heard() or struck(error)) is not None


class _Async:
    """The caller awaits; a path that is no coroutine function runs in a thread."""

    async def call(self, path: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        if iscoroutinefunction(path):
            return await path(*args, **kwargs)
        return await threaded(lambda: path(*args, **kwargs))

    async def outcome(self, path: Callable[..., Any], args: Args, kwargs: Kwargs) -> Outcome:
        try:
            return Returned(await self.call(path, args, kwargs))
        except BaseException as error:  # noqa: BLE001  raised again when everything is kept
            return Raised(error)

    async def replay(self, task: ReplayTask) -> Replayed:
        return await task.run_async()

    def watch(self) -> AbstractContextManager[object]:
        return nullcontext()  # while a replay waits the program runs: its steps are watched one by one

    def lets_pass(self, error: BaseException) -> bool:
        return is_interruption(error)


SYNC, ASYNC = _Sync(), _Async()
Calling = _Sync | _Async
"""How a path is called and the other one replayed: in a sync or in an async seam."""


def completed_now(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits for anything."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("a sync seam waited for an event loop")


async def experiment(call: Call, calling: Calling) -> Outcome:
    """Answer one call whose run is pinned, and compare it. The outcome is the answering path's, unchanged."""
    try:
        recording = Recording(call)
        outcome = await _answer(recording, calling)
        if _falls_back(call, recording, outcome):
            fallen, recording = recording, Recording(replace(call, answering=Side.LEGACY, path=call.fallback))
            outcome = await _answer(recording, calling)
            recording.fallen_from(fallen)
        due = _due(call, recording)
    except BaseException:  # nothing of the path: that is in the outcome
        interrupted(call)
        raise
    with counted_if_interrupted(due):
        while due and _waits_in_background(due[0]):
            del due[0]
        with calling.watch() if due else nullcontext():
            while due:
                await _settle(due, calling)
    return outcome


async def _answer(recording: Recording, calling: Calling) -> Outcome:
    """Run the path that answers, and keep what it did."""
    call, before = recording.call, SESSION.get()
    began = perf_counter()
    try:
        SESSION.set(recording.recorder)
        outcome = await calling.outcome(call.path, call.args, call.kwargs)
    finally:
        if SESSION.get() is recording.recorder:
            SESSION.set(before)
    recording.keep(outcome, perf_counter() - began)
    return outcome


def _waits_in_background(recording: Recording) -> bool:
    recording.forget_arguments()
    queue = recording.runtime.queue
    return queue is not None and queue.put(Job(recording.draft, partial(_replay_apart, recording)))


async def _settle(due: list[Recording], calling: Calling) -> None:
    """Compare the first of these runs, and take it away when it is counted."""
    first = due[0]
    first.forget_arguments()
    run = await _compare(first, calling)
    with ProgramSignals():
        stop_if_heard()
        del due[0]
        first.runtime.hand_on(run)


async def _compare(recording: Recording, calling: Calling, *, apart: bool = False) -> Run:
    """Replay the other path and judge both; only what interrupts the program passes."""
    draft = recording.draft()
    try:
        if recording.problem is not None:
            return draft.failed(recording.problem)
        if recording.fallen is not None:
            replayed = Replayed(recording.fallen, ReplayProblems())
        else:
            replayed = await calling.replay(recording.task(apart=apart))
    except BaseException as error:
        if calling.lets_pass(error):
            raise
        return draft.failed(f"the comparison failed: {error!r}")  # promise 1: it breaks no answer
    with ProgramSignals():
        return _judged(recording, draft, replayed)


def _judged(recording: Recording, draft: RunDraft, replayed: Replayed) -> Run:
    runtime = recording.runtime
    try:
        return draft.judged(
            recording.observation(),
            replayed.observation,
            replayed.problems,
            runtime.judge,
            runtime.invariants_of(draft.seam),
        )
    except BaseException as error:  # noqa: BLE001  promise 1: it breaks no answer
        stop_if_heard(error)
        return draft.failed(f"the comparison failed: {error!r}")


def _replay_apart(recording: Recording) -> Run:
    """The run, replayed and judged in a thread that is not the caller's; raises nothing."""

    def compared() -> Run:
        SESSION.set(None)
        decimal.setcontext(recording.decimals.copy())  # the caller goes on with the one in this context
        return completed_now(_compare(recording, SYNC, apart=True))

    try:
        return recording.context.copy().run(compared)
    except BaseException as error:  # noqa: BLE001  an interrupt that the path itself raised
        return recording.draft().failed(f"the replay was interrupted: {error!r}")


def interrupted(call: Call) -> None:
    """Count a run that was stopped from outside before it was recorded."""
    runtime, seam = call.seam.runtime.active, call.seam
    draft = RunDraft(
        seam.name, seam.phase, runtime.population, call.pins, call.answering, arguments={}, tape=Tape()
    )
    runtime.hand_on(draft.unpaired(NotPaired.INTERRUPTED))


@contextmanager
def counted_if_interrupted(due: list[Recording]) -> Iterator[None]:
    """What is still due when the block is stopped from outside is counted as interrupted."""
    try:
        yield
    except BaseException:
        for one in due:
            one.runtime.hand_on(one.draft().unpaired(NotPaired.INTERRUPTED))
        raise


def is_sampled(seam: Seam, pins: Pins) -> bool:
    """Whether this run is among those that are compared; in tests and comparisons all are."""
    share = seam.sample
    return (
        share >= 1.0
        or seam.runtime.active.is_comparison
        or ACTIVE.override is not None
        or bucket(f"sample {seam.phase}", pins.correlation_id) < share * BUCKETS
    )


def sampled_out(seam: Seam, pins: Pins, answering: Side) -> None:
    """Count a run that was not to be compared; nothing of it was kept."""
    runtime = seam.runtime.active
    draft = RunDraft(seam.name, seam.phase, runtime.population, pins, answering, arguments={}, tape=Tape())
    runtime.hand_on(draft.unpaired(NotPaired.SAMPLED_OUT))


def _falls_back(call: Call, recording: Recording, outcome: Outcome) -> bool:
    """Whether the candidate gave up in `live` before it attempted or changed anything."""
    return (
        call.seam.fallback
        and call.answering is Side.CANDIDATE
        and call.pins.setting(call.seam.phase).stage is Stage.LIVE
        and isinstance(outcome, Raised)
        and isinstance(outcome.error, Exception)
        and not recording.interrupted
        and not recording.recorder.attempted
        and not recording.mutated
        and call.seam.paths.get(Side.LEGACY) is not None
    )


def _due(call: Call, recording: Recording) -> list[Recording]:
    """What may be replayed now: nothing, while a run around this one has still to answer."""
    due: list[Recording] = [*recording.recorder.deferred, recording]
    if recording.interrupted:
        for one in due:
            one.runtime.hand_on(one.draft().unpaired(NotPaired.INTERRUPTED))
        return []
    if recording.fallen is None and not is_sampled(call.seam, call.pins):
        due.pop()
        recording.runtime.hand_on(recording.draft().unpaired(NotPaired.SAMPLED_OUT))
    if recording.outer is None:
        return due
    recording.outer.deferred.extend(due)
    return []
