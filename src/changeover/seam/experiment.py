"""One run of a seam while two paths are compared: record, answer, replay, compare, hand on.

`experiment` tells it from top to bottom, once for sync and async seams. It is a coroutine; for a sync seam
nothing in it ever waits, so that `completed_now` runs it to its end without an event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from dataclasses import replace
from threading import get_ident
from time import perf_counter
from types import CoroutineType
from typing import Any

from changeover.record.callable_kind import is_awaited
from changeover.record.carried_coroutine import carried
from changeover.record.context import SESSION, WORK_HERE, Args, Kwargs, put_back
from changeover.record.followed_path import followed
from changeover.record.run import NotPaired
from changeover.record.tape import Tape
from changeover.record.work_branch import BRANCH, ENDING_S, Running
from changeover.replay.event_loop import completed, runs_a_loop, threaded
from changeover.replay.program_signals import ProgramSignals, heard, stop_if_heard
from changeover.replay.runner import Pending, ReplayTask, wait_for, wait_for_async
from changeover.rollout.test_override import ACTIVE
from changeover.seam.comparison_steps import Comparing, completed_now
from changeover.seam.judge import RunDraft
from changeover.seam.recording import Call, Recording
from changeover.seam.runtime import Runtime
from changeover.seam.seam import Seam
from changeover.values.interruption import is_interruption, struck
from changeover.values.limits import SEAM_DEPTH_MAX
from changeover.values.observation import Outcome, Raised, Returned, Side
from changeover.values.pins import Pins
from changeover.values.stage import BUCKETS, Stage, bucket


class _Sync:
    """The caller waits for a value; a path that is a coroutine function runs on a loop of its own.

    `answer` runs the path and keeps what it did; it raises nothing of it. Of `replay` only interrupts pass,
    if `lets_pass` says that the caller gets them. `watch` is around all that follows the answer.
    """

    def call(self, path: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        if is_awaited(path):
            return completed(lambda: path(*args, **kwargs), copy_context()).give()
        return path(*args, **kwargs)

    async def answer(self, recording: Recording) -> Outcome:
        recorder, call = recording.recorder, recording.call
        span = None if call.trace is None else call.trace.answering(call.answering)
        session, branch, token = SESSION.get(), BRANCH.get(), None
        here = get_ident()
        before = WORK_HERE.get(here)
        began = perf_counter()
        try:
            WORK_HERE[here] = (recorder, recorder.branch)
            token = SESSION.set(recorder)
            BRANCH.set(recorder.branch)
            outcome = await self._outcome(call, _followed(recording))
        finally:
            try:
                put_back(here, before)
                BRANCH.set(branch)
                SESSION.set(session) if token is None else SESSION.reset(token)
            except BaseException:  # of a handler of signals, which may strike between any two calls
                put_back(here, before)
                BRANCH.set(branch)
                SESSION.set(session)
                raise
            finally:
                seconds = perf_counter() - began
                if span is not None:
                    span.leave()
        recording.keep(outcome, seconds)
        if span is not None:
            span.end(outcome)
        return outcome

    async def _outcome(self, call: Call, path: Callable[..., Any]) -> Outcome:
        # An error holds the frames of its traceback, and those that called them up to the first coroutine. So
        # that nothing there holds the error in turn, this one is a coroutine, and keeps the outcome nowhere.
        try:
            if call.is_plain:
                return Returned(path(*call.args, **call.kwargs))
            return Returned(self.call(path, call.args, call.kwargs))
        except BaseException as error:  # noqa: BLE001  raised again when everything is kept
            return Raised(error)

    async def replay(self, task: ReplayTask) -> Pending:
        return task.start()

    async def wait(self, running: Running, seconds: float) -> None:
        wait_for(running, seconds)

    def watch(self) -> AbstractContextManager[object]:
        return ProgramSignals()

    def lets_pass(self, error: BaseException) -> bool:
        return (heard() or struck(error)) is not None


class _Async:
    """The caller awaits; a path that is no coroutine function runs in a thread, and may give a coroutine."""

    async def call(self, path: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        if is_awaited(path):
            return await path(*args, **kwargs)
        value = await threaded(lambda: path(*args, **kwargs))
        return await value if type(value) is CoroutineType else value

    async def answer(self, recording: Recording) -> Outcome:
        recorder, call = recording.recorder, recording.call
        span = None if call.trace is None else call.trace.answering(call.answering)
        began = perf_counter()
        try:
            # A framework may drive a coroutine in one context after the other, or end it in another one.
            answering = self._outcome(call, _followed(recording))
            outcome = await carried(answering, recorder, recorder.branch)
        finally:
            seconds = perf_counter() - began
            if span is not None:
                span.leave()
        recording.keep(outcome, seconds)
        if span is not None:
            span.end(outcome)
        return outcome

    async def _outcome(self, call: Call, path: Callable[..., Any]) -> Outcome:
        try:
            return Returned(await self.call(path, call.args, call.kwargs))
        except BaseException as error:  # noqa: BLE001  raised again when everything is kept
            return Raised(error)

    async def replay(self, task: ReplayTask) -> Pending:
        return await task.start_async()

    async def wait(self, running: Running, seconds: float) -> None:
        await wait_for_async(running, seconds)

    def watch(self) -> AbstractContextManager[object]:
        return nullcontext()  # while a replay waits the program runs: its steps are watched one by one

    def lets_pass(self, error: BaseException) -> bool:
        return is_interruption(error)


def _followed(recording: Recording) -> Callable[..., Any]:
    """The path that answers, with what packs do around it."""
    path, recorder = recording.call.path, recording.recorder
    if not recorder.book.packs:
        return path
    runtime = recording.runtime
    return followed(path, recorder, waits=runtime.waits, stays=runtime.waits or runtime.recorded is None)


SYNC, ASYNC = _Sync(), _Async()
Calling = _Sync | _Async
"""How a path is called and the other one replayed: in a sync or in an async seam."""


async def experiment(call: Call, calling: Calling) -> Outcome:
    """Answer one call whose run is pinned, and compare it. The outcome is the answering path's, unchanged."""
    traces = call.seam.runtime.active.traces
    if traces is not None:
        call.trace = traces.of_seam(call.seam.name, call.seam.phase, call.pins, call.answering)
    recording: Recording | None = None
    try:
        try:
            recording = Recording(call)
            outcome = await calling.answer(recording)
            if type(outcome) is Raised and _gave_up(call, recording, outcome.error):
                fallen, recording = recording, Recording(_falling_back(call))
                outcome = await calling.answer(recording)
                recording.fallen_from(fallen)
            due = _due(call, recording)
        except BaseException:  # nothing of the path: that is in the outcome
            if recording is not None:
                recording.give_up()
            interrupted(call)
            raise
        try:
            while due and _waits_in_background(due[0]):
                del due[0]
            if due and not _settles_elsewhere(due, calling):
                with calling.watch():
                    while due:
                        await _settle(due, calling)
        except BaseException:
            _count_interrupted(due)
            raise
        return outcome
    finally:
        if call.trace is not None:
            call.trace.end()


def _waits_in_background(recording: Recording) -> bool:
    recording.forget_arguments()
    runtime = recording.runtime
    if runtime.waits:
        return False
    if runtime.recorded is not None and runtime.recorded.takes(recording):
        return True
    queue, seam = runtime.background, recording.call.seam
    if queue is None:
        return False
    comparing = Comparing(recording).beside()
    if seam.on_loop and runtime.on_loop is not None and runs_a_loop():
        return comparing.put_into(runtime.on_loop)
    return comparing.put_into(queue)


def _settles_elsewhere(due: list[Recording], calling: Calling) -> bool:
    """Whether a comparison lets another process replay these runs, as they are at this moment."""
    elsewhere = due[0].runtime.elsewhere
    if elsewhere is None or any(one.is_bound_to_now for one in due):
        return False
    if calling is not SYNC or runs_a_loop():
        # The loop cannot wait here, and is in no other process: they are compared when it has ended.
        later = [Comparing(one).after_its_loop() for one in due]

        def compared_later(_: Sequence[Recording]) -> None:
            for compare in later:
                compare()

        return elsewhere(list(due), compared_later, True)

    async def settled(left: list[Recording]) -> None:
        with calling.watch():
            while left:
                await _settle(left, calling)

    return elsewhere(list(due), lambda left: completed_now(settled(list(left))), False)


async def _settle(due: list[Recording], calling: Calling) -> None:
    """Compare the first of these runs, and take it away when it is counted, or waits beside the program."""
    first = due[0]
    first.forget_arguments()
    runtime, comparing = first.runtime, Comparing(first)
    running = first.recorder.running
    if (
        running.branches
        and await _goes_on(running, runtime, calling)
        and comparing.beside().put_into(runtime.beside)
    ):
        del due[0]
        return
    run = await comparing.replay(calling)
    if isinstance(run, Pending):
        running = run.replay.running
        if (
            running.branches
            and await _goes_on(running, runtime, calling)
            and comparing.put_into(runtime.beside, comparing.job_of(run))
        ):
            del due[0]
            return
        run = await comparing.judged(run, calling)
    with ProgramSignals():
        stop_if_heard()
        del due[0]
        comparing.hand_on(run)


async def _goes_on(running: Running, runtime: Runtime, calling: Calling) -> bool:
    """Whether work that a path left behind is still to be waited for, and not by the caller."""
    if runtime.waits or running.is_ending():
        await calling.wait(running, runtime.limits.linger_s if runtime.waits else ENDING_S)
    return not runtime.waits and bool(running.left())


def interrupted(call: Call) -> None:
    """Count a run that was stopped from outside before it was recorded."""
    runtime, seam = call.seam.runtime.active, call.seam
    draft = RunDraft(
        seam.name, seam.phase, runtime.population, call.pins, call.answering, arguments={}, tape=Tape()
    )
    runtime.hand_on(draft.unpaired(NotPaired.INTERRUPTED))


def _count_interrupted(due: list[Recording]) -> None:
    """What is still due when the program is stopped from outside."""
    for one in due:
        one.recorder.close()
        one.runtime.hand_on(one.draft().unpaired(NotPaired.INTERRUPTED))


def is_sampled(seam: Seam, pins: Pins) -> bool:
    """Whether this run is among those that are compared; in tests and comparisons all are."""
    share = seam.sample
    return (
        share >= 1.0
        or seam.runtime.active.is_comparison
        or ACTIVE.override is not None
        or bucket(f"sample {seam.phase}", pins.correlation_id) < share * BUCKETS
    )


def too_deep(seam: Seam, pins: Pins, answering: Side) -> None:
    """A run inside so many others that comparing it would end the stack: it has failed, unrecorded."""
    runtime = seam.runtime.active
    draft = RunDraft(seam.name, seam.phase, runtime.population, pins, answering, arguments={}, tape=Tape())
    runtime.hand_on(draft.failed(f"limit reached: more than {SEAM_DEPTH_MAX} seams inside each other"))


def sampled_out(seam: Seam, pins: Pins, answering: Side) -> None:
    """Count a run that was not to be compared; nothing of it was kept."""
    runtime = seam.runtime.active
    draft = RunDraft(seam.name, seam.phase, runtime.population, pins, answering, arguments={}, tape=Tape())
    runtime.hand_on(draft.unpaired(NotPaired.SAMPLED_OUT))


def _falling_back(call: Call) -> Call:
    return replace(call, answering=Side.LEGACY, path=call.fallback, is_plain=False)


def _gave_up(call: Call, recording: Recording, error: BaseException) -> bool:
    """Whether the candidate raised in `live`, and legacy is to answer in its place, and may."""
    return (
        call.seam.fallback
        and call.answering is Side.CANDIDATE
        and call.pins.setting(call.seam.phase).stage is Stage.LIVE
        and isinstance(error, Exception)
        and call.seam.paths.get(Side.LEGACY) is not None
        and not recording.interrupted
        and recording.may_fall_back()
    )


def _due(call: Call, recording: Recording) -> list[Recording]:
    """What may be replayed now: nothing, while a run around this one has still to answer."""
    due: list[Recording] = [*recording.recorder.take_deferred(), recording]
    if recording.interrupted:
        _count_interrupted(due)
        return []
    if recording.fallen is None and call.seam.sample < 1.0 and not is_sampled(call.seam, call.pins):
        due.pop().recorder.close()
        recording.runtime.hand_on(recording.draft().unpaired(NotPaired.SAMPLED_OUT))
    if recording.outer is not None and recording.outer.defer(due):
        return []
    return due
