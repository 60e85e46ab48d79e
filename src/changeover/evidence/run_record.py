"""What one run adds to a comparison: worked out where the run was replayed, added where all are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType
from typing import Any

from changeover.compare.clusters import Fingerprint, RunFound, fingerprint_of, reached_by
from changeover.compare.comparison import Comparison
from changeover.compare.effects import EffectTally
from changeover.compare.findings import Accepted
from changeover.compare.provenance import Provenance, Sighting
from changeover.evidence.reasons_not_compared import NotCompared, why_not_compared
from changeover.evidence.runs_of_a_case import outermost
from changeover.evidence.source_lines import lines_of
from changeover.evidence.store.records import StoredRun
from changeover.evidence.tallies import NOT_COMPARED
from changeover.evidence.unvaried import AnsweredRun
from changeover.quick_dataclass import dataclass
from changeover.record.replay_problems import ProblemKind
from changeover.record.run import Run
from changeover.values.observation import LoggedBy, Side, logged_by_one
from changeover.values.verdict import EVIDENCE, Verdict

LOGGED_KEPT_MAX = 20
"""Of the smallest run of a cluster."""
_REFUSED = (ProblemKind.EFFECT_WITHHELD, ProblemKind.UNDECLARED_EFFECT)
_TO_LOOK_INTO = (Verdict.UNPAIRED, Verdict.VACUOUS)


@dataclass(frozen=True, slots=True)
class SmallestRun:
    """Of the smallest run of a cluster, which stands as its example on screens.

    `size` is the run's; `sighting` says where its value was seen before, `logged` what one path alone logged.
    """

    size: int
    sighting: Sighting | None
    logged: tuple[LoggedBy, ...]


NOTHING_KNOWN: Mapping[Fingerprint, SmallestRun] = MappingProxyType({})


@dataclass(slots=True)
class RunRecord:
    """One run as it is counted.

    `calls` has one number a call on its tape, the same in all runs of the case that have that call.
    `own_times` are legacy's and the candidate's seconds, None unless both paths were observed. `gave_nothing`
    is None where the run does not say whether its answering path gave something. `reads` are the methods that
    each side asked. `world` is known of compared runs that no other one contains. `found` is what clusters
    are made of, None where nothing was compared; `smallest` says more of those that have no smaller run yet.
    `row` is what the store keeps, None without a store. `seen` is the run with its inputs and reads, None
    where it was not compared.
    """

    seam: str
    phase: str
    answered_by: Side
    verdict: Verdict
    calls: tuple[int, ...] = ()
    differs: bool = False
    own_times: tuple[float, float] | None = None
    gave_nothing: bool | None = None
    reads: dict[Side, tuple[str, ...]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    effects: tuple[EffectTally, ...] = ()
    refused: tuple[str, ...] = ()
    world: str | None = None
    accepted: tuple[Accepted, ...] = ()
    found: RunFound | None = None
    smallest: dict[Fingerprint, SmallestRun] = field(default_factory=dict)
    not_compared: NotCompared | None = None
    row: StoredRun | None = None
    seen: Run | AnsweredRun | None = None


def records_of(
    name: str,
    runs: Sequence[Run],
    redact: Callable[[Run], Run] | None = None,
    known: Mapping[Fingerprint, SmallestRun] | None = NOTHING_KNOWN,
) -> list[RunRecord]:
    """The records of runs of one case, which is named `source/case`.

    Args:
        name: of the case.
        runs: in the order in which they were handed on.
        redact: makes a run fit to be shown: every value that is kept beyond its case comes from such a copy.
        known: the smallest run so far of each cluster; None: nothing more is to be said of any.
    """
    told: dict[Fingerprint, SmallestRun] = {}
    records = [_record(name, run, redact, known, told) for run in runs]
    of_compared = [one for one in records if one.verdict not in NOT_COMPARED]
    run_of = dict(zip(map(id, records), runs, strict=True))
    for one in outermost(of_compared):
        one.world = run_of[id(one)].world
    return records


def _record(
    name: str,
    run: Run,
    redact: Callable[[Run], Run] | None,
    known: Mapping[Fingerprint, SmallestRun] | None,
    told: dict[Fingerprint, SmallestRun],
) -> RunRecord:
    verdict, ours = run.verdict, run.judgement if isinstance(run.judgement, Comparison) else None
    record = RunRecord(
        run.seam,
        run.phase,
        run.answered_by,
        verdict,
        calls=tuple(map(id, run.tape.entries)),
        differs=bool(run.divergences),
        tags=run.tags if not run.tags or redact is None else redact(run).tags,
        effects=() if ours is None else ours.effects,
        refused=tuple(note.place for note in run.notes if note.kind in _REFUSED),
    )
    if run.legacy is not None and run.candidate is not None:
        record.own_times = run.legacy.own_time_s, run.candidate.own_time_s
        if verdict not in _TO_LOOK_INTO:
            record.gave_nothing = run.reference_gave_nothing
    fit = run if redact is None or verdict in EVIDENCE else redact(run)
    if verdict in NOT_COMPARED:
        record.not_compared = why_not_compared(name, fit, verdict)
        return record
    record.seen = run
    record.accepted = fit.judgement.accepted if isinstance(fit.judgement, Comparison) else ()
    if run.legacy is not None and run.candidate is not None and fit.legacy and fit.candidate:
        record.reads = {one.path: _methods(one.reads) for one in (run.legacy, run.candidate)}
        reached = reached_by(fit.legacy, fit.candidate)
        prints = tuple(fingerprint_of(run.seam, one) for one in fit.divergences)
        size = len(fit.tape)
        lines = tuple(lines_of(fit, one) for one in fit.divergences)
        record.found = RunFound(name, run.seam, fit.divergences, None, size, reached, None, prints, lines)
        record.smallest = {} if known is None else _smallest(fit, prints, known, told)
        told |= record.smallest
    return record


def _methods(calls: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted({call.name for call in calls if not call.is_mark}))


def _smallest(
    run: Run,
    fingerprints: Iterable[Fingerprint],
    known: Mapping[Fingerprint, SmallestRun],
    told: Mapping[Fingerprint, SmallestRun],
) -> dict[Fingerprint, SmallestRun]:
    """What takes long is worked out only for a run that is the smallest so far."""
    provenance: Provenance | None = None
    found: dict[Fingerprint, SmallestRun] = {}
    size = len(run.tape)
    for divergence, fingerprint in zip(run.divergences, fingerprints, strict=True):
        before = told.get(fingerprint) or known.get(fingerprint)
        if fingerprint in found or (before is not None and before.size <= size):
            continue
        logged: tuple[LoggedBy, ...] = ()
        if run.legacy is not None and run.candidate is not None:
            logged = logged_by_one(run.legacy, run.candidate)[:LOGGED_KEPT_MAX]
        provenance = provenance or Provenance(run.arguments, run.answered.reads if run.answered else ())
        found[fingerprint] = SmallestRun(size, provenance.first(divergence.candidate), logged)
    return found
