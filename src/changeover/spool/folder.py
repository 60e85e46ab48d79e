"""The reader of a folder of spools: of processes that live and of those that have ended, one claim each.

What was read and not said to be done is read again, by this reader or the next one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.spool.counts import Tally, is_alive, read_counts
from changeover.spool.environment import RUNS
from changeover.spool.forks import OPEN
from changeover.spool.frame import COUNTED, Frame, FrameKind, frames_in
from changeover.spool.names import BEING_MADE, COUNTS, READ, SpoolFile, files_in, names_in
from changeover.spool.progress import Place, ProgressFile

_ENVIRONMENT_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class UnreadFrame:
    """One frame that nobody has done yet; `place` is the one behind it."""

    kind: FrameKind
    sequence: int
    payload: bytes
    place: Place


class Claim:
    """The spool of one process, read by nobody else until it is released.

    `is_alive` was asked before anything is read: what a process left that had ended by then is all there.
    `damaged` counts the places where no frame could be read.
    """

    def __init__(self, folder: Path, name: str, progress: ProgressFile) -> None:
        self.name, self.is_alive = name, is_alive(folder, name)
        self.damaged = 0
        self._folder, self._progress = folder, progress
        self._place = progress.read()
        self._is_forked = False
        self._is_read = False
        OPEN.add(self)

    def begin_anew(self) -> None:
        """This process was forked: its parent reads."""
        self.release()
        self._is_forked = True

    def frames(self) -> Iterator[UnreadFrame]:
        """What is there and not done, in the order in which it was appended; without `environment`."""
        files = [file for file in files_in(self._folder, self.name) if file.number >= self._place.number]
        found, missing = self._place.found, self._place.missing
        for file in files:
            start = self._place.offset if file.number == self._place.number else 0
            for frame in self._frames_of(file, start, is_last=file is files[-1]):
                found += frame.kind in COUNTED
                if frame.kind is FrameKind.ENVIRONMENT:
                    missing = max(missing, _said(frame).get(RUNS, 0) - found)
                else:
                    place = Place(file.number, start + frame.end, found, missing)
                    yield UnreadFrame(frame.kind, frame.sequence, frame.payload, place)
        self._is_read = True

    def _frames_of(self, file: SpoolFile, start: int, *, is_last: bool) -> Iterator[Frame]:
        if file.size <= start:
            return
        data = _read(file.path, start)
        for part in frames_in(data):
            if isinstance(part, Frame):
                yield part
            elif not (is_last and self.is_alive and part.end == len(data)):  # else it is being written
                self.damaged += 1

    @property
    def environment(self) -> Mapping[str, Any]:
        """What the process said of itself at the beginning of the file that is read; may be empty."""
        for file in files_in(self._folder, self.name):
            if file.number >= self._place.number:
                first = next(frames_in(_read(file.path, 0, _ENVIRONMENT_BYTES_MAX)), None)
                if isinstance(first, Frame) and first.kind is FrameKind.ENVIRONMENT:
                    return _said(first)
        return {}

    def done(self, frame: UnreadFrame) -> None:
        """Everything up to this frame is done, and never read again; raises OSError.

        Files that lie behind are removed.
        """
        self._progress.write(frame.place)
        before, self._place = self._place, frame.place
        if before.number != frame.place.number:
            for file in files_in(self._folder, self.name):
                if file.number < frame.place.number:
                    file.path.unlink(missing_ok=True)

    @property
    def counts(self) -> Tally:
        """What the process says it offered, and what became of what it did not append."""
        return read_counts(self._folder, self.name)

    @property
    def lost(self) -> int:
        """How many of its runs are lost for good, as far as that is known: all of them once it has ended.

        Ask after all frames are done. What a living process has offered may still be appended.
        """
        return self.lost_but(self.found)

    def lost_but(self, found: int, elsewhere: int = 0) -> int:
        """As `lost`, where so many runs are known to have been found, and so many to be kept elsewhere."""
        counts = self.counts
        if self.is_alive or not self._is_read:
            return counts.given_up + self._place.missing
        return max(counts.offered - counts.elsewhere - elsewhere - max(found, self.found), 0)

    @property
    def found(self) -> int:
        """How many runs are done."""
        return self._place.found

    def finish(self) -> bool:
        """Remove what a process left that has ended and of which all is done; whether that was so."""
        if self.is_alive or not self._is_read or self._is_forked:
            return False
        # One that was just being made by a process that lives cannot come to be any more, or is seen now.
        (self._folder / f"{self.name}.{BEING_MADE}").unlink(missing_ok=True)
        if is_alive(self._folder, self.name):
            return False
        # The counts go last but one: where this ends in the middle, the next reader comes to the same.
        beside = (self._folder / f"{self.name}.{end}" for end in (COUNTS, READ))
        for path in (*(file.path for file in files_in(self._folder, self.name)), *beside):
            path.unlink(missing_ok=True)
        return True

    def release(self) -> None:
        """Let another one read; what is not done is read by it."""
        self._progress.close()

    def __del__(self) -> None:
        try:
            self.release()
        except TypeError:  # at the end of the interpreter, when this module is empty already
            return


class SpoolFolder:
    """All spools of a folder, which need not be there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def claims(
        self, wanted: Callable[[str], bool] = lambda name: True, *, wait_s: float = 0.0
    ) -> Iterator[Claim]:
        """Claim one spool after the other; those that another reader has are left to it.

        Each claim is released when the next one is asked for, or it is not needed any more. Raises OSError.

        Args:
            wanted: Whether the spool of this name is.
            wait_s: How long to wait for another reader of one.
        """
        for name in filter(wanted, sorted(names_in(self.path))):
            progress = ProgressFile(self.path / f"{name}.{READ}", wait_s)
            if not progress.is_held:
                progress.close()
                continue
            claim = Claim(self.path, name, progress)
            yield claim
            claim.release()

    def is_alive(self, name: str) -> bool:
        """Whether the process of this name may still append."""
        return is_alive(self.path, name)


def _said(frame: Frame) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(frame.payload)
    return found


def _read(path: Path, start: int, most: int = -1) -> bytes:
    """Nothing where the file was removed to make room."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        file.seek(start)
        return file.read(most)
    return b""
