"""The verdict of a gate from its inputs, criterion by criterion; reads no file, no clock and no store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

from changeover.gate.caveats import not_counted, not_shown
from changeover.gate.corpus_criteria import compared, corpus_criteria
from changeover.gate.corpus_selection import CountedCorpora, count_corpora
from changeover.gate.inputs import GateInputs
from changeover.gate.preconditions import flags, preconditions, requires
from changeover.gate.production import Production, own_time, production_criteria, production_of
from changeover.gate.reviews import blind_spots, checks, doctor, rollback_rehearsed
from changeover.values.gate_verdict import Criterion, GateVerdict
from changeover.values.stage import Stage


def decide(inputs: GateInputs) -> GateVerdict:
    """Decide whether the phase may take this step; that it is legal was checked before."""
    corpora, production = count_corpora(inputs), production_of(inputs)
    with_seams = bool(inputs.phase.seams)
    criteria = _of_seams(inputs, corpora, production) if with_seams else _of_checks(inputs)
    return GateVerdict(
        phase=inputs.phase.name,
        number=inputs.phase.number,
        old=inputs.old,
        new=inputs.new,
        code=inputs.code,
        rules=inputs.rules,
        evidence=_evidence_digest(inputs, corpora, production),
        criteria=tuple(criteria),
        not_counted=tuple(not_counted(inputs, corpora, production)) if with_seams else (),
        not_shown=tuple(not_shown(inputs, production)),
    )


def _of_seams(inputs: GateInputs, corpora: CountedCorpora, production: Production) -> Iterator[Criterion]:
    gate = inputs.gate
    yield from preconditions(inputs)
    yield from compared(inputs, corpora, production)
    if gate.corpus is not None:
        yield from corpus_criteria(inputs, gate.corpus, corpora)
    if gate.production is not None:
        yield from production_criteria(inputs, gate.production, production)
    if gate.own_time_p95_ratio_max is not None:
        yield own_time(inputs, gate.own_time_p95_ratio_max, corpora, production)
    yield from blind_spots(inputs, gate.blind_spots)
    if inputs.new.stage is Stage.SHADOW:
        yield doctor(inputs)
    if gate.rollback_rehearsed:
        yield rollback_rehearsed(inputs)
    yield from checks(inputs)
    yield from requires(inputs)


def _of_checks(inputs: GateInputs) -> Iterator[Criterion]:
    yield from flags(inputs)
    yield from checks(inputs)
    yield from requires(inputs)


def _evidence_digest(inputs: GateInputs, corpora: CountedCorpora, production: Production) -> str:
    """A digest of everything that was counted: equal digests mean the same evidence."""
    counted = {
        "corpora": [
            [one.source, one.at.isoformat(), {seam: dict(two.verdicts) for seam, two in one.seams.items()}]
            for one in (*corpora.latest, *corpora.still)
        ],
        "runs": sorted((run.id, run.seam, run.verdict) for run in production.compared),
        "waivers": sorted(one.cluster for one in inputs.waivers),
        "reviews": sorted(  # of checks the fresh results count: every gate leaves one more behind
            (one.kind, one.name, one.answer, one.found) for one in inputs.reviews if one.kind != "check"
        ),
        "checks": sorted((name, one.answer) for name, one in inputs.checks.items()),
    }
    return sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()
