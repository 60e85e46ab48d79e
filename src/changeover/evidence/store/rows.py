"""What is kept of a comparison: rows of the store, and a run in the plain form that `explain` shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from changeover.compare.cluster import Cluster, Example
from changeover.compare.limits import NotComparable
from changeover.compare.provenance import Provenance
from changeover.values.divergence import ABSENT, Divergence
from changeover.values.form import plain
from changeover.values.observation import Observation, Path, PortCall
from changeover.values.outcome import Outcome, Raised
from changeover.values.run import Run
from changeover.views.layout import value_text

VALUE_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """One comparison; `whole` is false while it runs, and for one that did not come to its end.

    `summary` is what was asked for until it ends. `uid` names it in every store that it is imported into.
    """

    at: str
    source: str
    population: str
    code: str | None
    rules: str
    number: int = 0
    whole: bool = False
    summary: str = "{}"
    uid: str = ""
    answered_by: str = Path.LEGACY
    partial: bool = False


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """One cluster of one comparison; `body` is JSON."""

    digest: str
    body: str
    corpus: int = 0
    seam: str = ""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as it is looked up; `body` is JSON, None for one of which only the verdict is kept.

    `corpus` is 0 for a run in production.
    """

    id: str
    name: str
    seam: str
    phase: str
    verdict: str
    body: str | None
    corpus: int = 0


def cluster_row(
    number: int, cluster: Cluster, sighting: str, answer: Path, redact: Callable[[Any], Any] | None = None
) -> ClusterRow:
    """A cluster as it is kept; `number` counts them in the order in which a run meets them."""
    fingerprint = cluster.fingerprint
    body = {
        "id": cluster.id,
        "number": number,
        "seam": fingerprint.seam,
        "place": fingerprint.place,
        "kind": fingerprint.kind,
        "pattern": fingerprint.pattern,
        "unsafe": cluster.is_unsafe,
        "runs": cluster.runs,
        "occurrences": cluster.occurrences,
        "reachable": cluster.reachable,
        "first": _example(cluster.first),
        "last": _example(cluster.last),
        "smallest": _example(cluster.smallest),
        "always_with": [other.id for other in cluster.always_with],
        "root": None if cluster.root is None else cluster.root.id,
        "sighting": sighting,
        "answered_by": answer,
    }
    text = json.dumps(body if redact is None else redact(body), ensure_ascii=False)
    return ClusterRow(fingerprint.digest, text, seam=fingerprint.seam)


def shown(value: Any) -> Any:
    """A value in JSON: names and items as they are, other leaves as text with their type in front."""
    if value is ABSENT:
        return {"absent": True}
    try:
        return _plain_json(plain(value))
    except NotComparable as reason:
        return {"not kept": str(reason)}


def _plain_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain_json(part) for part in value]
    if value is None or isinstance(value, bool) or (type(value) is int and abs(value) < 2**53):
        return value
    if type(value) is str:
        return value if len(value) <= VALUE_CHARACTERS_MAX else f"{value[:VALUE_CHARACTERS_MAX]}…"
    return f"({type(value).__name__}) {value_text(value, VALUE_CHARACTERS_MAX)}"


def divergence_body(divergence: Divergence) -> dict[str, Any]:
    """A divergence in JSON; the texts are what screens show."""
    return {
        "place": divergence.place,
        "kind": divergence.kind,
        "detail": divergence.detail,
        "legacy": shown(divergence.legacy),
        "candidate": shown(divergence.candidate),
        "texts": [value_text(divergence.legacy, 200), value_text(divergence.candidate, 200)],
        "position": divergence.position,
        "consequence_of": divergence.consequence_of,
    }


def _example(example: Example) -> dict[str, Any]:
    return {"run": example.run, "size": example.size, "divergence": divergence_body(example.divergence)}


def run_body(run: Run) -> dict[str, Any]:
    """A run in the plain form that `explain` shows."""
    answered = run.legacy if run.answered_by is Path.LEGACY else run.candidate
    provenance = Provenance(run.arguments, answered.reads if answered is not None else ())
    return {
        "answered_by": run.answered_by,
        "stage": str(run.setting),
        "tags": list(run.tags),
        "reason": run.reason,
        "arguments": shown(run.arguments),
        "legacy": _observation(run.legacy),
        "candidate": _observation(run.candidate),
        "divergences": [
            {**divergence_body(found), "sighting": provenance.sentence(found.candidate)}
            for found in run.divergences
        ],
        "notes": [str(note) for note in run.notes],
    }


def _observation(observation: Observation | None) -> dict[str, Any] | None:
    if observation is None:
        return None
    calls = sorted(
        [("read", call) for call in observation.reads] + [("EFFECT", call) for call in observation.effects],
        key=lambda found: found[1].position,
    )
    return {
        "outcome": _outcome(observation.outcome),
        "calls": [_call(word, call) for word, call in calls],
        "own_time_s": observation.own_time_s,
        "inputs_mutated": observation.inputs_mutated,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Raised):
        return {"raised": type(outcome.error).__name__, "message": str(outcome.error)[:VALUE_CHARACTERS_MAX]}
    return {"returned": shown(outcome.value)}


def _call(word: str, call: PortCall) -> dict[str, Any]:
    return {
        "class": word,
        "name": call.name,
        "key": shown(call.key),
        "arguments": shown(call.arguments),
        "answer": _outcome(call.outcome),
        "position": call.position,
        "asked_at": call.asked_at,
    }
