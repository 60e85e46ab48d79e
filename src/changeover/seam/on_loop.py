"""Runs of async seams that the program's own loop replays, a few at a time, after the callers have answers.

A pool that belongs to a loop works in such a replay, and does not in a thread with a loop of its own. What
the loop pays for it is bounded: at most `AT_ONCE` replays are under way, together they take a share of its
time (`Limits.loop_share_max`), and one step that takes longer than allowed ends them for its seam. Judging is
left to the thread of the background.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import Any, Protocol
from weakref import WeakSet

from changeover.record.context import outside_of_runs, permitted
from changeover.record.run import NotPaired
from changeover.record.running_loop import running_loop
from changeover.record.timed_steps import STEP_TOOK, timed_task
from changeover.seam.background import DRAIN_S, LOOK_S, QUEUE_MAX
from changeover.seam.before_pools_close import before_pools_close
from changeover.seam.judge import RunDraft
from changeover.values.interruption import stop_if_interrupted
from changeover.values.limits import Limits

AT_ONCE = 4
HELD_UP_TIMES = 10
"""So many times longer than it may be at work a step may last: a busy machine takes its time."""
HeldUp = Callable[[str, str, float], None]
"""Hears of the seam, the phase and the seconds that one step of its replay took."""


class OnLoopRun(Protocol):
    """A run that has been answered under a loop."""

    @property
    def seam(self) -> str:
        """The name of its seam."""

    def draft(self) -> RunDraft:
        """The run as it is known before it is judged."""

    def context(self) -> Context:
        """The context for the task that replays it."""

    async def replay_on_loop(self) -> None:
        """Replay it under the loop that runs, and see that it is judged; raises only a cancellation."""

    def hand_on(self, run: Any) -> None:
        """Give the run away."""


class _Lane:
    """What one loop has to replay."""

    def __init__(self) -> None:
        self.waiting: deque[OnLoopRun] = deque()
        self.tasks: set[Any] = set()
        self.not_before = 0.0
        self.has_alarm = False


class OnLoop:
    """The queues of one runtime, one for each loop that its seams are awaited under.

    Args:
        held_up: hears when a replay held a loop up, once for each seam.
        limits: how long a replay may hold it up at a time, and which share of its time all may take.
        queue_max: so many runs may wait; further ones are dropped and counted.
    """

    def __init__(self, held_up: HeldUp, limits: Limits, *, queue_max: int = QUEUE_MAX) -> None:
        self._held_up = held_up
        self._limits = limits
        self._queue_max = queue_max
        self._closed = False
        self.begin_anew()
        _all.add(self)

    def begin_anew(self) -> None:
        """With nothing waiting: in a forked process all of it is its parent's."""
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._lanes: dict[Any, _Lane] = {}
        self._waited_for = 0
        self._stopped: set[str] = set()
        self._untold: list[tuple[OnLoopRun, float]] = []
        self.dropped = 0

    @property
    def problems(self) -> tuple[str, ...]:
        """What was not compared, in words; empty where all is well."""
        return (f"on the program's loop: {self.dropped} runs were dropped",) if self.dropped else ()

    def put(self, job: OnLoopRun) -> bool:
        """Take a run whose caller is under the loop of this thread; False where it is closed."""
        loop, why = running_loop(), None
        self._drop(self._of_ended_loops(), NotPaired.TOO_LATE)
        with self._lock:
            if self._closed or loop is None:
                return False
            lane = self._lanes.setdefault(loop, _Lane())
            if job.seam in self._stopped:
                why = NotPaired.STOPPED
            elif sum(len(one.waiting) for one in self._lanes.values()) >= self._queue_max:
                why = NotPaired.QUEUE_FULL
            else:
                lane.waiting.append(job)
        if why is not None:
            self._drop([job], why)
        self._start(loop, lane)
        return True

    def _start(self, loop: Any, lane: _Lane) -> None:
        """Let the loop of this thread begin with what waits, as far as it may."""
        while True:
            with self._lock:
                if not lane.waiting or len(lane.tasks) >= AT_ONCE or loop.is_closed():
                    self._changed.notify_all()
                    return
                if self._is_to_rest(loop, lane):
                    return
                job = lane.waiting.popleft()
                if job.seam in self._stopped:
                    left = [job]
                else:
                    left = []
                    self._begin(loop, lane, job)
            self._drop(left, NotPaired.STOPPED)

    def _is_to_rest(self, loop: Any, lane: _Lane) -> bool:
        """Whether replays have had their share of the loop for now; it goes on by itself then."""
        rest = lane.not_before - time.monotonic()
        if rest <= 0 or self._waited_for:
            return False
        if not lane.has_alarm:
            lane.has_alarm = True
            context = outside_of_runs()
            context.run(loop.call_later, rest, partial(self._rested, loop, lane), context=context)
        return True

    def _rested(self, loop: Any, lane: _Lane) -> None:
        lane.has_alarm = False
        self._start(loop, lane)

    def _begin(self, loop: Any, lane: _Lane, job: OnLoopRun) -> None:
        took = partial(self._took, lane, job)
        context = job.context()
        context.run(STEP_TOOK.set, took)
        path = timed_task(self._replayed(loop, lane, job), took)
        with permitted():
            task = outside_of_runs().run(partial(loop.create_task, path, context=context))
        task._log_destroy_pending = False  # a loop that is left as it is says nothing of replays
        lane.tasks.add(task)

    async def _replayed(self, loop: Any, lane: _Lane, job: OnLoopRun) -> None:
        import asyncio

        here = asyncio.current_task()
        try:
            await job.replay_on_loop()
        except asyncio.CancelledError:  # the loop ends
            with self._lock:
                left = [job, *lane.waiting]
                lane.waiting.clear()
            self._drop(left, NotPaired.TOO_LATE)
        except BaseException as error:  # noqa: BLE001  what is the program's is raised again
            self._drop([job], NotPaired.INTERRUPTED)
            stop_if_interrupted(error)
        finally:
            with self._lock:
                lane.tasks.discard(here)
            self._tell()
            self._start(loop, lane)

    def _took(self, lane: _Lane, job: OnLoopRun, seconds: float, worked: float) -> None:
        lane.not_before = max(lane.not_before, time.monotonic()) + worked / self._limits.loop_share_max
        most = self._limits.loop_step_s_max
        if worked <= most and seconds <= HELD_UP_TIMES * most:
            return
        with self._lock:
            if job.seam in self._stopped:
                return
            self._stopped.add(job.seam)
            self._untold.append((job, seconds))  # told when this is no longer within the replay

    def _tell(self) -> None:
        with self._lock:
            untold, self._untold = self._untold, []
        for job, seconds in untold:
            self._held_up(job.seam, job.draft().phase, seconds)

    def _drop(self, jobs: Iterable[OnLoopRun], why: NotPaired) -> None:
        for job in jobs:
            with self._lock:
                self.dropped += 1
            job.hand_on(job.draft().unpaired(why))

    def wait(self, seconds: float = DRAIN_S) -> bool:
        """Wait until everything is replayed; False where that takes longer, or where it is this thread's loop
        that would have to go on.
        """
        self._drop(self._of_ended_loops(), NotPaired.TOO_LATE)
        until, here = time.monotonic() + seconds, running_loop()
        with self._lock:
            self._waited_for += 1
            try:
                while at_work := self._at_work():
                    remaining = until - time.monotonic()
                    if remaining <= 0 or here in at_work or not any(loop.is_running() for loop in at_work):
                        return False
                    self._hurry(at_work)
                    self._changed.wait(min(remaining, LOOK_S))
            finally:
                self._waited_for -= 1
        return True

    def _at_work(self) -> dict[Any, _Lane]:
        return {loop: lane for loop, lane in self._lanes.items() if lane.waiting or lane.tasks}

    def _hurry(self, lanes: dict[Any, _Lane]) -> None:
        """Let loops that rest go on now: somebody waits."""
        for loop, lane in lanes.items():
            if lane.waiting and not lane.tasks and loop.is_running():
                with suppress(RuntimeError):  # it was closed meanwhile
                    context = outside_of_runs()
                    context.run(loop.call_soon_threadsafe, partial(self._start, loop, lane), context=context)

    def _of_ended_loops(self) -> list[OnLoopRun]:
        """What waits for loops that are closed, which are forgotten."""
        with self._lock:
            ended = [loop for loop in self._lanes if loop.is_closed()]
            return [job for loop in ended for job in self._lanes.pop(loop).waiting]

    def close(self, seconds: float = DRAIN_S) -> None:
        """Wait, and count what is left; from now on nothing is taken."""
        with self._lock:
            self._closed = True
        self.wait(seconds)
        self.end()

    def end(self) -> None:
        """What still waits is not replayed: it is counted."""
        with self._lock:
            left = [job for lane in self._lanes.values() for job in lane.waiting]
            for lane in self._lanes.values():
                lane.waiting.clear()
        self._drop(left, NotPaired.TOO_LATE)


_all: WeakSet[OnLoop] = WeakSet()


def _end_all() -> None:
    for one in list(_all):
        one.end()


def _begin_all_anew() -> None:
    for one in list(_all):
        one.begin_anew()


# After `seam.background` has said the same, so that it is done before: what is counted here is written there.
before_pools_close(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_anew)
