"""From spools into a store. Draining twice gives what draining once gives: runs and counts have names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.counters import (
    BESIDE,
    LOST,
    WRITTEN,
    count_of,
    count_up,
    forget_spools,
    raise_count,
)
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.run_payload import read_run_payload
from changeover.evidence.store.tapes import without_known_tapes
from changeover.evidence.store.writing import add_runs
from changeover.spool.folder import Claim, SpoolFolder, UnreadFrame
from changeover.spool.frame import FrameKind

WRITTEN_TOGETHER = 500
Transaction = Callable[[], AbstractContextManager[Connection]]


def drain(
    folder: SpoolFolder,
    transaction: Transaction,
    wanted: Callable[[str], bool] = lambda name: True,
    *,
    wait_s: float = 0.0,
) -> set[str]:
    """Write what is in the spools, count what is lost of them, and remove those that are of no more use.

    What a transaction does not take stays where it is. Raises OSError, and what a transaction raises.

    Args:
        folder: The spools.
        transaction: Opens one on the store.
        wanted: Which spools, by their names.
        wait_s: How long to wait for another reader of one of them.

    Returns:
        The names of the spools that were read to their end.
    """
    drained, finished = set(), []
    for claim in folder.claims(wanted, wait_s=wait_s):
        try:
            _drain(claim, transaction)
            if claim.finish():
                finished.append(claim.name)
        finally:
            claim.release()
        drained.add(claim.name)
    if finished:
        with transaction() as connection:
            forget_spools(connection, finished)
    return drained


def _drain(claim: Claim, transaction: Transaction) -> None:
    together: list[UnreadFrame] = []
    for frame in claim.frames():
        together.append(frame)
        if len(together) == WRITTEN_TOGETHER:
            _write(claim, together, transaction)
            together = []
    if together:
        _write(claim, together, transaction)
    if claim.lost:
        with transaction() as connection:
            # A loss of power may have taken the record of what was read, and frames that the store has.
            counts = (count_of(connection, f"{name}/{claim.name}") for name in (WRITTEN, BESIDE))
            raise_count(connection, f"{LOST}/{claim.name}", claim.lost_but(*counts))


def _write(claim: Claim, frames: Sequence[UnreadFrame], transaction: Transaction) -> None:
    verdicts = [frame for frame in frames if frame.kind is FrameKind.VERDICT]
    runs: list[StoredRun] = []
    for frame in verdicts:
        with suppress(ValueError):
            runs.append(read_run_payload(frame.payload))
    with transaction() as connection:
        add_runs(connection, without_known_tapes(connection, runs))
        count_up(connection, LOST, len(verdicts) - len(runs))
        raise_count(connection, f"{WRITTEN}/{claim.name}", frames[-1].place.found)
    claim.done(frames[-1])
