"""Takes recorded runs from the spools of a machine to the queue in a database, each of them once.

Whoever has something to do with the fleet does so: a thread of each program that records, workers, and every
command that reads evidence. What the database does not take stays in its spool. Raw values leave the machine
sealed; without a key only those runs leave it in which somebody who can read them finds no secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from os import environ
from typing import Protocol

from changeover.errors import ChangeoverError, ConfigurationError
from changeover.evidence.open_runs import OpenRuns
from changeover.evidence.spool_place import variables_of
from changeover.evidence.store.place import Database, StorePlace
from changeover.evidence.store.queue import HeldBack, Queue, RecordedFrame, Step
from changeover.evidence.store.sealing import seal_of
from changeover.record.recorded_run_reading import is_compared_here, read_addendum, read_passage
from changeover.settings import RECORDED_FOLDER
from changeover.spool.folder import Claim, SpoolFolder, UnreadFrame
from changeover.spool.frame import FrameKind

SHIPPED_TOGETHER = 200
SHIPPED_BYTES_MAX = 8 * 1024 * 1024
SHIP_WAIT_S = 1.0
Variables = Mapping[str, str | None]


class SecretCheck(Protocol):
    """Knows the secrets of a program."""

    def held_back(self, frame: RecordedFrame) -> HeldBack | None:
        """The run as it is counted instead, None where no known secret is in it."""


def ship(
    folder: SpoolFolder,
    queue: Queue,
    check: SecretCheck | None,
    wanted: Callable[[str], bool] = lambda name: True,
    *,
    wait_s: float = 0.0,
) -> int:
    """Ship what is in the spools, and remove those that are of no more use; gives how many runs went.

    Without a key and without a `check` nothing is shipped, and what is all done is removed all the same.
    Raises OSError and StoreProblem.

    Args:
        folder: the spools.
        queue: of the fleet, with the key.
        check: is asked of each run where there is no key.
        wanted: which spools, by their names.
        wait_s: how long to wait for another reader of one of them.
    """
    shipped, may_travel = 0, queue.seal is not None or check is not None
    for claim in folder.claims(wanted, wait_s=wait_s):
        try:
            if may_travel or next(claim.frames(), None) is None:
                shipped += _ship(claim, queue, None if queue.seal is not None else check)
        finally:
            claim.release()
    return shipped


def ship_all(place: StorePlace, wait_s: float = SHIP_WAIT_S) -> None:
    """Ship what programs of this machine have recorded, as far as a command may that knows no program."""
    folder = place.parent / RECORDED_FOLDER
    if isinstance(place, Database) and folder.is_dir():
        with suppress(OSError, ChangeoverError):
            ship(SpoolFolder(folder), Queue(place, seal_of(environ)), None, wait_s=wait_s)


def _ship(claim: Claim, queue: Queue, check: SecretCheck | None) -> int:
    shipped, together, size, is_whole = 0, list[Step](), 0, True
    last = None
    variables = variables_of(claim.environment)
    rests = OpenRuns(claim)
    for frame in claim.frames():
        payload = rests.of(frame)
        if payload is None:  # its rest is still to come, and all behind it comes again with it
            is_whole = False
            break
        what = _travelling(claim.name, frame, payload, variables)
        held = None if check is None or what is None else check.held_back(what)
        together.append(Step(frame.place, held or what))
        last, size = frame, size + len(payload)
        if len(together) == SHIPPED_TOGETHER or size > SHIPPED_BYTES_MAX:
            shipped += _shipped(queue, claim.name, together)
            claim.done(frame)
            variables = variables_of(claim.environment)
            together, size = [], 0
    if together and last is not None:
        shipped += _shipped(queue, claim.name, together)
        claim.done(last)
    if is_whole and not claim.is_alive:
        _end(claim, queue)
    return shipped


def _shipped(queue: Queue, spool: str, steps: list[Step]) -> int:
    return queue.ship(spool, steps) if any(step.what is not None for step in steps) else 0


def _end(claim: Claim, queue: Queue) -> None:
    """Count what a program that has ended took with it, and remove what it left."""
    # A loss of power may have taken the record of what was read, and frames that the queue has.
    lost = claim.lost and claim.lost_but(queue.found_in(claim.name))
    queue.end_spool(claim.name, lost)
    claim.finish()


def _travelling(spool: str, frame: UnreadFrame, payload: bytes, variables: Variables) -> RecordedFrame | None:
    """What a worker is to get of a frame; None where that is in another one, or the program compares it.

    What nobody can read here travels as well: a worker says so, and counts it.
    """
    if frame.kind not in (FrameKind.RECORDED, FrameKind.ADDENDUM):
        return None
    try:
        passage = read_passage(payload)
        if not _is_wanted(frame.kind, payload):
            return None
    except ConfigurationError:
        name = f"{spool}/{frame.sequence}"
        return RecordedFrame(name, "", datetime.now(UTC), frame.kind, payload, variables)
    return RecordedFrame(passage.id, passage.seam, passage.at, frame.kind, payload, variables)


def _is_wanted(kind: FrameKind, payload: bytes) -> bool:
    if kind is FrameKind.RECORDED:
        return not is_compared_here(payload)
    return read_addendum(payload).reason is not None
