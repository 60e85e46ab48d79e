"""From runs and clusters of a program to what is kept of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from changeover.compare.clusters import Cluster, Example, fingerprint_of
from changeover.compare.comparison import Comparison
from changeover.compare.provenance import Provenance, Sighting
from changeover.evidence.store.production import OTHER_CODE
from changeover.evidence.store.records import STORE, StoredCluster, StoredRun
from changeover.evidence.store.run_contents import KeptError, RunContents, TypedText, contents_data
from changeover.evidence.tallies import NOT_COMPARED
from changeover.record.run import Run
from changeover.values.divergence import ABSENT, Divergence
from changeover.values.error_text import text_of
from changeover.values.form import plain
from changeover.values.limits import NotComparable
from changeover.values.observation import Observation, Outcome, PortCall, Raised, Returned, Side
from changeover.values.scalars import base_of
from changeover.values.scalars import text as scalar_text
from changeover.values.value_text import WrittenValue, around_difference
from changeover.values.verdict import Verdict

SAMPLE_KEPT_WHOLE = 10
BODY_CHARACTERS_MAX = 1_000_000
VALUE_CHARACTERS_MAX = 2_000
CLUSTERS_OF_A_RUN_MAX = 50
LEFT_OUT = "more"
WHOLE = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.FAILED, Verdict.WAIVED)
DIFFERING = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED)
Redact = Callable[[Run], Run]


def stored_at(moment: datetime) -> str:
    """A moment as stores keep it: in UTC, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def production_name(run: Run, at: datetime) -> str:
    """What people call a run in production: when it was, and the beginning of its identifier.

    Its source is the store, from where `compare --run` replays it.
    """
    return f"{STORE}/{stored_at(at)[:19]}Z-{run.id[:8]}"


def stored_run(
    run: Run,
    name: str,
    at: datetime,
    code: str | None,
    rules: str,
    *,
    redact: Redact | None = None,
    body: bool = False,
    counts: bool = True,
    world: str | None = None,
) -> StoredRun:
    """A run as it is kept, without its tape; `body` says whether it is kept whole.

    `counts` leaves out what a comparison keeps for all of its runs together. Nothing but the verdict is kept
    of a run that is neither whole nor counts, so that it need not be redacted. `world` is the digest of what
    the run saw, where somebody has worked it out already.
    """
    verdict = run.verdict
    is_compared = verdict not in NOT_COMPARED
    says = body or counts
    fit = redact(run) if redact is not None and says else run
    text = json.dumps(contents_data(contents_of(fit)), ensure_ascii=False) if body else None
    clusters, unsafe = clusters_of(run) if says and verdict in DIFFERING else ((), ())
    legacy, candidate = run.legacy, run.candidate
    gave_nothing = any(side is not None and side.gave_nothing for side in (legacy, candidate))
    return StoredRun(
        id=run.id,
        at=at,
        seam=run.seam,
        phase=run.phase,
        stage=str(run.setting),
        answered_by=run.answered_by,
        verdict=verdict,
        code=code,
        rules=rules,
        world=(world or fit.tape.world_digest(fit.seam, fit.arguments)) if counts and is_compared else None,
        clusters=clusters,
        reason=_reason_of(fit) if says else None,
        tags=fit.tags if says else (),
        legacy_s=None if legacy is None else legacy.own_time_s,
        candidate_s=None if candidate is None else candidate.own_time_s,
        unsafe=unsafe,
        gave_up=says and is_compared and gave_nothing and run.reference_gave_nothing,
        population=run.population,
        name=name,
        key=fit.pins.key if says else None,
        correlation_id=fit.pins.correlation_id if says else None,
        body=text if text is not None and len(text) <= BODY_CHARACTERS_MAX else None,
    )


def _reason_of(run: Run) -> str | None:
    """Why it was not compared: a sentence; but what is counted apart is written as the word for it."""
    departs = run.verdict is Verdict.FAILED and any(note.kind == OTHER_CODE for note in run.notes)
    return OTHER_CODE if departs else run.reason


def without_body(row: StoredRun) -> StoredRun:
    """The row of a run of which nothing but the verdict is kept."""
    return replace(
        row,
        world=None,
        clusters=(),
        reason=None,
        tags=(),
        unsafe=(),
        gave_up=False,
        key=None,
        correlation_id=None,
        body=None,
    )


def clusters_of(run: Run) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The digests of what differs, those of effects first, and these once more alone.

    They are those of the values as they were, so that a finding has one name wherever it was made.
    """
    found = {
        fingerprint_of(run.seam, divergence).digest: divergence.is_unsafe for divergence in run.divergences
    }
    listed = sorted(found, key=lambda digest: not found[digest])
    left_out = isinstance(run.judgement, Comparison) and run.judgement.left_out
    kept = tuple(listed[:CLUSTERS_OF_A_RUN_MAX])
    unsafe = tuple(digest for digest in kept if found[digest])
    return (*kept, LEFT_OUT) if len(listed) > len(kept) or left_out else kept, unsafe


def contents_of(run: Run) -> RunContents:
    """The run as it is kept."""
    return RunContents(
        run.answered_by,
        str(run.setting),
        run.tags,
        run.reason,
        keep_value(run.arguments),
        _keep_observation(run.legacy),
        _keep_observation(run.candidate),
        tuple(map(keep_divergence, run.divergences)),
        _sightings(run) if run.divergences else (),
        tuple(map(str, run.notes)),
        () if run.elsewhere is None else run.elsewhere.isolation,
    )


def _sightings(run: Run) -> tuple[Sighting | None, ...]:
    provenance = Provenance(run.arguments, run.answered.reads if run.answered else ())
    return tuple(provenance.first(found.candidate) for found in run.divergences)


def keep_divergence(divergence: Divergence) -> Divergence:
    """The divergence with its values in kept form."""
    legacy, candidate = divergence.legacy, divergence.candidate
    are_texts = type(legacy) is str and type(candidate) is str
    if are_texts and max(len(legacy), len(candidate)) > VALUE_CHARACTERS_MAX:  # cut away is what is alike
        legacy, candidate = around_difference(legacy, candidate, VALUE_CHARACTERS_MAX)
    elif type(legacy) is bytes and type(candidate) is bytes:
        legacy, candidate = _bytes_around_difference(legacy, candidate)
    sides = keep_value(legacy), keep_value(candidate)
    return replace(divergence, legacy=sides[0], candidate=sides[1])


def _bytes_around_difference(legacy: bytes, candidate: bytes) -> tuple[bytes, bytes]:
    if max(len(legacy), len(candidate)) <= VALUE_CHARACTERS_MAX:
        return legacy, candidate
    texts = legacy.decode("latin-1"), candidate.decode("latin-1")
    old, new = around_difference(*texts, VALUE_CHARACTERS_MAX // 2)
    return old.replace("…", "...").encode("latin-1"), new.replace("…", "...").encode("latin-1")


def _keep_observation(observation: Observation | None) -> Observation | None:
    if observation is None:
        return None
    effects, reads = (tuple(map(_keep_call, calls)) for calls in (observation.effects, observation.reads))
    changed = {root: keep_value(value) for root, value in (observation.changed or {}).items()}
    return replace(
        observation,
        outcome=_keep_outcome(observation.outcome),
        effects=effects,
        reads=reads,
        changed=changed,
        events=tuple(step._replace(content=keep_value(step.content)) for step in observation.events),
    )


def _keep_call(call: PortCall) -> PortCall:
    key, arguments = keep_value(call.key), keep_value(call.arguments)
    return replace(call, key=key, arguments=arguments, outcome=_keep_outcome(call.outcome))


def _keep_outcome(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Returned):
        return Returned(keep_value(outcome.value))
    error = KeptError(type(outcome.error).__name__, text_of(outcome.error)[:VALUE_CHARACTERS_MAX])
    return Raised(error, outcome.raised_at)


def keep_value(value: Any) -> Any:
    """The value in mappings, lists, JSON's own leaves, `TypedText` and ABSENT; long texts are cut."""
    if value is ABSENT:
        return value
    try:
        return _kept(plain(value))
    except NotComparable as reason:
        return {"not kept": str(reason)}


def _kept(value: Any) -> Any:
    cls = type(value)
    if cls is dict:
        return {str(name): _kept(part) for name, part in value.items()}
    if cls is list:
        return [_kept(part) for part in value]
    if value is None or cls is bool or (cls is int and abs(value) < 2**53):
        return value
    if cls is WrittenValue:
        return value.kept
    text = value if cls is str else _leaf_text(value)
    text = text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"
    return text if cls is str else TypedText(cls.__name__, text)


def _leaf_text(value: Any) -> str:
    return scalar_text(value) if base_of(type(value)) is not None else str(value)


def stored_cluster(number: int, cluster: Cluster, sighting: Sighting | None, answer: Side) -> StoredCluster:
    """A cluster as it is kept."""
    fingerprint = cluster.fingerprint
    return StoredCluster(
        fingerprint.digest,
        fingerprint.seam,
        fingerprint.place,
        fingerprint.kind,
        fingerprint.pattern,
        cluster.is_unsafe,
        cluster.runs,
        number=number,
        occurrences=cluster.occurrences,
        reachable=cluster.reachable,
        first=_keep_example(cluster.first),
        last=_keep_example(cluster.last),
        smallest=_keep_example(cluster.smallest),
        always_with=tuple(other.id for other in cluster.always_with),
        root=None if cluster.root is None else cluster.root.id,
        sighting=sighting,
        answered_by=answer,
    )


def _keep_example(example: Example) -> Example:
    return replace(example, divergence=keep_divergence(example.divergence), at=None)
