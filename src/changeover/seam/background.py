"""A bounded queue of runs that are replayed and judged beside the program, by one thread at a time.

One thread, because a replay waits for nothing outside and the runs come in order. It is a daemon, started by
the first run. What waits when the process ends is drained within `DRAIN_S`; whatever is not replayed, for
whichever reason, is counted. A forked child begins with an empty queue and a thread of its own.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import Context
from weakref import WeakSet

from changeover.record.context import permitted
from changeover.record.run import NotPaired, Run, Sink
from changeover.replay.random_numbers import give_replays_own_random
from changeover.seam.before_pools_close import before_pools_close, know_pools, stay_first
from changeover.seam.waiting_run import Dropped, WaitingRun
from changeover.telemetry.logs import logger

QUEUE_MAX = 1_000
HUNG_AFTER_S = 120.0  # a replay that asks its ports is stopped far earlier: REPLAY_SECONDS_MAX
REPLACED_MAX = 3
DRAIN_S = 5.0
IDLE_S = 10.0  # an idle thread ends, so that an unused migration can be collected
FORK_WAIT_S = 0.5
LOOK_S = 0.02  # how often it looks whether a run that waits for work of its path is ready
HUNG = "hung: its replay did not end"
_log = logger("background")


class _Worker:
    """One thread: what it replays, and since when; `given` once the run is in the hands of the sink."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.job: WaitingRun | None = None
        self.since = 0.0
        self.given = False
        self.replays = threading.Lock()  # held from the beginning of a run to its end: see before_fork

    @property
    def is_alive(self) -> bool:
        return self.thread is not None and self.thread.is_alive()


class Background:
    """The queue of one runtime. `put` blocks only on a lock; each run is handed on once.

    Args:
        hand_on: Gets every run when it was judged, dropped or given up. A run that hangs in it is lost.
        settled: Called when the queue was drained, to write what the runs left behind.
        queue_max: So many runs may wait; further ones are dropped and counted.
        hung_after_s: A replay that takes longer is given up with its thread; after REPLACED_MAX of them no
            thread is started any more.
    """

    def __init__(
        self,
        hand_on: Sink,
        settled: Callable[[], None] = lambda: None,
        *,
        queue_max: int = QUEUE_MAX,
        hung_after_s: float = HUNG_AFTER_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hand_on = hand_on
        self._settled = settled
        self._queue_max = queue_max
        self._hung_after_s = hung_after_s
        self._monotonic = monotonic
        self._closed = False
        self.begin_anew()
        _all.add(self)

    def begin_anew(self) -> None:
        """With nothing waiting and no thread: in a forked process both are its parent's."""
        # It is entered itself: a condition may be broken off by a signal while it takes its lock.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._waiting, self._unready = deque[WaitingRun](), list[WaitingRun]()
        self._worker: _Worker | None = None
        self._held_for_fork: dict[int, _Worker] = {}
        self.dropped = self.hung = 0

    @property
    def problems(self) -> tuple[str, ...]:
        """What was not compared, in words; empty where all is well."""
        found = []
        if self.dropped:
            found.append(f"background: {self.dropped} runs were dropped (at most {self._queue_max} may wait)")
        if self.hung:
            found.append(f"background: {self.hung} replays hung, and their threads were given up")
        return tuple(found)

    @property
    def waiting(self) -> int:
        """How many runs wait; no lock is taken."""
        return len(self._waiting) + len(self._unready)

    def put(self, job: WaitingRun) -> bool:
        """Take the run and return at once; False where it is closed, so that the caller has to replay it."""
        if sys.is_finalizing():  # no thread would ever run, and a lock may never be given back
            self.dropped += 1
            self._hand_out([Dropped(job, NotPaired.TOO_LATE)])
            return True
        with self._lock:
            if self._closed:
                return False
            out = self._look_for_a_hung_one()
            reason = self._enqueue(job)
            if reason is not None:
                self.dropped += 1
                out.append(Dropped(job, reason))
        self._hand_out(out)
        return True

    def _hand_out(self, out: Iterable[Dropped]) -> None:
        for one in out:
            if one.job.draft is not None:
                draft = one.job.draft()
                run = draft.unpaired(one.why) if isinstance(one.why, NotPaired) else draft.failed(one.why)
                (one.job.hand_on or self._hand_on)(run)

    def _enqueue(self, job: WaitingRun) -> NotPaired | None:
        """Let the run wait for the thread; gives the reason where it is dropped instead."""
        if self._worker is None or not self._worker.is_alive:
            if self.hung > REPLACED_MAX:
                return NotPaired.NO_THREAD
            try:
                self._start()
            except RuntimeError as error:  # no thread can be had: of the system, or at the very end
                _log.warning("no thread can be started: %s", error)
                self._worker = None
                return NotPaired.NO_THREAD
        if len(self._waiting) + len(self._unready) >= self._queue_max:
            return NotPaired.QUEUE_FULL
        if job.ready is None or job.ready():
            self._waiting.append(job)
        else:
            self._unready.append(job)
        self._changed.notify_all()
        stay_first()
        return None

    def _start(self) -> None:
        give_replays_own_random()
        self._worker = worker = _Worker()
        # A context of its own: a thread would inherit the caller's where CPython is built without the GIL.
        worker.thread = threading.Thread(
            target=Context().run, args=(self._work, worker), name="changeover-background", daemon=True
        )
        with permitted():
            worker.thread.start()

    def _look_for_a_hung_one(self) -> list[Dropped]:
        worker = self._worker
        if worker is None or worker.job is None or self._monotonic() - worker.since <= self._hung_after_s:
            return []
        self.hung += 1
        out = [Dropped(job, f"{HUNG} within {self._hung_after_s:g} s") for job in self._given_up()]
        return out + self._dropped(NotPaired.NO_THREAD) if self.hung > REPLACED_MAX else out

    def _given_up(self) -> list[WaitingRun]:
        """Give up the busy thread: what it comes to is not handed on. Gives its run unless that was."""
        worker, self._worker = self._worker, None
        return [] if worker is None or worker.job is None or worker.given else [worker.job]

    def _dropped(self, reason: NotPaired, *others: WaitingRun) -> list[Dropped]:
        out = [Dropped(job, reason) for job in (*others, *self._waiting, *self._unready)]
        self.dropped += len(out)
        self._waiting.clear()
        self._unready.clear()
        return out

    def _work(self, me: _Worker) -> None:
        know_pools()
        while self._replay_next(me):
            pass

    def _replay_next(self, me: _Worker) -> bool:
        """Wait for a run and compare it; False where this thread is no longer wanted."""
        job = self._next(me)
        if job is None:
            return False
        with me.replays:
            run = job.replay_apart()
            with self._lock:
                if self._worker is not me:
                    return False
                if run is not None and not isinstance(run, Run):
                    self._unready.append(run)
                    return True
                me.given = True
            if run is None:
                return True
            try:
                (job.hand_on or self._hand_on)(run)
            except BaseException as error:  # noqa: BLE001  an interrupt is for the main thread alone
                _log.warning("a run could not be handed on: %r", error, seam=run.seam, run=run.id)
        return True

    def _next(self, me: _Worker) -> WaitingRun | None:
        with self._lock:
            me.job, me.given = None, False
            self._changed.notify_all()
            while self._worker is me:
                self._take_ready()
                if self._waiting:
                    me.job, me.since = self._waiting.popleft(), self._monotonic()
                    return me.job
                if self._unready:
                    self._changed.wait(LOOK_S)
                elif not self._changed.wait(IDLE_S) and not self._waiting and not self._unready:
                    self._worker = None
            return None

    def _take_ready(self) -> None:
        now, unready = time.monotonic(), self._unready
        if unready:
            self._unready = []
            for job in unready:
                due = job.ready is None or job.ready() or now >= job.until
                (self._waiting if due else self._unready).append(job)

    @property
    def _has_work(self) -> bool:
        is_busy = self._worker is not None and self._worker.job is not None
        return bool(self._waiting or self._unready or is_busy)

    def wait(self, seconds: float = DRAIN_S) -> bool:
        """Wait until everything is replayed; False where that takes longer. The worker itself never waits."""
        until = time.monotonic() + seconds
        with self._lock:
            while self._has_work:
                worker, remaining = self._worker, until - time.monotonic()
                if worker is None or not worker.is_alive or remaining <= 0 or self._is_here():
                    return False
                self._changed.wait(remaining)
        return True

    def flush(self) -> None:
        """Wait as `wait` does, and write what the runs left behind."""
        self.wait()
        self._settled()

    def drain(self, seconds: float = DRAIN_S) -> None:
        """Wait as `wait` does, and count what is left then; afterwards nothing of before is handed on."""
        out: list[Dropped] = []
        if not self.wait(seconds):
            with self._lock:
                if self._is_here():
                    return
                out = self._dropped(NotPaired.TOO_LATE, *self._given_up())
        self._hand_out(out)
        self._settled()

    def _is_here(self) -> bool:
        """Whether this is the thread that replays: a sink, for one, may ask for anything."""
        return self._worker is not None and self._worker.thread is threading.current_thread()

    def close(self, seconds: float = DRAIN_S) -> None:
        """Drain, and let the thread end; from now on nothing is taken."""
        with self._lock:
            self._closed = True
        self.drain(seconds)
        with self._lock:
            self._worker = None
            self._changed.notify_all()

    def before_fork(self) -> None:
        """Let the run that is under way end, for a moment: what it locks would stay locked in the child."""
        worker = self._worker
        if worker is None or self._is_here():
            return
        if worker.replays.acquire(timeout=FORK_WAIT_S):
            self._held_for_fork[threading.get_ident()] = worker

    def after_fork(self) -> None:
        """Go on, in the parent."""
        worker = self._held_for_fork.pop(threading.get_ident(), None)
        if worker is not None:
            worker.replays.release()


_all: WeakSet[Background] = WeakSet()


def _drain_all() -> None:
    until = time.monotonic() + DRAIN_S
    for background in list(_all):
        background.drain(max(0.0, until - time.monotonic()))


def _each(act: Callable[[Background], None]) -> Callable[[], None]:
    def on_all() -> None:
        for background in list(_all):
            act(background)

    return on_all


# When the main thread has ended, and before the pools of threads close: a replay that uses one would raise
# afterwards, and look like a difference. Threads of the program that go on are drained once more at the end.
before_pools_close(_drain_all)
atexit.register(_drain_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_each(Background.before_fork),
        after_in_parent=_each(Background.after_fork),
        after_in_child=_each(Background.begin_anew),
    )
