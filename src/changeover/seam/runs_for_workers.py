"""In the mode `worker` the program only records: answered runs are appended to a spool, for another process.

What cannot be replayed elsewhere is compared in this process, in the background, where that is allowed; else
it has failed. Each is counted, and none is dropped unseen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Protocol

from changeover.quick_dataclass import dataclass
from changeover.record.codec import Codec, CodecError
from changeover.record.recorded_run import Passage, written, written_here, written_late, written_open
from changeover.record.run import NotPaired, Run
from changeover.replay.event_loop import runs_a_loop
from changeover.replay.replayed_work import STILL_RUNNING
from changeover.seam.comparison_steps import Comparing
from changeover.seam.recording import Recording
from changeover.seam.runtime import Runtime
from changeover.seam.seam import Seam
from changeover.seam.waiting_run import Job, WaitingRun
from changeover.spool.frame import FrameKind
from changeover.values.copy_time import TookTooLong
from changeover.values.error_text import class_and_message
from changeover.values.interruption import stop_if_interrupted
from changeover.values.observation import Side


class Spool(Protocol):
    """What frames are appended to; `problem` says why the latest was not, None where it was."""

    problem: str | None

    def append(self, kind: FrameKind, payload: bytes) -> bool:
        """Append a frame; False where it could not be kept."""

    def settle(self, *, elsewhere: int = 0, given_up: int = 0) -> None:
        """Say what became of runs that were not appended: kept without the spool, or given up."""


class Beside(Protocol):
    """What goes on beside a program that records, such as to look whether a worker keeps up."""

    @property
    def problem(self) -> str | None:
        """What is wrong with it now, None where all is well."""

    def ensure(self) -> None:
        """Let it go on from now on."""


class Taken(StrEnum):
    """What became of an answered run."""

    RECORDED = "recorded"
    DROPPED = "dropped"
    HERE = "compared in the program"
    REFUSED = "not compared: it cannot be replayed elsewhere"


@dataclass(frozen=True, slots=True)
class Digests:
    """Of the code that the program runs: of all of it, and of either path."""

    code: str | None
    answering: Mapping[Side, str | None]


def why_not_elsewhere(seam: Seam, *, copies_ports: bool) -> str | None:
    """Why no other process can replay the runs of a seam, as far as its declaration tells; else None.

    Whether arguments and answers can be written down, the runs themselves have to show.
    """
    if copies_ports:
        return 'world="copy" lets the other path act on copies of live ports'
    if seam.owners and seam.owner_of is None:
        return "it is a method, and nothing makes its object elsewhere: give the seam owner="
    missing = next((side for side in Side if side not in seam.paths), None)
    return None if missing is None else f"it has no {missing} path"


class ElsewhereRuns:
    """Takes the runs of one runtime.

    Args:
        runtime: of the program; gets what is not recorded.
        codec: writes the values.
        spool: of this process.
        digests: of the code that runs here.
        beside: what goes on from the first recorded run on.
        in_process: whether what cannot be replayed elsewhere is compared in the background of the program.
    """

    def __init__(
        self,
        runtime: Runtime,
        codec: Codec,
        spool: Spool,
        digests: Digests,
        *,
        in_process: bool,
        beside: Sequence[Beside] = (),
    ) -> None:
        self._counts: Counter[tuple[str, Taken]] = Counter()
        self._recorded_of: dict[str, int] = {}
        self._runtime, self._codec, self._spool = runtime, codec, spool
        self._digests, self._in_process, self._beside = digests, in_process, beside

    @property
    def counts(self) -> Counter[tuple[str, Taken]]:
        """What became of the runs, by seam."""
        recorded = {(name, Taken.RECORDED): number for name, number in self._recorded_of.items()}
        return self._counts + Counter(recorded)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why runs cannot be recorded, empty where they can."""
        problem = self._spool.problem
        own = () if problem is None else (f"runs cannot be recorded for a worker: {problem}",)
        return (*own, *(one.problem for one in self._beside if one.problem is not None))

    def takes(self, recording: Recording) -> bool:
        """Record a run; False where it is to be compared here. Raises only what interrupts the program."""
        try:
            if recording.problem is not None or recording.fallen is not None:
                return False  # there is nothing that would be replayed
            why, running = self._why_not(recording), recording.recorder.running
            if why is not None:
                return self._not_elsewhere(recording, why)
            digests = self._digests
            passage = recording.passage(
                digests.code, digests.answering.get(recording.answering), self._runtime.current().revision
            )
            if running.branches and not running.is_settled():
                return self._wait(recording, passage)
            return self._recorded(recording, passage, FrameKind.RECORDED, inside_loop=runs_a_loop())
        except BaseException as error:  # noqa: BLE001  promise 1: it breaks no answer
            stop_if_interrupted(error)
            recording.fails(f"it could not be recorded: {class_and_message(error)}")
            return False

    def _wait(self, recording: Recording, passage: Passage) -> bool:
        """Work that the path left behind goes on: the rest is recorded when that has ended, by a thread.

        A process that ends before that leaves a run that has failed.
        """
        if not self._spool.append(FrameKind.RECORDED, written_open(passage)):
            return self._dropped(recording)
        inside_loop = runs_a_loop()

        def record() -> WaitingRun | None:
            try:
                if recording.problem is None and self._recorded(
                    recording, passage, FrameKind.ADDENDUM, inside_loop=inside_loop
                ):
                    return None
            except Exception as error:  # noqa: BLE001  a thread of the toolkit
                recording.fails(f"it could not be recorded: {class_and_message(error)}")
            self._spool.append(FrameKind.ADDENDUM, written_here(passage))
            return comparing

        comparing = Comparing(recording).beside()
        waiting = Job(comparing.draft, record, comparing.ready, comparing.until, comparing.hand_on)
        return self._runtime.beside.put(waiting)

    def _recorded(
        self, recording: Recording, passage: Passage, kind: FrameKind, *, inside_loop: bool
    ) -> bool:
        """Append it; False where it is to be compared here."""
        recorder, seam = recording.recorder, recording.call.seam
        late = None if not recorder.running.branches else _Late(self._spool)
        recorder.close(late)
        if late is not None and any(branch.acted for branch in recorder.running.left()):
            return False  # it has failed: nobody knows what else that does
        try:
            run = recording.recorded(passage, inside_loop=inside_loop)
            payload = written(run, self._codec, recording.time_left)
        except TookTooLong as error:
            recording.fails(f"too large: {error}")
            return False
        except CodecError as error:
            return self._not_elsewhere(recording, str(error))
        if late is not None:
            late.passage = passage
        if not self._spool.append(kind, payload):
            if late is not None:
                late.passage = None
            return self._dropped(recording)
        self._recorded_of[seam.name] = self._recorded_of.get(seam.name, 0) + 1
        for one in self._beside:
            one.ensure()
        return True

    def _dropped(self, recording: Recording) -> bool:
        """The spool does not take it."""
        self._counts[recording.call.seam.name, Taken.DROPPED] += 1
        self._spool.settle(elsewhere=1)  # it is handed on as one that was not compared
        self._hand_on(recording.draft().unpaired(NotPaired.NOT_SPOOLED))
        return True

    def _not_elsewhere(self, recording: Recording, why: str) -> bool:
        """No other process can replay it; False where it may be compared here."""
        seam = recording.call.seam
        text = f"seam {seam.name!r} cannot be replayed by a worker: {why}"
        if self._in_process:
            self._counts[seam.name, Taken.HERE] += 1
            self._runtime.note(f"{text}; compared in the program", seam=seam.name)
            return False
        self._counts[seam.name, Taken.REFUSED] += 1
        self._runtime.note(text, seam=seam.name)
        self._hand_on(recording.draft().failed(f"cannot be replayed elsewhere: {why}"))
        return True

    def _why_not(self, recording: Recording) -> str | None:
        seam = recording.call.seam
        if recording.on_object and seam.owner_of is None:
            return "it is a method, and nothing makes its object elsewhere: give the seam owner="
        return why_not_elsewhere(seam, copies_ports=True) if recording.runtime.copies_ports else None

    def _hand_on(self, run: Run) -> None:
        """Beside the caller, where that can be."""
        if not self._runtime.beside.put(Job(None, lambda: run)):
            self._runtime.hand_on(run)


class _Late:
    """Told of what work does that the path left behind, after the run was recorded; the first is written."""

    def __init__(self, spool: Spool) -> None:
        self.passage: Passage | None = None
        self._spool = spool

    def __call__(self, work: str, method: str) -> None:
        passage, self.passage = self.passage, None
        if passage is not None:
            with suppress(Exception):  # work of the program must not feel it
                reason = f"{STILL_RUNNING}: {work} called {method}"
                self._spool.append(FrameKind.ADDENDUM, written_late(passage, reason))
