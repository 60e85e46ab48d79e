"""Runs that had answered when work of their path went on: the rest of each follows in a frame of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property

from changeover.errors import ConfigurationError
from changeover.record.recorded_run_reading import is_open, read_addendum, read_passage
from changeover.spool.folder import Claim, UnreadFrame
from changeover.spool.frame import FrameKind

PROCESS_ENDED = "process ended: work that the path left behind was still going on"
LEFT_OPEN_S = 600.0
"""A program that lives for so long after the answer will not say any more what became of the rest."""


class OpenRuns:
    """The rests in the spool of one program, read when there is an open run."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim

    def of(self, frame: UnreadFrame) -> bytes | None:
        """The payload of a frame with its rest; None where that is still to come.

        An open run whose rest will never come is given as it is.
        """
        if frame.kind is not FrameKind.RECORDED or not is_open(frame.payload):
            return frame.payload
        try:
            passage = read_passage(frame.payload)
        except ConfigurationError:
            return frame.payload
        found = self._rests.get(passage.id)
        if found is not None:
            return found
        is_old = (datetime.now(UTC) - passage.at).total_seconds() > LEFT_OPEN_S
        return None if self._claim.is_alive and not is_old else frame.payload

    @cached_property
    def _rests(self) -> dict[str, bytes]:
        found = {}
        for frame in self._claim.frames():
            if frame.kind is FrameKind.ADDENDUM:
                try:
                    added = read_addendum(frame.payload)
                except ConfigurationError:
                    continue
                if added.reason is None:
                    found[added.passage.id] = frame.payload
        return found
