"""Where a worker gets recorded runs, and says what became of them; one such place: the spools of a folder.

The runs of one program are taken in their order, by one worker at a time; what a worker has not said to be
done when it ends, another one takes again. A run is done when its evidence is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from changeover.evidence.open_runs import OpenRuns
from changeover.evidence.spool_place import variables_of
from changeover.evidence.store.counters import LOST, raise_count
from changeover.evidence.store.store import NOWHERE, StorePlace, StoreProblem, writing
from changeover.evidence.worker_watch import Pulse, WorkerWatch, watch, write_pulse
from changeover.quick_dataclass import dataclass
from changeover.spool.folder import Claim, SpoolFolder, UnreadFrame
from changeover.spool.frame import FrameKind
from changeover.values.private_folder import make_private_folder, make_state_folder

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class WaitingFrame:
    """One frame that waits; `variables` are those of its process. `mark` is known to its batch alone.

    `given_up` says why it is not to be replayed.
    """

    kind: FrameKind
    payload: bytes
    variables: Mapping[str, str | None]
    mark: UnreadFrame | str
    given_up: str | None = None


class Batch(Protocol):
    """Frames that belong to one worker until all are done, or it ends."""

    @property
    def is_urgent(self) -> bool:
        """Whether what is taken should be done at once."""

    def frames(self) -> Iterator[WaitingFrame]:
        """Those that wait, in their order."""

    def done(self, taken: Sequence[WaitingFrame]) -> int | None:
        """Say that these are done, once their evidence is written; None where it cannot be.

        Else how many of them were not this worker's any more.
        """

    def ended(self) -> int:
        """All that wait are done; gives how many runs are known to be lost now."""


class RunSource(Protocol):
    """Where recorded runs wait. `look_s` is how often to look; `where` is that in words."""

    look_s: float
    where: str

    def batches(self) -> Iterator[Batch]:
        """One after the other, until nothing waits; raises OSError and StoreProblem."""

    def beat(self, pulse: Pulse) -> None:
        """Let everybody know that this worker is at work; raises OSError and StoreProblem."""

    def watch(self) -> WorkerWatch:
        """What waits, and who is at work."""


class SpoolSource:
    """The spools of this machine.

    Args:
        folder: where they are.
        store: where the evidence is.
        all_written: writes the evidence that waits to be written, and says whether all of it is.
        say: is told what is wrong.
    """

    look_s = 0.2

    def __init__(self, folder: Path, store: StorePlace, all_written: Callable[[], bool], say: Say) -> None:
        self.where = str(folder)
        self._folder, self._store = folder, store
        self._all_written, self._say = all_written, say

    def batches(self) -> Iterator[Batch]:
        """One for each program; raises OSError."""
        for claim in SpoolFolder(self._folder).claims():
            yield SpoolBatch(claim, self._all_written, self._note_lost, self._say)

    def beat(self, pulse: Pulse) -> None:
        """Leave it in the folder; raises OSError."""
        beat_in(self._folder, pulse)

    def watch(self) -> WorkerWatch:
        """What waits in the folder."""
        return watch(self._folder)

    def _note_lost(self, name: str, lost: int) -> None:
        """The gates weigh what was lost; counted under the name of its program, so once."""
        if self._store == NOWHERE:
            return
        try:
            with writing(self._store) as connection:
                raise_count(connection, f"{LOST}/{name}", lost)
        except StoreProblem as problem:
            self._say(str(problem))


class SpoolBatch:
    """What waits of one program."""

    is_urgent = False

    def __init__(
        self, claim: Claim, all_written: Callable[[], bool], note_lost: Callable[[str, int], None], say: Say
    ) -> None:
        self._claim = claim
        self._all_written, self._note_lost, self._say = all_written, note_lost, say

    def frames(self) -> Iterator[WaitingFrame]:
        """Up to one whose rest is still to come: all behind it comes again with it."""
        rest = OpenRuns(self._claim)
        for frame in self._claim.frames():
            payload = rest.of(frame)
            if payload is None:
                return
            yield WaitingFrame(frame.kind, payload, variables_of(self._claim.environment), frame)

    def done(self, taken: Sequence[WaitingFrame]) -> int | None:
        """Note how far this is."""
        if not self._all_written():
            self._say("evidence cannot be written; the runs wait")
            return None
        try:
            mark = taken[-1].mark
            if isinstance(mark, UnreadFrame):
                self._claim.done(mark)
        except OSError as error:
            self._say(f"{self._claim.name}: what was done cannot be noted: {error}")
            return None
        return 0

    def ended(self) -> int:
        """Count what a program that has ended took with it, and remove what it left."""
        claim = self._claim
        lost = claim.lost
        if claim.is_alive:
            return 0
        if lost:
            self._note_lost(claim.name, lost)
        with suppress(OSError):
            if claim.finish():
                return lost
        return 0


def beat_in(folder: Path, pulse: Pulse) -> None:
    """Leave the sign of a worker in a folder, which is made private where it is not there; raises OSError."""
    make_state_folder(folder.parent)
    make_private_folder(folder)
    write_pulse(folder, pulse)
