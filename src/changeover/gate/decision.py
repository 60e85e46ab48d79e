"""The decision: from a dossier to a verdict, criterion by criterion. Reads no file, no clock, no store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from changeover.gate.caveats import not_counted, not_shown
from changeover.gate.corpus_criteria import compared, corpus_criteria
from changeover.gate.corpus_selection import Counted, counted
from changeover.gate.inputs import Dossier
from changeover.gate.preconditions import flags, ground, requires
from changeover.gate.production import Production, own_time, production_criteria, production_of
from changeover.gate.reviews import blind_spots, checks, doctor, rollback_rehearsed
from changeover.values.stage import Setting, Stage


class Answer(StrEnum):
    """Three answers, not two; declared from best to worst."""

    PASS = "pass"  # noqa: S105  an answer, not a password
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"


EXIT_CODES = {Answer.PASS: 0, Answer.FAIL: 1, Answer.INCONCLUSIVE: 3}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question of a gate. `do` is the command to type first where the answer is not pass."""

    name: str
    answer: Answer
    required: str
    found: str
    do: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The answer to "may this phase move to that stage?".

    `not_counted` says what evidence was left aside and why, `not_shown` what a pass does not show. `evidence`
    is a digest over everything that was counted. `source` names the corpus that alone was asked, where no
    step was: the compatibility gate of a committed set of scenarios.
    """

    phase: str
    number: int
    old: Setting
    new: Setting
    code: str | None
    rules: str
    evidence: str
    criteria: tuple[Criterion, ...]
    not_counted: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    source: str | None = None

    @property
    def title(self) -> str:
        """The question: `trading -> live`, or `trading on scenarios`."""
        return f"{self.phase} -> {self.new}" if self.source is None else f"{self.phase} on {self.source}"

    @property
    def answer(self) -> Answer:
        """Fail where one criterion fails, else inconclusive where one could not tell; none is no pass."""
        answers = {criterion.answer for criterion in self.criteria}
        if Answer.FAIL in answers:
            return Answer.FAIL
        return Answer.INCONCLUSIVE if Answer.INCONCLUSIVE in answers or not answers else Answer.PASS

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.answer]

    @property
    def do_first(self) -> str | None:
        """The first thing to do: for what fails before what could not tell."""
        for answer in (Answer.FAIL, Answer.INCONCLUSIVE):
            for criterion in self.criteria:
                if criterion.answer is answer and criterion.do is not None:
                    return criterion.do
        return None


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
