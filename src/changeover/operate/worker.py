"""The worker: takes what programs recorded, has it replayed elsewhere, and hands on what was judged.

The runs of one program are taken in their order, by one worker at a time; what a worker has not said to be
done when it ends, another one takes again. A run is done when its evidence is written.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from changeover.errors import ConfigurationError, ExitCode
from changeover.evidence.code_digest import code_digest
from changeover.evidence.program_interface import Program
from changeover.evidence.scenario_replay import codec_of
from changeover.evidence.spool_place import variables_of
from changeover.evidence.store.counters import LOST, raise_count
from changeover.evidence.store.store import NOWHERE, StorePlace, StoreProblem, writing
from changeover.evidence.worker_watch import (
    PULSE_S,
    Pulse,
    beating,
    forget_old_pulses,
    pulse_of_this_process,
    watch,
    write_pulse,
)
from changeover.operate.judging import Judging, Unreadable
from changeover.operate.open_runs import PROCESS_ENDED, OpenRuns
from changeover.operate.replay_pool import Bounds, NoProcess, Nurseries, ReplayPool
from changeover.project import Project
from changeover.record.recorded_run import is_open, read_addendum
from changeover.record.run import Run
from changeover.spool.folder import Claim, SpoolFolder, UnreadFrame
from changeover.spool.frame import FrameKind
from changeover.telemetry.logs import logger, redacted
from changeover.values.private_folder import make_private_folder, make_state_folder
from changeover.values.verdict import Verdict

DONE_TOGETHER = 100
LOOK_S = 0.2
STORE_WAIT_S = 5.0
_log = logger("worker")


@dataclass
class WorkerListener:
    """Is told how far a worker is; may be called from any of its threads."""

    def begins(self, folder: Path) -> None:
        """Before the first run."""

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
        folder: where the spools are.
        store: where the evidence is.
        wanted: how it works.
        all_written: writes what waits to be written, and says whether all of it is.
        listener: is told how far it is.
    """

    def __init__(
        self,
        project: Project,
        program: Program,
        folder: Path,
        store: StorePlace,
        wanted: Wanted,
        all_written: Callable[[], bool],
        listener: WorkerListener,
    ) -> None:
        self.stop = threading.Event()
        self._program, self._wanted = program, wanted
        self._folder, self._store = folder, store
        self._all_written, self._listener = all_written, listener
        self._judging = Judging(program, codec_of(program), _code(program))
        self._nurseries = Nurseries(project, wanted.bounds)
        self._pools = threading.local()
        self._all_pools: list[ReplayPool] = []
        self._pulse = pulse_of_this_process()
        self._differing = 0
        self._problems: dict[str, None] = {}
        self._until = float("inf")

    def work(self) -> WorkerSummary:
        """Work until nothing waits (`once`), the time is over, or somebody stops it."""
        if self._wanted.seconds is not None:
            self._until = monotonic() + self._wanted.seconds
        forget_old_pulses(self._folder, datetime.now(UTC))
        self._listener.begins(self._folder)
        with self._pulse_thread(), ThreadPoolExecutor(self._wanted.jobs) as threads:
            try:
                while not self._is_over:
                    if not self._pass(threads):
                        if self._wanted.once:
                            break
                        self.stop.wait(LOOK_S)
            finally:
                for pool in self._all_pools:
                    pool.close()
                self._nurseries.close()
        return self._summary()

    @property
    def _is_over(self) -> bool:
        return self.stop.is_set() or monotonic() >= self._until

    def _pass(self, threads: ThreadPoolExecutor) -> bool:
        """Take what waits of every program once; False where nothing did."""
        found = False
        try:
            for claim in SpoolFolder(self._folder).claims():
                found = self._take(claim, threads) or found
                if self._is_over:
                    break
        except OSError as error:
            self._say(f"{self._folder}: the spools cannot be read: {error}")
            return False
        return found

    def _take(self, claim: Claim, threads: ThreadPoolExecutor) -> bool:
        """The runs of one program, until all are done, or one cannot be; False where there was none."""
        taken: list[UnreadFrame] = []
        due: deque[tuple[UnreadFrame, Future[Run | None]]] = deque()
        found, is_whole, ahead = False, True, 2 * self._wanted.jobs
        frames: Iterator[UnreadFrame] = iter(claim.frames())
        rest = OpenRuns(claim)
        while True:
            while len(due) < ahead and not self._is_over and (frame := next(frames, None)) is not None:
                payload = rest.of(frame)
                if payload is None:  # its rest is still to come, and all behind it comes again with it
                    frames = iter(())
                    break
                variables = variables_of(claim.environment)
                due.append((frame, threads.submit(self._judged, frame.kind, payload, variables)))
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
            if len(taken) >= DONE_TOGETHER and not self._done(claim, taken):
                is_whole = False
                break
        for _, future in due:
            future.cancel()
        is_whole = self._done(claim, taken) and is_whole
        if not is_whole:  # what is not done comes again, after a while, unless this worker ends with it
            if not self._wanted.once:
                self.stop.wait(STORE_WAIT_S)
        elif not self._is_over:
            self._end_of(claim)
        return found and is_whole

    def _judged(self, kind: FrameKind, payload: bytes, variables: Mapping[str, str | None]) -> Run | None:
        """The run of a frame, None where it is none; raises NoProcess."""
        try:
            if kind is FrameKind.RECORDED and not is_open(payload):
                return self._judging.judged(payload, variables, self._pool)
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

    def _done(self, claim: Claim, taken: list[UnreadFrame]) -> bool:
        """Say that these are done, once their evidence is written; False where it cannot be."""
        if not taken:
            return True
        if not self._all_written():
            self._say("evidence cannot be written; the runs wait")
            return False
        try:
            claim.done(taken[-1])
        except OSError as error:
            self._say(f"{self._folder}: what was done cannot be noted: {error}")
            return False
        taken.clear()
        return True

    def _end_of(self, claim: Claim) -> None:
        """Count what a program that has ended took with it, and remove what it left."""
        lost = claim.lost
        if claim.is_alive:
            return
        if lost:
            self._note_lost(claim.name, lost)
        with suppress(OSError):
            if claim.finish() and lost:
                self._count(dropped=lost)
                self._say(f"{lost} runs of a program that has ended were lost before they could be replayed")

    def _note_lost(self, name: str, lost: int) -> None:
        """The gates weigh what was lost; counted under the name of its program, so once."""
        if self._store == NOWHERE:
            return
        try:
            with writing(self._store) as connection:
                raise_count(connection, f"{LOST}/{name}", lost)
        except StoreProblem as problem:
            self._say(str(problem))

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
            make_state_folder(self._folder.parent)
            make_private_folder(self._folder)
            write_pulse(self._folder, beating(self._pulse))
        except OSError as error:
            self._say(f"{self._folder}: no sign of this worker can be left: {error}")

    def _summary(self) -> WorkerSummary:
        seen, now = watch(self._folder), datetime.now(UTC)
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


def _code(program: Program) -> str | None:
    """The digest of the code here; raises ConfigurationError."""
    packages = () if program.plan is None else program.plan.code
    return code_digest(packages) if packages else None
