"""The decision: from a dossier to a verdict, criterion by criterion. Reads no file, no clock, no store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

from changeover.gate.caveats import not_counted, not_shown
from changeover.gate.corpus_criteria import compared, corpus_criteria
from changeover.gate.corpus_selection import Counted, counted
from changeover.gate.inputs import Dossier
from changeover.gate.preconditions import flags, ground, requires
from changeover.gate.production import Production, own_time, production_criteria, production_of
from changeover.gate.reviews import blind_spots, checks, doctor, rollback_rehearsed
from changeover.values.gate_verdict import Criterion, GateVerdict
from changeover.values.stage import Stage


def decide(dossier: Dossier) -> GateVerdict:
    """May this phase move to that stage? Legal steps only: `changeover.values.stage.step` is asked before."""
    corpora, production = counted(dossier), production_of(dossier)
    with_seams = bool(dossier.phase.seams)
    criteria = _of_seams(dossier, corpora, production) if with_seams else _of_checks(dossier)
    return GateVerdict(
        phase=dossier.phase.name,
        number=dossier.phase.number,
        old=dossier.old,
        new=dossier.new,
        code=dossier.code,
        rules=dossier.rules,
        evidence=_evidence_digest(dossier, corpora, production),
        criteria=tuple(criteria),
        not_counted=tuple(not_counted(dossier, corpora, production)) if with_seams else (),
        not_shown=tuple(not_shown(dossier, production)),
    )


def _of_seams(dossier: Dossier, corpora: Counted, production: Production) -> Iterator[Criterion]:
    gate = dossier.gate
    yield from ground(dossier)
    yield from compared(dossier, corpora, production)
    if gate.corpus is not None:
        yield from corpus_criteria(dossier, gate.corpus, corpora)
    if gate.production is not None:
        yield from production_criteria(dossier, gate.production, production)
    if gate.own_time_p95_ratio_max is not None:
        yield own_time(dossier, gate.own_time_p95_ratio_max, corpora, production)
    yield from blind_spots(dossier, gate.blind_spots)
    if dossier.new.stage is Stage.SHADOW:
        yield doctor(dossier)
    if gate.rollback_rehearsed:
        yield rollback_rehearsed(dossier)
    yield from checks(dossier)
    yield from requires(dossier)


def _of_checks(dossier: Dossier) -> Iterator[Criterion]:
    yield from flags(dossier)
    yield from checks(dossier)
    yield from requires(dossier)


def _evidence_digest(dossier: Dossier, corpora: Counted, production: Production) -> str:
    """Of everything that was counted: two verdicts with one digest rest on the same evidence."""
    said = {
        "corpora": [
            [one.source, one.at.isoformat(), {seam: dict(two.verdicts) for seam, two in one.seams.items()}]
            for one in (*corpora.latest, *corpora.still)
        ],
        "runs": sorted((run.id, run.seam, run.verdict) for run in production.compared),
        "waivers": sorted(one.cluster for one in dossier.waivers),
        "reviews": sorted(  # of checks the fresh results count: every gate leaves one more behind
            (one.kind, one.name, one.answer, one.found) for one in dossier.reviews if one.kind != "check"
        ),
        "checks": sorted((name, one.answer) for name, one in dossier.checks.items()),
    }
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
