"""What is kept of a whole comparison beside its runs, from what was gathered over its cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from changeover.compare.rule import rule_says
from changeover.evidence.corpus import Corpus, RuleTally
from changeover.evidence.own_times import OwnTimes, Quantiles
from changeover.evidence.sources import SourceOptions
from changeover.evidence.store.from_runs import stored_cluster
from changeover.evidence.store.records import StoredComparison
from changeover.evidence.store.summary import OwnTime, ReasonCount, RuleUse, Summary

PAIRS_KEPT_MAX = 200
REASONS_KEPT_MAX = 50
DAMAGED_KEPT_MAX = 50
TEXT_MAX = 500


def asked_for(names: Sequence[str], options: SourceOptions, *, noise: bool) -> Summary:
    """The part that is known before the first case."""
    return Summary(tuple(names), options.seed, options.limit, options.world, noise)


def ended(begun: StoredComparison, corpus: Corpus, unit: str, stopped: str | None) -> StoredComparison:
    """The comparison with everything that it showed; `begun` says what was asked for."""
    late = {phase: times.at(0.95) for phase, times in corpus.phase_times.items()}
    return replace(
        begun,
        whole=stopped is None,
        seams=corpus.seams,
        tags=dict(corpus.compared_tags),
        distinct_worlds=corpus.distinct_worlds,
        distinct_diverged=corpus.distinct_diverged,
        damaged=tuple(corpus.damaged[:DAMAGED_KEPT_MAX]),
        effects=corpus.effects.lines,
        clusters=tuple(
            stored_cluster(number, one, corpus.sightings.get(one.fingerprint), begun.answered_by)
            for number, one in enumerate(corpus.clusters)
        ),
        own_times={phase: (at.legacy_s, at.candidate_s) for phase, at in late.items() if at is not None},
        summary=_summary(begun.summary, corpus, unit, stopped),
    )


def _summary(asked: Summary, corpus: Corpus, unit: str, stopped: str | None) -> Summary:
    reasons = corpus.not_compared.reasons
    return replace(
        asked,
        stopped=stopped,
        cases=corpus.cases,
        first=corpus.first,
        last=corpus.last,
        unit=unit,
        missing_tags=corpus.missing_tags,
        silent_cases=corpus.silent_cases,
        exit_code=corpus.exit_code,
        own_time=_own_time(corpus.times),
        periods=corpus.periods.timeline(corpus.seams),
        rules=tuple(_rule_use(tally) for _, tally in sorted(corpus.rule_tallies.items())),
        unused_rules=tuple(rule.path.text for rule in corpus.unused_rules),
        not_compared=tuple(
            ReasonCount(
                one.seam,
                ": ".join(part for part in (one.reason, one.place, one.detail) if part)[:TEXT_MAX],
                one.runs,
                one.example,
            )
            for one in reasons[:REASONS_KEPT_MAX]
        ),
        not_compared_left_out=corpus.not_compared.left_out
        + sum(one.runs for one in reasons[REASONS_KEPT_MAX:]),
        one_sided_reads=corpus.one_sided_reads,
        clusters_left_out=corpus.clusters_left_out,
    )


def _own_time(times: OwnTimes) -> OwnTime:
    return OwnTime(_pair(times.at(0.5)), _pair(times.at(0.95)), tuple(times.some(PAIRS_KEPT_MAX)))


def _pair(quantiles: Quantiles | None) -> tuple[float, float] | None:
    return None if quantiles is None else (quantiles.legacy_s, quantiles.candidate_s)


def _rule_use(tally: RuleTally) -> RuleUse:
    return RuleUse(
        tally.rule.path.text,
        rule_says(tally.rule),
        tally.rule.reason,
        None if tally.rule.until is None else tally.rule.until.isoformat(),
        tally.runs,
        tally.hits,
        tally.differing,
        None if tally.largest is None else str(tally.largest),
    )
