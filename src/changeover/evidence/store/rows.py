"""What is kept of a comparison: rows of the store, and a run in the plain form that `explain` shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from changeover.evidence.store.records import GAVE_UP
from changeover.values.divergence import ABSENT, Divergence
from changeover.values.form import plain
from changeover.values.limits import NotComparable
from changeover.values.observation import Observation, PortCall, Side
from changeover.values.outcome import Outcome, Raised
from changeover.values.value_text import value_text
from changeover.values.verdict import Verdict

if TYPE_CHECKING:
    from changeover.compare.clusters import Cluster, Example
    from changeover.record.run import Run

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
    answered_by: str = Side.LEGACY
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
    number: int, cluster: Cluster, sighting: str, answer: Side, redact: Callable[[Any], Any] | None = None
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
    from changeover.compare.provenance import Provenance

    answered = run.legacy if run.answered_by is Side.LEGACY else run.candidate
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


STORE = "store"
SAMPLE_KEPT_WHOLE = 10
BODY_CHARACTERS_MAX = 1_000_000
CLUSTERS_OF_A_RUN_MAX = 50
LEFT_OUT = "more"
UNSAFE_MARK = "!"
WHOLE = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.FAILED, Verdict.WAIVED)
DIFFERING = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED)
UNSHOWN = (Verdict.FAILED, Verdict.UNPAIRED, Verdict.VACUOUS)
Redact = Callable[["Run"], "Run"]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """The columns of the table, in their order; `tags` and `clusters` are lists in JSON.

    `corpus` is None for a run in production. `tape` is a line of a scenario file, packed.
    """

    id: str
    corpus: int | None
    at: str
    population: str
    name: str
    seam: str
    phase: str
    stage: str
    answered_by: str
    key: str | None
    correlation_id: str | None
    tags: str
    world: str | None
    code: str | None
    rules: str
    verdict: str
    reason: str | None
    clusters: str
    legacy_s: float | None
    candidate_s: float | None
    renewed_at: str | None = None
    body: str | None = None
    tape: bytes | None = None

    @property
    def row(self) -> tuple[object, ...]:
        """The values, for the table."""
        return self.values(*COLUMNS)

    def values(self, *columns: str) -> tuple[object, ...]:
        """Some of them."""
        values = (getattr(self, name) for name in columns)
        return tuple(writable(value) if type(value) is str else value for value in values)

    @property
    def characters(self) -> int:
        """How much of it is worth dropping when memory is short."""
        return len(self.body or "") + len(self.tape or b"")

    def with_tape(self, tape: bytes | None) -> StoredRun:
        """The same run with its tape."""
        return self if tape is None else replace(self, tape=tape)

    def without_contents(self) -> StoredRun:
        """Only what counts."""
        return replace(self, body=None, tape=None)


COLUMNS = tuple(field.name for field in fields(StoredRun))


def writable(text: str) -> str:
    """Half a character that no encoding has (a lone surrogate) is written as JSON writes it."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def stored_at(moment: datetime) -> str:
    """A moment as stores keep it: in UTC, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def production_name(run: Run, at: str) -> str:
    """What people call a run in production: when it was, and the beginning of its identifier.

    Its source is the store, from where `compare --run` replays it.
    """
    return f"{STORE}/{at[:19]}Z-{run.id[:8]}"


def stored_run(
    run: Run,
    name: str,
    at: str,
    code: str | None,
    rules: str,
    *,
    redact: Redact | None = None,
    body: bool = False,
    counts: bool = True,
) -> StoredRun:
    """The row of one run, without its tape; `body` says whether it is kept whole.

    `counts` leaves out what a comparison keeps for all of its runs together. Nothing but the verdict is kept
    of a run that is neither whole nor counts, so that it need not be redacted.
    """
    verdict = Verdict(run.verdict)
    shown = redact(run) if redact is not None and (body or counts) else run
    said = body or counts
    text = json.dumps(run_body(shown), ensure_ascii=False) if body else None
    legacy, candidate = run.legacy, run.candidate
    return StoredRun(
        id=run.id,
        corpus=None,
        at=at,
        population=run.population,
        name=name,
        seam=run.seam,
        phase=run.phase,
        stage=str(run.setting),
        answered_by=str(run.answered_by),
        key=shown.key if said else None,
        correlation_id=shown.correlation_id if said else None,
        tags=json.dumps(shown.tags) if said and shown.tags else "[]",
        world=shown.world if counts and verdict not in UNSHOWN else None,
        code=code,
        rules=rules,
        verdict=str(verdict),
        reason=_reason(shown, verdict) if said else None,
        clusters=clusters_of(run) if counts and verdict in DIFFERING else "[]",
        legacy_s=None if legacy is None else legacy.own_time_s,
        candidate_s=None if candidate is None else candidate.own_time_s,
        body=text if text is not None and len(text) <= BODY_CHARACTERS_MAX else None,
    )


def _reason(run: Run, verdict: Verdict) -> str | None:
    """Why it was not compared; of a run that was, whether there was anything to compare with."""
    from changeover.evidence.tallies import gave_up

    return GAVE_UP if verdict not in UNSHOWN and gave_up(run) else run.reason


def clusters_of(run: Run) -> str:
    """The digests of what differs, marked where an effect does; at the end a word where more does.

    They are those of the values as they were, so that a finding has one name wherever it was made.
    """
    from changeover.compare.clusters import fingerprint_of
    from changeover.compare.comparison import Comparison

    found: dict[str, None] = {}
    for divergence in run.divergences:
        mark = UNSAFE_MARK if divergence.is_unsafe else ""
        found[mark + fingerprint_of(run.seam, divergence).digest] = None
    listed = sorted(found, key=lambda digest: not digest.startswith(UNSAFE_MARK))
    left_out = isinstance(run.judgement, Comparison) and run.judgement.left_out
    if len(listed) > CLUSTERS_OF_A_RUN_MAX or left_out:
        listed = [*listed[:CLUSTERS_OF_A_RUN_MAX], LEFT_OUT]
    return json.dumps(listed)
