"""What a store counts of runs in production, counted one by one from the runs themselves."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from changeover.evidence.store.counting import COUNTED, is_timed
from changeover.evidence.store.place import StorePlace
from changeover.evidence.store.production import DIFFERING, DifferingInput, InputGroup, LateTimes, Met
from changeover.evidence.store.production_reading import ProductionCounts, groups_of
from changeover.evidence.store.reading import MORE_COLUMNS, READ_COLUMNS, read_run
from changeover.evidence.store.records import Evidence, StoredRun
from changeover.evidence.store.rows_of_runs import stored_at
from changeover.evidence.store.store import read_evidence, reading
from changeover.evidence.store.writing import run_row


def runs_in(place: StorePlace) -> tuple[StoredRun, ...]:
    """The runs in production, the latest first."""
    problem = read_evidence(place).problem
    assert problem is None, problem
    if not place.exists():
        return ()
    with reading(place) as connection:
        rows = connection.execute(
            f"SELECT {', '.join((*READ_COLUMNS, *MORE_COLUMNS))} FROM runs"  # noqa: S608  names of columns
            " WHERE corpus IS NULL AND population = 'production' ORDER BY at DESC, rowid DESC"
        ).fetchall()
    return tuple(map(read_run, rows))


def count(
    runs: Iterable[StoredRun], until: datetime | None = None, today: tuple[str | None, str] | None = None
) -> ProductionCounts:
    """Every run looked at by itself."""
    given = list(runs)
    kept = [run for run in given if until is None or run.at <= until or not run.verdict.is_evidence]
    groups = groups_of([run_row(run, COUNTED) for run in kept], None if until is None else stored_at(until))
    met: defaultdict[tuple[str, str | None, str, str], Met] = defaultdict(lambda: Met(0))
    for run in kept:
        if run.distinct_input is not None:
            met[run.seam, run.code, run.rules, run.distinct_input] |= Met.of(
                run.stage, run.answered_by, run.verdict
            )
    inputs: defaultdict[tuple[str, str | None, str, Met], int] = defaultdict(int)
    for (seam, code, rules, _), how in met.items():
        if how:
            inputs[seam, code, rules, how] += 1
    now = [run for run in kept if (run.code, run.rules) == today]
    differing: defaultdict[DifferingInput, int] = defaultdict(int)
    for run in now:
        if run.verdict in DIFFERING:
            how = met.get((run.seam, run.code, run.rules, run.distinct_input or ""), Met(0))
            about = (run.seam, run.stage, run.answered_by, run.verdict, run.code, run.rules, run.clusters)
            differing[DifferingInput(*about, run.distinct_input, 0, how)] += 1
    return ProductionCounts(
        tuple(sorted(groups, key=lambda group: group.last, reverse=True)),
        tuple(InputGroup(*key, number) for key, number in inputs.items()),
        tuple(replace(one, runs=number) for one, number in differing.items()),
        tuple(_times(now)),
        len(given) - len(kept),
    )


def _times(runs: list[StoredRun]) -> Iterable[LateTimes]:
    found = defaultdict(list)
    for run in runs:
        if run.legacy_s is not None and is_timed(run.legacy_s, run.candidate_s, run.renewed_at):
            key = (run.seam, run.stage, run.answered_by, run.verdict, run.clusters)
            if run.verdict.is_evidence or run.verdict in DIFFERING:
                found[key].append((run.legacy_s, run.candidate_s or 0.0))
    for key, pairs in found.items():
        legacy, candidate = (tuple(sorted(side, reverse=True)) for side in zip(*pairs, strict=True))
        yield LateTimes(*key, len(pairs), legacy, candidate)


def with_runs(
    evidence: Evidence,
    runs: Iterable[StoredRun],
    until: datetime | None = None,
    today: tuple[str | None, str] | None = None,
) -> Evidence:
    """The evidence with the counts of these runs."""
    counts = count(runs, until, today)
    return replace(
        evidence,
        groups=counts.groups,
        inputs=counts.inputs,
        differing=counts.differing,
        times=counts.times,
        of_the_future=counts.of_the_future,
    )
