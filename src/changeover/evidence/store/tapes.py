"""Which tapes of runs are kept: one for every world of a phase, and those of runs that did not match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from zlib import compress

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.rows_of_runs import WHOLE
from changeover.record.codec import Codec, CodecError
from changeover.record.run import Run
from changeover.record.scenario_file import scenario_of, to_line
from changeover.values.observation import Side

TAPES_PER_PHASE_MAX = 10_000
TAPE_CHARACTERS_MAX = 1_000_000
WORLDS_TOGETHER = 200


def packed(line: str) -> bytes:
    """A line of a scenario file as the store has it: tapes of one program repeat themselves."""
    return compress(line.encode("utf-8", "backslashreplace"))


class Tapes:
    """One tape for every world of a phase, up to a limit, and one for whatever did not match.

    `answering` has the digest of the code of either path, which stands on each tape.
    """

    def __init__(self, codec: Codec, answering: Mapping[Side, str | None]) -> None:
        self._codec = codec
        self._answering = answering
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
            known = run.elsewhere
            code = self._answering.get(run.answered_by) if known is None else known.answering_code
            scenario = scenario_of(run, code)
            line = to_line(scenario, self._codec)
        except CodecError:  # `doctor` names the place
            return None
        return packed(line) if len(line) <= TAPE_CHARACTERS_MAX else None


def without_known_tapes(connection: Connection, runs: Iterable[StoredRun]) -> list[StoredRun]:
    """The same runs, without the tapes of worlds of which there is one, or beyond the limit.

    A run that is written once more keeps the tape that it has.
    """
    runs = list(runs)
    asked = [run for run in runs if run.tape is not None and run.verdict not in WHOLE]
    counts = {phase: _tapes_of(connection, phase) for phase in {run.phase for run in asked}}
    known, with_tape = _known_worlds(connection, asked), _with_tape(connection, asked)
    taken: set[tuple[str, str | None]] = set()
    kept: list[StoredRun] = []
    for run in runs:
        if run.tape is None or run.verdict in WHOLE:
            kept.append(run)
            continue
        world = (run.phase, run.world)
        is_known = world in taken or bool(known.get(world, set()) - {run.id})
        if not is_known and counts[run.phase] < TAPES_PER_PHASE_MAX:
            counts[run.phase] += 1
            taken.add(world)
            kept.append(run)
        else:
            kept.append(run if run.id in with_tape else replace(run, tape=None))
    return kept


def _tapes_of(connection: Connection, phase: str) -> int:
    ((count,),) = connection.execute(
        "SELECT count(*) FROM runs WHERE tape IS NOT NULL AND phase = ?", (phase,)
    ).fetchall()
    return int(count)


def _known_worlds(
    connection: Connection, runs: Sequence[StoredRun]
) -> dict[tuple[str, str | None], set[str]]:
    """Of the worlds of these runs those of which there is a tape, by the first and the last run."""
    found: dict[tuple[str, str | None], set[str]] = {}
    for phase in {run.phase for run in runs}:
        worlds = list({run.world for run in runs if run.phase == phase})
        for start in range(0, len(worlds), WORLDS_TOGETHER):
            some = worlds[start : start + WORLDS_TOGETHER]
            rows = connection.execute(
                "SELECT world, min(id), max(id) FROM runs WHERE tape IS NOT NULL AND phase = ?"  # noqa: S608
                f" AND world IN ({_marks(some)}) GROUP BY world",
                (phase, *some),
            ).fetchall()
            found |= {(phase, world): {first, last} for world, first, last in rows}
    return found


def _with_tape(connection: Connection, runs: Sequence[StoredRun]) -> set[str]:
    """Those of these runs that are kept with a tape already."""
    found: set[str] = set()
    for start in range(0, len(runs), WORLDS_TOGETHER):
        some = [run.id for run in runs[start : start + WORLDS_TOGETHER]]
        rows = connection.execute(
            f"SELECT id FROM runs WHERE tape IS NOT NULL AND id IN ({_marks(some)})",  # noqa: S608  marks
            some,
        ).fetchall()
        found.update(name for (name,) in rows)
    return found


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
