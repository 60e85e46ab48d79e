"""What is kept of a whole comparison beside its runs and clusters, as JSON. This is where it is said.

names, seed, limit, world   what was asked for
noise                       whether a path was compared with itself (A/A)
partial                     one case, A/A, part of a source: no evidence of sameness
stopped                     `interrupted`, `fail-fast`, or null where it came to its end
cases, first, last, unit    how many cases, the first and last of them, and what they are called
seams                       by name: phase, verdicts by their names, gave_up; runs, compared, diverged and
                            not_compared are sums of verdicts
tags, missing_tags          of cases that were compared; required by a gate and not seen
distinct_worlds, distinct_diverged, damaged, silent_cases, exit_code
effects                     one entry a port method: performed, asked, equal, changed, refused
own_times                   by phase: p95 of legacy and candidate in seconds, time in ports left out
own_time                    over all outermost runs: p50, p95, and some pairs of one run each
periods                     labels, and by seam one cell each: worst verdict or null, runs, diverged
rules, unused_rules         what each rule accepted; the paths of those that accepted nothing
not_compared                seam, reason, how many runs, one of them; not_compared_left_out counts the rest
one_sided_reads             a method that one path asks for in most runs and the other never
clusters_left_out           differences of which no cluster is kept
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.compare.rule import rule_says
from changeover.evidence.corpus import Corpus, RuleTally
from changeover.evidence.sources import SourceOptions
from changeover.evidence.tallies import Quantiles, SeamTally

PAIRS_KEPT_MAX = 200
REASONS_KEPT_MAX = 50
DAMAGED_KEPT_MAX = 50
TEXT_MAX = 500


def asked_for(names: Sequence[str], options: SourceOptions, *, partial: bool, noise: bool) -> dict[str, Any]:
    """The part that is known before the first case; a `partial` comparison is no evidence of sameness."""
    return {
        "names": list(names),
        "seed": options.seed,
        "limit": options.limit,
        "world": options.world,
        "partial": partial,
        "noise": noise,
    }


def summary_of(corpus: Corpus, asked: Mapping[str, Any], unit: str, *, stopped: str | None) -> dict[str, Any]:
    """Everything above."""
    return {
        **asked,
        "stopped": stopped,
        "cases": corpus.cases,
        "first": corpus.first,
        "last": corpus.last,
        "unit": unit,
        "seams": {name: _seam(tally) for name, tally in corpus.seams.items()},
        "tags": dict(corpus.compared_tags),
        "missing_tags": list(corpus.missing_tags),
        "distinct_worlds": corpus.distinct_worlds,
        "distinct_diverged": corpus.distinct_diverged,
        "damaged": corpus.damaged[:DAMAGED_KEPT_MAX],
        "silent_cases": corpus.silent_cases,
        "exit_code": corpus.exit_code,
        "effects": [
            {
                "name": line.name,
                "performed": line.performed,
                "asked": line.asked,
                "equal": line.equal,
                "changed": line.changed,
                "refused": line.refused,
            }
            for line in corpus.effects.lines
        ],
        "own_times": {
            phase: [late.legacy_s, late.candidate_s]
            for phase, times in corpus.phase_times.items()
            if (late := times.at(0.95)) is not None
        },
        "own_time": {
            "p50": _pair(corpus.times.at(0.5)),
            "p95": _pair(corpus.times.at(0.95)),
            "pairs": [list(pair) for pair in corpus.times.some(PAIRS_KEPT_MAX)],
        },
        "periods": corpus.periods.to_data(corpus.seams),
        "rules": [_rule(tally) for _, tally in sorted(corpus.rule_tallies.items())],
        "unused_rules": [rule.path.text for rule in corpus.unused_rules],
        "not_compared": [
            {
                "seam": one.seam,
                "reason": ": ".join(part for part in (one.reason, one.place, one.detail) if part)[:TEXT_MAX],
                "runs": one.runs,
                "example": one.example,
            }
            for one in corpus.not_compared.reasons[:REASONS_KEPT_MAX]
        ],
        "not_compared_left_out": corpus.not_compared.left_out
        + sum(one.runs for one in corpus.not_compared.reasons[REASONS_KEPT_MAX:]),
        "one_sided_reads": [
            {
                "seam": read.seam,
                "method": read.method,
                "asked_by": str(read.asked_by),
                "runs": read.runs,
                "of": read.of,
            }
            for read in corpus.one_sided_reads
        ],
        "clusters_left_out": corpus.clusters_left_out,
    }


def _seam(tally: SeamTally) -> dict[str, Any]:
    return {
        "phase": tally.phase,
        "verdicts": {str(verdict): number for verdict, number in tally.verdicts.items() if number},
        "gave_up": tally.gave_up,
        "runs": tally.runs,
        "compared": tally.compared,
        "diverged": tally.diverged,
        "not_compared": tally.not_compared,
    }


def _pair(quantiles: Quantiles | None) -> list[float] | None:
    return None if quantiles is None else [quantiles.legacy_s, quantiles.candidate_s]


def _rule(tally: RuleTally) -> dict[str, Any]:
    return {
        "path": tally.rule.path.text,
        "says": rule_says(tally.rule),
        "reason": tally.rule.reason,
        "until": None if tally.rule.until is None else tally.rule.until.isoformat(),
        "runs": tally.runs,
        "hits": tally.hits,
        "differing": tally.differing,
        "largest": None if tally.largest is None else str(tally.largest),
    }
