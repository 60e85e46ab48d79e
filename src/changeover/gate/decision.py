"""The verdict of a gate from its inputs, criterion by criterion; reads no file, no clock and no store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from changeover.evidence.confidence import percent_above, repeated_looks
from changeover.evidence.store.records import REPORT
from changeover.gate.corpus_criteria import compared, corpus_criteria
from changeover.gate.corpus_selection import CountedCorpora, count_corpora, phase_total
from changeover.gate.inputs import GateInputs
from changeover.gate.preconditions import flags, preconditions, requires
from changeover.gate.production import Production, own_time, production_criteria, production_of
from changeover.gate.reviews import blind_spots, checks, doctor, explored, rollback_rehearsed
from changeover.values.gate_verdict import Criterion, GateVerdict
from changeover.values.stage import Stage


def decide(inputs: GateInputs, counted: Production | None = None) -> GateVerdict:
    """Decide whether the phase may take this step; that it is legal was checked before.

    `counted` is what `production_of` gave for these inputs, where somebody has asked it already.
    """
    corpora, production = count_corpora(inputs), counted or production_of(inputs)
    with_seams = bool(inputs.phase.seams)
    if with_seams:
        criteria = tuple(_of_seams(inputs, corpora, production))
    else:
        criteria = (*flags(inputs), *checks(inputs), *requires(inputs))
    return GateVerdict(
        phase=inputs.phase.name,
        number=inputs.phase.number,
        old=inputs.old,
        new=inputs.new,
        code=inputs.code,
        rules=inputs.rules,
        evidence=_evidence_digest(inputs, corpora, production),
        criteria=criteria,
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
    yield from explored(inputs, gate.explore)
    if inputs.new.stage is Stage.SHADOW:
        yield doctor(inputs)
    if gate.rollback_rehearsed:
        yield rollback_rehearsed(inputs)
    yield from checks(inputs)
    yield from requires(inputs)


def _evidence_digest(inputs: GateInputs, corpora: CountedCorpora, production: Production) -> str:
    """A digest of everything that was counted: equal digests mean the same evidence."""
    counted = {
        "corpora": [
            [one.source, one.at.isoformat(), {seam: dict(two.verdicts) for seam, two in one.seams.items()}]
            for one in (*corpora.latest, *corpora.still)
        ],
        "runs": sorted(
            (one.seam, one.verdict, str(one.day), one.stage, one.clusters, one.inputs_version or "", one.ids)
            for one in production.compared
        ),
        "waivers": sorted(one.cluster for one in inputs.waivers),
        "reviews": sorted(  # of checks the fresh results count: every gate leaves one more behind
            (one.kind, one.name, one.answer, one.found)
            for one in inputs.reviews
            if one.kind not in ("check", REPORT)
        ),
        "checks": sorted((name, one.answer) for name, one in inputs.checks.items()),
    }
    return sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()


LOOKS_TO_DIVERGENCES = 20
"""Repeated looks are told of until a candidate at the limit has diverged so often: 2,000 worlds at 1 %."""


def not_counted(inputs: GateInputs, corpora: CountedCorpora, production: Production) -> Iterator[str]:
    """Describe the evidence that does not count, with the reason."""
    if production.of_other_code:
        yield f"{_counted(production.of_other_code, 'run')} in which other code did what today's does not"
    if production.other_code:
        yield f"{_counted(production.other_code, 'run')} on other code or rules"
    if production.other_side:
        criteria = inputs.gate.production
        other = "" if criteria is None else f" in which {criteria.answered_by} did not answer"
        yield f"{_counted(production.other_side, 'run')}{other}"
    for number, what in (
        (production.vacuous, "vacuous"),
        (production.waived, "waived"),
        (production.sampled_out, "sampled out"),
        (production.in_a_ramp, "in a ramp, where only some keys were answered"),
    ):
        if number:
            yield f"{number:,} {what}"
    if production.other_digests:
        renew = f"changeover compare {inputs.phase.name} --source store makes them anew"
        counted = _counted(production.other_digests, "run")
        yield f"{counted} as distinct inputs, whose digests an earlier version made: {renew}"
    if inputs.evidence.of_the_future:
        yield f"{_counted(inputs.evidence.of_the_future, 'run')} of the future, by a clock that was wrong"
    by_population: Counter[str] = Counter()
    for corpus in corpora.latest:
        by_population[corpus.population] += phase_total((corpus,), inputs).runs
    if inputs.gate.production is not None:
        yield from (
            f"{_counted(runs, f'{name} run')} (the rate is of production alone)"
            for name, runs in by_population.items()
            if runs
        )
    total = phase_total(corpora.latest, inputs)
    for number, what in ((total.vacuous, "vacuous"), (total.waived, "waived")):
        if number:
            yield f"{number:,} {what} in corpora"
    yield from _corpora(inputs, corpora)
    renewed = sum(run.runs for run in production.compared if run.is_renewed)
    if renewed:
        yield f"own times of {_counted(renewed, 'renewed run')}"
    if inputs.evidence.pruned:
        yield f"{_counted(inputs.evidence.pruned, 'run')} pruned from the store"
    yield from _idle_waivers(inputs)


def _corpora(inputs: GateInputs, corpora: CountedCorpora) -> Iterator[str]:
    unasked = [one.source for one in corpora.latest if one not in corpora.asked]
    if unasked:
        yield f"corpora that are not asked for: {', '.join(unasked)}"
    other = [one for one in corpora.set_aside if not inputs.is_today(one)]
    partial = [one for one in corpora.set_aside if inputs.is_today(one) and (one.partial or not one.whole)]
    if other:
        yield f"{_counted(len(other), 'corpus', 'corpora')} on other code or rules"
    if partial:
        yield f"{_counted(len(partial), 'corpus', 'corpora')} not whole"


def _idle_waivers(inputs: GateInputs) -> Iterator[str]:
    met = {one.digest for corpus in inputs.evidence.corpora for one in corpus.clusters}
    met |= {digest for run in inputs.evidence.groups for digest in run.clusters}
    idle = [one.cluster[:6] for one in inputs.waivers if not any(map(one.covers, met))]
    if idle:
        yield f"{_counted(len(idle), 'waiver')} that match nothing any more: {', '.join(idle[:5])}"


def not_shown(inputs: GateInputs, production: Production) -> Iterator[str]:
    """Describe what a pass does not show."""
    yield from (f"{key} is not asked: {reason}" for key, reason in inputs.gate.not_asked.items())
    criteria = inputs.gate.production
    if not inputs.phase.seams:
        yield "Anything that its check commands do not look at."
        return
    yield "What no run met: other inputs, calls that pass no port (changeover docs limits)."
    if criteria is None:
        return
    yield from (f"No rate of {seam} is asked: {reason}" for seam, reason in criteria.seams_not_asked.items())
    yield "The rate is exact if the inputs seen are a fair sample of those to come."
    looks = round(LOOKS_TO_DIVERGENCES / criteria.rate_max)
    chance = repeated_looks(criteria.rate_max, criteria.confidence, looks)
    if chance is not None:
        single = round(1 - criteria.confidence, 9)
        yield (
            f"If one looks after every run until it passes: within {looks:,} inputs a candidate at the limit "
            f"passes with a chance of up to {percent_above(chance, 2)}, not {percent_above(single, 2)}."
        )


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
