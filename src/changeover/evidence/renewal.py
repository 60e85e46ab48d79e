"""Stored runs of production replayed on today's code: evidence renewed after a change.

Population, time, stage and who answered stay those of the run; code, rules and verdict become today's. What
no longer fits its own tape has failed: it counts as not compared; for nothing, where other code recorded it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from zlib import decompressobj, error

from changeover.errors import ConfigurationError
from changeover.evidence.program_interface import Program
from changeover.evidence.scenario_replay import codec_of, not_replayed, replayed_scenarios
from changeover.evidence.store.reading import MORE_COLUMNS, READ_COLUMNS, read_run
from changeover.evidence.store.records import STORE, StoredRun
from changeover.evidence.store.rows_of_runs import WHOLE, Redact, stored_run
from changeover.evidence.store.store import StorePlace, has_store, reading
from changeover.evidence.tallies import NOT_COMPARED
from changeover.quick_dataclass import dataclass
from changeover.record.codec import CodecError
from changeover.record.replay_problems import ProblemKind, ReplayProblem
from changeover.record.run import Run
from changeover.record.scenario_file import LINE_BYTES_MAX, Scenario, from_line
from changeover.record.tape import Tape
from changeover.redaction.key import TOKEN
from changeover.settings import INPUTS_VERSION
from changeover.values.stage import parse_setting

READ_TOGETHER = 100
_COLUMNS = ", ".join((*READ_COLUMNS, *MORE_COLUMNS, "body", "tape"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are replayed: those of these seams that are not yet on this code and these rules.

    `only` names one run, which is replayed whatever code it is on.
    """

    seams: tuple[str, ...]
    code: str | None
    rules: str
    only: str | None = None
    limit: int | None = None


def stale_runs(path: StorePlace, wanted: Wanted) -> int:
    """How many tapes there are to replay; raises StoreProblem."""
    if not has_store(path):
        return 0
    where, values = _where(wanted)
    with reading(path) as connection:
        ((count,),) = connection.execute(f"SELECT count(*) FROM runs {where}", values).fetchall()  # noqa: S608
        return int(count) if wanted.limit is None else min(int(count), wanted.limit)


def renewed(
    old: StoredRun,
    run: Run,
    wanted: Wanted,
    now: datetime,
    redact: Redact | None = None,
    *,
    world: str | None = None,
) -> StoredRun | None:
    """The row of a stored run with what today's code makes of it; `world` is the run's, where it is known.

    None for one that was compared on this code already: it stays as it is, as what differed once is not
    replayed away.
    """
    if (old.code, old.rules) == (wanted.code, wanted.rules) and not _can_count_again(old):
        return None
    is_whole = run.verdict in WHOLE
    row = stored_run(
        run, old.name, old.at, wanted.code, wanted.rules, redact=redact, body=is_whole, world=world
    )
    # A tape that was redacted would give another world: what was one world stays one.
    kept = row.world if _can_count_again(old) else old.world or row.world
    world = None if run.verdict in NOT_COMPARED else kept
    return replace(row, world=world, renewed_at=now)


def _can_count_again(old: StoredRun) -> bool:
    """Whether its digest is of an earlier version, and the tape has everything that it is made from."""
    if old.world is None or old.distinct_input is not None:
        return False
    try:
        return TOKEN.search(unpacked(old.tape or b"").decode("utf-8", "replace")) is None
    except CodecError:
        return False


def scenario_in(program: Program, old: StoredRun) -> Scenario:
    """What is on the tape of a stored run; raises CodecError, ConfigurationError."""
    return from_line(unpacked(old.tape or b""), codec_of(program), program.runtime.book)


def replayed_run(program: Program, old: StoredRun, code: str | None) -> Run:
    """What today's code makes of a stored run; one that can no longer be read has failed.

    What is whole and was written by other code can be read by that code alone.
    """
    notes: tuple[ReplayProblem, ...] = ()
    try:
        line = unpacked(old.tape or b"")
        if old.code != code:
            notes = (ReplayProblem(ProblemKind.OTHER_CODE, "tape", "cannot be read by today's", 0),)
        scenario = from_line(line, codec_of(program), program.runtime.book)
        ((_, run),) = replayed_scenarios(program, [scenario])
    except (CodecError, ConfigurationError) as error:
        return not_replayed_run(program, old, f"its tape can no longer be read: {error}", notes)
    return _of_production(old, run)


def not_replayed_run(
    program: Program, old: StoredRun, reason: str, notes: Sequence[ReplayProblem] = ()
) -> Run:
    """The same of a run that was not replayed."""
    unread = Scenario(old.id, old.seam, old.answered_by, old.key, old.tags, {}, Tape())
    return _of_production(old, not_replayed(program.seams[old.seam], unread, reason, notes))


def _of_production(old: StoredRun, run: Run) -> Run:
    return replace(run, id=old.id, population=old.population, setting=parse_setting(old.stage))


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


def stale(path: StorePlace, wanted: Wanted) -> Iterator[StoredRun]:
    """The runs to be replayed, the oldest first; raises StoreProblem.

    Read a few at a time, so that the store is never locked while one is replayed.
    """
    if not has_store(path):
        return
    where, values = _where(wanted)
    with reading(path) as connection:
        found = connection.execute(f"SELECT id FROM runs {where} ORDER BY at, rowid", values).fetchall()  # noqa: S608
    names = [name for (name,) in found][: wanted.limit]
    for start in range(0, len(names), READ_TOGETHER):
        some = names[start : start + READ_TOGETHER]
        marks = ", ".join("?" * len(some))
        with reading(path) as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM runs WHERE id IN ({marks}) ORDER BY at, rowid",  # noqa: S608
                some,
            ).fetchall()
        yield from map(read_run, rows)


def _where(wanted: Wanted) -> tuple[str, list[object]]:
    """The condition, with its values; no text in it comes from outside."""
    marks = ", ".join("?" * len(wanted.seams))
    where = f"WHERE corpus IS NULL AND tape IS NOT NULL AND seam IN ({marks})"
    values: list[object] = [*wanted.seams]
    if wanted.only is None:
        where += " AND (coalesce(code, '') != ? OR rules != ? OR world NOT LIKE ?)"
        return where, [*values, wanted.code or "", wanted.rules, f"{INPUTS_VERSION}:%"]
    values += [f"{STORE}/{wanted.only}", len(wanted.only), wanted.only]
    return f"{where} AND (name = ? OR substr(id, 1, ?) = ?)", values
