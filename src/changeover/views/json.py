"""The same screens for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any

from changeover.evidence.confidence import CONFIDENCE
from changeover.values.gate_verdict import GateVerdict
from changeover.values.observation import PortCall
from changeover.views.layout import call_text
from changeover.views.stored_json import comparison_json, divergence_json, named_run_json

if TYPE_CHECKING:
    from changeover.compare.clusters import Cluster
    from changeover.compare.provenance import Sighting
    from changeover.evidence.comparison_info import ComparisonInfo
    from changeover.evidence.corpus import Corpus
    from changeover.evidence.tallies import SeamTally
    from changeover.views.html.data import ReportData

_CALL_CHARACTERS_MAX = 2_000


def compare_json(info: ComparisonInfo, corpus: Corpus) -> dict[str, Any]:
    """Everything that the screen of `compare` says; `exit_code` is what the command would exit with."""
    times = {f"p{round(100 * at)}": corpus.times.at(at) for at in (0.5, 0.95)}
    return {
        "migration": info.migration,
        "code": info.code,
        "rules": info.rules,
        "source": info.source,
        "answered_by": info.answer,
        "copied": list(info.copied),
        "noise": info.noise,
        "stopped": info.stopped,
        "cases": corpus.cases,
        "silent_cases": corpus.silent_cases,
        "seams": {name: _tally(tally) for name, tally in corpus.seams.items()},
        "total": _tally(corpus.total),
        "effects": [
            {
                "name": line.name,
                "performed": line.performed,
                "asked": line.asked,
                "equal": line.equal,
                "changed": line.changed,
                "only_performed": line.only_performed,
                "only_asked": line.only_asked,
                "refused": line.refused,
            }
            for line in corpus.effects.lines
        ],
        "clusters": [_cluster(one, corpus.sightings.get(one.fingerprint)) for one in corpus.clusters],
        "not_compared": [
            {
                "seam": one.seam,
                "reason": one.reason,
                "place": one.place,
                "detail": one.detail,
                "runs": one.runs,
                "example": one.example,
                str(one.asked_by): _question(one.asked),
                str(one.asked_by.other): _question(one.recorded),
            }
            for one in corpus.not_compared.reasons
        ],
        "accepted": [
            {
                "path": tally.rule.path.text,
                "reason": tally.rule.reason,
                "runs": tally.runs,
                "hits": tally.hits,
                "tolerated_runs": tally.differing,
                "largest": None if tally.largest is None else str(tally.largest),
                "until": None if tally.rule.until is None else tally.rule.until.isoformat(),
            }
            for tally in corpus.rule_tallies.values()
        ],
        "waivers": [
            {
                "cluster": use.waiver.cluster,
                "owner": use.waiver.owner,
                "reason": use.waiver.reason,
                "until": use.waiver.until.isoformat(),
                "runs": use.runs,
                "expired": use.expired,
            }
            for use in info.waivers
        ],
        "unused_rules": [rule.path.text for rule in corpus.unused_rules],
        "one_sided_reads": [
            {"seam": one.seam, "method": one.method, "asked_by": one.asked_by, "runs": one.runs, "of": one.of}
            for one in corpus.one_sided_reads
        ],
        "reference_gave_up": list(corpus.gave_up),
        "tags": dict(sorted(corpus.tags.items())),
        "missing_tags": list(corpus.missing_tags),
        "own_time_s": {
            name: None if at is None else {"legacy": at.legacy_s, "candidate": at.candidate_s}
            for name, at in times.items()
        },
        "distinct_worlds": corpus.distinct_worlds,
        "distinct_diverged": corpus.distinct_diverged,
        "rate_bound": {"confidence": CONFIDENCE, "below": corpus.rate_bound()},
        "exit_code": corpus.exit_code,
    }


def _tally(tally: SeamTally) -> dict[str, Any]:
    return {
        "phase": tally.phase,
        **_counts(tally),
        "verdicts": {str(verdict): number for verdict, number in tally.verdicts.items()},
    }


def _cluster(cluster: Cluster, sighting: Sighting | None) -> dict[str, Any]:
    fingerprint = cluster.fingerprint
    return {
        "id": cluster.id,
        "seam": fingerprint.seam,
        "place": fingerprint.place,
        "kind": fingerprint.kind,
        "pattern": str(fingerprint.pattern),
        "unsafe": cluster.is_unsafe,
        "runs": cluster.runs,
        "reachable": cluster.reachable,
        "smallest": {"run": cluster.smallest.run, **divergence_json(cluster.smallest.divergence)},
        "sighting": None if sighting is None else str(sighting),
        "always_with": [one.id for one in cluster.always_with],
        "root": None if cluster.root is None else cluster.root.id,
    }


def _question(call: PortCall | None) -> dict[str, Any] | None:
    if call is None:
        return None
    asked = call_text(call.name, call.arguments, _CALL_CHARACTERS_MAX)
    return {"asked": asked, "asked_at": call.asked_at}


def gate_json(verdict: GateVerdict) -> dict[str, Any]:
    """Everything that the screen says; `exit_code` is what the command would exit with."""
    return {
        "phase": verdict.phase,
        "number": verdict.number,
        "from": str(verdict.old),
        "to": str(verdict.new),
        "source": verdict.source,
        "answer": str(verdict.answer),
        "code": verdict.code,
        "rules": verdict.rules,
        "evidence": verdict.evidence,
        "criteria": [
            {
                "name": one.name,
                "answer": str(one.answer),
                "required": one.required,
                "found": one.found,
                "detail": one.detail,
                "do": one.do,
            }
            for one in verdict.criteria
        ],
        "not_counted": list(verdict.not_counted),
        "not_shown": list(verdict.not_shown),
        "do_first": verdict.do_first,
        "exit_code": verdict.exit_code,
    }


def report_json(data: ReportData) -> dict[str, Any]:
    """Everything that the page says, and the sums it shows."""
    from changeover.views.html.caveats import unshown
    from changeover.views.html.data import period_of, word_of
    from changeover.views.html.headline import headline, worst_cluster

    top = headline(data)
    worst = worst_cluster(data)
    seams = data.corpus.seams
    stored = ("corpus", "others", "example", "runs")
    content = {
        one.name: plain_data(getattr(data, one.name)) for one in fields(data) if one.name not in stored
    }
    example = data.example
    return {
        "headline": {"word": top.word, "count": top.count, "sentence": top.sentence, "detail": top.detail},
        "title": top.title,
        "worst_cluster": None if worst is None else worst.digest,
        "counts": {name: _counts(seam) for name, seam in seams.items()},
        "total": _counts(data.total),
        "not_shown": unshown(data),
        **content,
        "corpus": plain_data(comparison_json(data.corpus)),
        "example": None if example is None else named_run_json(example, period_of(example)),
        "runs": [named_run_json(run, period_of(run)) for run in data.runs],
        "others": [{"number": one.number, "source": one.source, "word": word_of(one)} for one in data.others],
    }


def _counts(tally: SeamTally) -> dict[str, int]:
    names = ("runs", "match", "tolerated", "waived", "diverged", "unsafe", "not_compared")
    return {name: getattr(tally, name) for name in names}


def plain_data(value: Any) -> Any:
    """Values of the toolkit as JSON knows them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain_data(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_data(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_data(part) for part in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return value
