"""The worker: takes what programs recorded, has it replayed elsewhere, and hands on what was judged."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import field, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from changeover.errors import ConfigurationError, ExitCode
from changeover.evidence.code_digest import judged_code
from changeover.evidence.open_runs import PROCESS_ENDED
from changeover.evidence.program_interface import Program
from changeover.evidence.scenario_replay import codec_of
from changeover.evidence.store.store import StoreProblem
from changeover.evidence.worker_watch import PULSE_S, Pulse, beating, pulse_of_this_process
from changeover.operate.judging import Judging, Unreadable
from changeover.operate.replay_pool import Bounds, NoProcess, Nurseries, ReplayPool
from changeover.operate.run_source import Batch, RunSource, WaitingFrame
from changeover.project import Project
from changeover.quick_dataclass import dataclass
from changeover.record.recorded_run_reading import is_compared_here, is_open, read_addendum, read_passage
from changeover.record.run import Run
from changeover.spool.frame import FrameKind
from changeover.telemetry.logs import logger, redacted
from changeover.values.verdict import Verdict

DONE_TOGETHER = 100
STORE_WAIT_S = 5.0
_log = logger("worker")


@dataclass
class WorkerListener:
    """Is told how far a worker is; may be called from any of its threads."""

    def begins(self, where: str) -> None:
        """Before the first run, with the place where runs wait."""

    def replayed(self, pulse: Pulse) -> None:
        """After some runs."""

    def says(self, text: str) -> None:
        """Something that somebody should know."""


@dataclass(frozen=True, slots=True)
class WorkerSummary:
    """What a worker has done: `recorded` is the sum of `replayed`, `waiting` and `dropped`.

    `failed` and `differing` are among those that were replayed. `lag_s` is how old the oldest waiting run is,
    or where none waits how old the last run was when it was judged.
    """

    recorded: int
    replayed: int
    waiting: int
    dropped: int
    failed: int
    differing: int
    lag_s: float
    isolation: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """3 where runs wait that could not be replayed, else 0: what differs is for the evidence to say."""
        return ExitCode.INCONCLUSIVE if self.waiting and self.problems else ExitCode.YES


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a worker works: so many replays at once, and when it ends by itself."""

    jobs: int = 1
    once: bool = False
    seconds: float | None = None
    bounds: Bounds = field(default_factory=Bounds)


class Worker:
    """One worker of a project.

    Args:
        project: the project, whose app is imported in the processes of replays.
        program: the same app, imported here; gets every judged run.
        source: gives the runs, once it is told of this worker.
        wanted: how it works.
        listener: is told how far it is.
    """

    def __init__(
        self,
        project: Project,
        program: Program,
        source: SourceFor,
        wanted: Wanted,
        listener: WorkerListener,
    ) -> None:
        self.stop = threading.Event()
        self._program, self._wanted = program, wanted
        self._listener = listener
        self._judging = Judging(program, codec_of(program), _code(program))
        self._nurseries = Nurseries(project, wanted.bounds)
        self._pools = threading.local()
        self._all_pools: list[ReplayPool] = []
        self._pulse = pulse_of_this_process()
        self._differing = 0
        self._problems: dict[str, None] = {}
        self._source = source(self._pulse, self._say)
        self._until = float("inf")

    @property
    def pulse(self) -> Pulse:
        """What it has done by now."""
        return self._pulse

    def work(self) -> WorkerSummary:
        """Work until nothing waits (`once`), the time is over, or somebody stops it."""
        if self._wanted.seconds is not None:
            self._until = monotonic() + self._wanted.seconds
        self._listener.begins(self._source.where)
        with self._pulse_thread(), ThreadPoolExecutor(self._wanted.jobs) as threads:
            try:
                while not self._is_over:
                    if not self._pass(threads):
                        if self._wanted.once:
                            break
                        self.stop.wait(self._source.look_s)
            finally:
                for pool in self._all_pools:
                    pool.close()
                self._nurseries.close()
        return self._summary()

    @property
    def _is_over(self) -> bool:
        return self.stop.is_set() or monotonic() >= self._until

    def _pass(self, threads: ThreadPoolExecutor) -> bool:
        """Take what waits once; False where nothing did."""
        found = False
        try:
            for batch in self._source.batches():
                found = self._take(batch, threads) or found
                if self._is_over:
                    break
        except (OSError, StoreProblem) as error:
            if self._wanted.once and isinstance(error, StoreProblem):
                raise
            self._say(f"{self._source.where}: recorded runs cannot be read: {error}")
            return False
        return found

    def _take(self, batch: Batch, threads: ThreadPoolExecutor) -> bool:
        """The runs of one batch, until all are done, or one cannot be; False where there was none."""
        taken: list[WaitingFrame] = []
        due: deque[tuple[WaitingFrame, Future[Run | None]]] = deque()
        found, is_whole, ahead = False, True, 2 * self._wanted.jobs
        frames = batch.frames()
        while True:
            while len(due) < ahead and not self._is_over and (frame := next(frames, None)) is not None:
                due.append((frame, threads.submit(self._judged, frame)))
            if not due:
                break
            frame, future = due.popleft()
            try:
                run = future.result()
            except NoProcess as error:
                self._say(str(error))
                is_whole = False
                break
            found = True
            self._hand_on(run)
            taken.append(frame)
            if (len(taken) >= DONE_TOGETHER or batch.is_urgent) and not self._done(batch, taken):
                is_whole = False
                break
        for _, future in due:
            future.cancel()
        is_whole = self._done(batch, taken) and is_whole
        if not is_whole:  # what is not done comes again, after a while, unless this worker ends with it
            if not self._wanted.once:
                self.stop.wait(STORE_WAIT_S)
        elif not self._is_over:
            self._count_lost(batch.ended())
        return found and is_whole

    def _judged(self, frame: WaitingFrame) -> Run | None:
        """The run of a frame, None where it is none; raises NoProcess."""
        kind, payload = frame.kind, frame.payload
        try:
            if kind is FrameKind.RECORDED and not is_open(payload):
                if is_compared_here(payload):
                    return None
                if frame.given_up is not None:
                    return self._judging.failed(read_passage(payload), frame.given_up)
                return self._judging.judged(payload, frame.variables, self._pool)
            added = read_addendum(payload)
            if kind is FrameKind.RECORDED and not added.is_compared_here:
                return self._judging.failed(added.passage, PROCESS_ENDED)
            if added.reason is not None:
                return self._judging.failed(added.passage, added.reason)
        except (Unreadable, ConfigurationError) as error:
            self._say(f"a recorded run cannot be read: {error}")
            self._count(failed=1, replayed=1)
        return None

    @property
    def _pool(self) -> ReplayPool:
        """That of this thread."""
        pool: ReplayPool | None = getattr(self._pools, "pool", None)
        if pool is None:
            pool = self._pools.pool = ReplayPool(self._nurseries)
            self._all_pools.append(pool)
        return pool

    def _hand_on(self, run: Run | None) -> None:
        if run is None or run.elsewhere is None:
            return
        lag = max(0.0, (datetime.now(UTC) - run.elsewhere.at).total_seconds())
        isolation = run.elsewhere.isolation or self._pulse.isolation
        self._differing += run.verdict in (Verdict.UNSAFE, Verdict.DIVERGED)
        self._program.runtime.hand_on(run)
        self._count(replayed=1, failed=run.verdict is Verdict.FAILED, lag_s=lag, isolation=isolation)
        self._listener.replayed(self._pulse)

    def _count(self, *, replayed: int = 0, failed: int = 0, dropped: int = 0, **others: Any) -> None:
        pulse = self._pulse
        self._pulse = replace(
            pulse,
            replayed=pulse.replayed + replayed,
            failed=pulse.failed + failed,
            dropped=pulse.dropped + dropped,
            **others,
        )

    def _done(self, batch: Batch, taken: list[WaitingFrame]) -> bool:
        """Say that these are done, once their evidence is written; False where it cannot be."""
        if not taken:
            return True
        others = batch.done(taken)
        if others:  # of which another worker has written the evidence
            self._count(replayed=-others)
        if others is not None:
            taken.clear()
        return others is not None

    def _count_lost(self, lost: int) -> None:
        if lost:
            self._count(dropped=lost)
            self._say(f"{lost} runs of a program that has ended were lost before they could be replayed")

    def _say(self, problem: str) -> None:
        text = redacted(problem)
        if text not in self._problems:
            self._problems[text] = None
            _log.warning("%s", text)
            self._listener.says(text)

    @contextmanager
    def _pulse_thread(self) -> Iterator[None]:
        """While the worker works, it says so."""
        over = threading.Event()

        def beat() -> None:
            while True:
                self._beat()
                if over.wait(PULSE_S):
                    break

        thread = threading.Thread(target=beat, name="changeover-worker-pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self._beat()

    def _beat(self) -> None:
        try:
            self._source.beat(beating(self._pulse))
        except (OSError, StoreProblem) as error:
            self._say(f"{self._source.where}: no sign of this worker can be left: {error}")

    def _summary(self) -> WorkerSummary:
        seen, now = self._source.watch(), datetime.now(UTC)
        pulse, waiting = self._pulse, seen.waiting or 0
        return WorkerSummary(
            pulse.replayed + waiting + pulse.dropped,
            pulse.replayed,
            waiting,
            pulse.dropped,
            pulse.failed,
            self._differing,
            seen.lag_s(now) if waiting else pulse.lag_s,
            pulse.isolation,
            tuple(self._problems),
        )


SourceFor = Callable[[Pulse, Callable[[str], None]], RunSource]
"""Makes the source of a worker, from its pulse and from what is told of problems."""


def _code(program: Program) -> str | None:
    """The digest of the code here; raises ConfigurationError."""
    return judged_code(program.plan)
