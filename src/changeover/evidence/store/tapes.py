"""Which runs are kept with their tape, so that they can be replayed on the code of another day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from zlib import compress, decompressobj, error

from changeover.evidence.store.from_runs import WHOLE
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.schema import Connection
from changeover.record.codec import Codec, CodecError
from changeover.record.run import Run
from changeover.record.scenario_file import LINE_BYTES_MAX, scenario_of, to_line

TAPES_PER_PHASE_MAX = 10_000
TAPE_CHARACTERS_MAX = 1_000_000


def packed(line: str) -> bytes:
    """A line of a scenario file as the store has it: tapes of one program repeat themselves."""
    return compress(line.encode("utf-8", "backslashreplace"))


def unpacked(tape: bytes) -> bytes:
    """The line again; raises CodecError for what is none, or would be longer than any that is written."""
    reader = decompressobj()
    try:
        line = reader.decompress(tape, LINE_BYTES_MAX)
    except error as problem:
        raise CodecError(f"the tape is damaged: {problem}") from problem
    if not reader.eof:
        raise CodecError("the tape is damaged: it has no end")
    return line


class Tapes:
    """One tape for every world of a phase, up to a limit, and one for whatever did not match."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._worlds: defaultdict[str, set[str]] = defaultdict(set)

    def packed(self, run: Run, row: StoredRun) -> bytes | None:
        """The tape of a run that is fit to be written; None where it is not wanted, or would not survive."""
        if run.legacy is None and run.candidate is None:
            return None  # nothing of it was kept
        if row.verdict not in WHOLE:
            worlds = self._worlds[row.phase]
            if row.world is None or row.world in worlds or len(worlds) >= TAPES_PER_PHASE_MAX:
                return None
            worlds.add(row.world)
        try:
            line = to_line(scenario_of(run), self._codec)
        except CodecError:  # `doctor` names the place
            return None
        return packed(line) if len(line) <= TAPE_CHARACTERS_MAX else None


def without_known_tapes(connection: Connection, runs: Iterable[StoredRun]) -> list[StoredRun]:
    """The same runs, without the tapes of worlds of which the store has one, or beyond the limit."""
    counts: dict[str, int] = {}
    kept: list[StoredRun] = []
    for run in runs:
        if run.tape is None or run.verdict in WHOLE:
            kept.append(run)
            continue
        if run.phase not in counts:
            ((counts[run.phase],),) = connection.execute(
                "SELECT count(*) FROM runs WHERE tape IS NOT NULL AND phase = ?", (run.phase,)
            ).fetchall()
        known = (
            counts[run.phase] >= TAPES_PER_PHASE_MAX
            or connection.execute(
                "SELECT 1 FROM runs WHERE tape IS NOT NULL AND phase = ? AND world = ? LIMIT 1",
                (run.phase, run.world),
            ).fetchone()
        )
        counts[run.phase] += not known
        kept.append(replace(run, tape=None) if known else run)
    return kept
