"""Criteria over the corpora: was every seam compared, what differs, which tags occurred."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from changeover.evidence.store.records import StoredComparison
from changeover.gate.corpus_selection import (
    NAMED_MAX,
    Corpora,
    CountedCorpora,
    SeamEvidence,
    at_most,
    clusters_in,
    is_asked,
    name_clusters,
    phase_total,
    seam_evidence,
    why_not_compared,
)
from changeover.gate.inputs import GateInputs
from changeover.gate.production import Production
from changeover.rollout.gate_criteria import CorpusCriteria
from changeover.values.gate_verdict import Answer, Criterion
from changeover.values.observation import Side
from changeover.values.verdict import Verdict


def compared(inputs: GateInputs, corpora: CountedCorpora, production: Production) -> Iterator[Criterion]:
    """The criteria of every phase with seams, whatever phases.toml asks."""
    yield effects(inputs, (*corpora.latest, *corpora.still), production)
    yield _seams_alike(inputs, corpora.latest, production)
    yield _reference(inputs, corpora.latest, production)
    yield from _regressed(inputs, corpora.latest)


def effects(inputs: GateInputs, corpora: Corpora, production: Production) -> Criterion:
    """No effect may differ, in a corpus or in production; no waiver changes that."""
    name = "effects that differ"
    in_corpora = phase_total(corpora, inputs).unsafe
    in_production = sum(run.runs for run in production.compared if run.verdict is Verdict.UNSAFE)
    if not in_corpora + in_production:
        performed: Counter[str] = Counter()
        for corpus in corpora:
            performed.update({line.name: line.performed for line in corpus.effects if line.performed})
        asked = ", ".join(f"{number:,} {what}" for what, number in performed.most_common(2))
        return Criterion(name, Answer.PASS, "0", f"0 of {asked}" if asked else "0")
    unsafe = [one for one in clusters_in(corpora, inputs) if one.unsafe]
    digests = [one.digest for one in unsafe] + [
        digest for run in production.compared if run.verdict is Verdict.UNSAFE for digest in run.clusters
    ]
    found = f"in {in_corpora + in_production:,} runs"
    do = f"changeover explain {digests[0][:6]}" if digests else inputs.compare()
    detail = name_clusters(unsafe) or f"{in_production:,} in production, {in_corpora:,} in corpora"
    return Criterion(name, Answer.FAIL, "0", found, do, detail)


def _seams_alike(inputs: GateInputs, corpora: Corpora, production: Production) -> Criterion:
    seams = inputs.phase.seams
    nothing = {}
    for seam in seams:
        parts = [seam_evidence(corpus, seam, inputs.is_waived) for corpus in corpora]
        alike = sum(run.verdict.is_evidence for run in production.compared if run.seam == seam)
        if not alike + sum(part.evidence for part in parts):
            nothing[seam] = _why_no_evidence(seam, parts, production)
    found = f"{len(seams) - len(nothing)} of {len(seams)} seams"
    named = "; ".join(f"{seam}: {why}" for seam, why in list(nothing.items())[:NAMED_MAX])
    do = inputs.compare()
    answer = Answer.INCONCLUSIVE if nothing else Answer.PASS
    return Criterion("seams shown to be alike", answer, "every one", found, do, named)


def _why_no_evidence(seam: str, parts: list[SeamEvidence], production: Production) -> str:
    in_production = sum(run.runs for run in production.compared if run.seam == seam)
    for name, number in (
        ("diverged", sum(part.unexplained + part.unsafe for part in parts) + in_production),
        ("waived", sum(part.waived for part in parts)),
        ("not compared", sum(part.not_compared for part in parts)),
        ("vacuous", sum(part.vacuous for part in parts)),
    ):
        if number:
            return f"every run {name}"
    if production.waived + production.vacuous + production.not_compared:
        return "every run waived, vacuous or not compared"
    return "no run on this code and these rules"


def _reference(inputs: GateInputs, corpora: Corpora, production: Production) -> Criterion:
    """The reference path must have done something: agreement with a path that always raised shows nothing."""
    seams = inputs.phase.seams
    idle = [
        f"{seam} in {corpus.source}"
        for corpus in corpora
        for seam in seams
        if seam_evidence(corpus, seam, inputs.is_waived).gave_up
    ]
    in_production = {seam: [run.gave_up for run in production.compared if run.seam == seam] for seam in seams}
    idle += [f"{seam} in production" for seam, gave_up in in_production.items() if gave_up and all(gave_up)]
    if not idle:
        return Criterion("reference ran", Answer.PASS, "yes", "yes" if corpora else "no corpus")
    detail = f"the reference did not run: every run of {', '.join(idle[:NAMED_MAX])} raised or gave nothing"
    return Criterion("reference ran", Answer.INCONCLUSIVE, "yes", "no", None, detail)


def _regressed(inputs: GateInputs, corpora: Corpora) -> Iterator[Criterion]:
    back = [one for one in clusters_in(corpora, inputs) if one.state == "regressed"]
    if back:
        detail, do = f"was fixed once: {name_clusters(back)}", f"changeover explain {back[0].digest[:6]}"
        yield Criterion("regressed clusters", Answer.FAIL, "0", f"{len(back):,}", do, detail)


def corpus_criteria(
    inputs: GateInputs, criteria: CorpusCriteria, corpora: CountedCorpora
) -> Iterator[Criterion]:
    """The criteria of the table `corpus`: about the sources it names, or about any."""
    yield from _whole_corpora(inputs, criteria, corpora)
    if criteria.tags:
        yield _tags(inputs, criteria, corpora)
    still = [one for one in corpora.still if is_asked(one, criteria)]
    total = phase_total([*corpora.asked, *still], inputs)
    if not total.runs:
        return  # of no run it would be green for nothing, and the lines above have said it
    if criteria.divergences_max is not None:
        name, most = "corpus: divergences, unexplained", criteria.divergences_max
        do = f"changeover explain {_worst_cluster(inputs, corpora)}".rstrip()
        waived = f"{total.waived:,} waived" if total.waived else ""
        yield at_most(name, most, total.unexplained, total.compared, Answer.FAIL, do, waived)
    if criteria.not_compared_max is not None:
        name, most = "corpus: not compared", criteria.not_compared_max
        do = inputs.compare()
        why = why_not_compared([*corpora.asked, *still], inputs.phase.seams) if total.not_compared else ""
        yield at_most(name, most, total.not_compared, total.runs, Answer.INCONCLUSIVE, do, why)


def _whole_corpora(
    inputs: GateInputs, criteria: CorpusCriteria, corpora: CountedCorpora
) -> Iterator[Criterion]:
    who = f" by {criteria.answered_by}" if criteria.answered_by else ""
    answering = f" --answer {criteria.answered_by}" if criteria.answered_by else ""
    for source in corpora.missing:
        do = inputs.compare(f" --source {source}{answering}")
        yield Criterion(f"corpus: {source}{who}", Answer.INCONCLUSIVE, "whole", "none on this code", do)
    found: dict[str, list[tuple[StoredComparison, Criterion]]] = {}
    for corpus in corpora.asked:
        asked_of = corpus.source if criteria.sources else ""
        one = _corpus_criterion(inputs, corpus, who, inputs.compare(f" --source {corpus.source}{answering}"))
        found.setdefault(asked_of, []).append((corpus, one))
    for of_source in found.values():
        yield from _without_superseded(of_source)
    if not found and not criteria.sources:
        detail = "no comparison of a whole source on this code and these rules"
        yield Criterion(
            f"corpus: any source{who}",
            Answer.INCONCLUSIVE,
            "one whole",
            "none",
            inputs.compare(answering),
            detail,
        )


def _without_superseded(found: list[tuple[StoredComparison, Criterion]]) -> Iterator[Criterion]:
    """One corpus that passes is enough; damaged ones stay in the list, as they may hide something."""
    passed = any(one.answer is Answer.PASS for _, one in found)
    yield from (one for corpus, one in found if not passed or one.answer is Answer.PASS or corpus.damaged)


def _corpus_criterion(inputs: GateInputs, corpus: StoredComparison, who: str, do: str) -> Criterion:
    candidate = corpus.answered_by is Side.CANDIDATE and not who
    name = f"corpus: {corpus.source}{' by candidate' if candidate else who}"
    runs = phase_total((corpus,), inputs).runs
    found = f"{runs:,} runs   {corpus.at:%Y-%m-%d}"
    if corpus.damaged:
        detail = f"{len(corpus.damaged):,} damaged: {corpus.damaged[0]}"
        return Criterion(name, Answer.INCONCLUSIVE, "whole", found, do, detail)
    bare = [seam for seam in inputs.phase.seams if not seam_evidence(corpus, seam, inputs.is_waived).compared]
    if bare:
        detail = f"compared nothing in {', '.join(bare[:NAMED_MAX])}"
        return Criterion(name, Answer.INCONCLUSIVE, "every seam", found, do, detail)
    return Criterion(name, Answer.PASS, "whole, every seam", found)


def _tags(inputs: GateInputs, criteria: CorpusCriteria, corpora: CountedCorpora) -> Criterion:
    seen = {tag for corpus in corpora.asked for tag, number in corpus.tags.items() if number}
    missing = [tag for tag in criteria.tags if tag not in seen]
    others = ", ".join(missing[:NAMED_MAX]) + (
        f" and {len(missing) - NAMED_MAX} more" if len(missing) > NAMED_MAX else ""
    )
    source = f" --source {criteria.sources[-1]}" if criteria.sources else ""
    return Criterion(
        "corpus: tags seen",
        Answer.INCONCLUSIVE if missing else Answer.PASS,
        f"{len(criteria.tags):,}",
        f"{len(criteria.tags) - len(missing):,}",
        inputs.compare(source),
        f"missing: {others}" if missing else "",
    )


def _worst_cluster(inputs: GateInputs, corpora: CountedCorpora) -> str:
    found = clusters_in((*corpora.asked, *corpora.still), inputs)
    return next((one.digest[:6] for one in found if not inputs.is_waived(one.digest)), "")
