"""The same screens for programs."""

from __future__ import annotations

from typing import Any

from changeover.compare.cluster import Cluster
from changeover.evidence.confidence import CONFIDENCE
from changeover.evidence.corpus import Corpus
from changeover.evidence.store.rows import divergence_body
from changeover.evidence.tallies import SeamTally
from changeover.values.observation import PortCall
from changeover.views.layout import call_text
from changeover.views.text.heading import Heading

_CALL_CHARACTERS_MAX = 2_000


def compare_json(heading: Heading, corpus: Corpus) -> dict[str, Any]:
    """Everything that the screen of `compare` says; `exit_code` is what the command would exit with."""
    times = {f"p{round(100 * at)}": corpus.times.at(at) for at in (0.5, 0.95)}
    return {
        "migration": heading.migration,
        "code": heading.code,
        "rules": heading.rules,
        "source": heading.source,
        "answered_by": heading.answer,
        "copied": list(heading.copied),
        "noise": heading.noise,
        "stopped": heading.stopped,
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
        "clusters": [_cluster(one, corpus.sightings.get(one.fingerprint, "")) for one in corpus.clusters],
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
            for use in heading.waivers
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
        "runs": tally.runs,
        "match": tally.match,
        "tolerated": tally.tolerated,
        "waived": tally.waived,
        "diverged": tally.diverged,
        "unsafe": tally.unsafe,
        "not_compared": tally.not_compared,
        "verdicts": {str(verdict): number for verdict, number in tally.verdicts.items()},
    }


def _cluster(cluster: Cluster, sighting: str) -> dict[str, Any]:
    fingerprint = cluster.fingerprint
    return {
        "id": cluster.id,
        "seam": fingerprint.seam,
        "place": fingerprint.place,
        "kind": fingerprint.kind,
        "pattern": fingerprint.pattern,
        "unsafe": cluster.is_unsafe,
        "runs": cluster.runs,
        "reachable": cluster.reachable,
        "smallest": {"run": cluster.smallest.run, **divergence_body(cluster.smallest.divergence)},
        "sighting": sighting or None,
        "always_with": [one.id for one in cluster.always_with],
        "root": None if cluster.root is None else cluster.root.id,
    }


def _question(call: PortCall | None) -> dict[str, Any] | None:
    if call is None:
        return None
    asked = call_text(call.name, call.arguments, _CALL_CHARACTERS_MAX)
    return {"asked": asked, "asked_at": call.asked_at}
