"""One run as a row of the store, and what of it is kept whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

from changeover.compare.cluster import fingerprint_of
from changeover.compare.comparison import Comparison
from changeover.evidence.store.records import GAVE_UP
from changeover.evidence.store.rows import run_body
from changeover.evidence.tallies import gave_up
from changeover.values.run import Run
from changeover.values.verdict import Verdict

STORE = "store"
SAMPLE_KEPT_WHOLE = 10
BODY_CHARACTERS_MAX = 1_000_000
CLUSTERS_OF_A_RUN_MAX = 50
LEFT_OUT = "more"
UNSAFE_MARK = "!"
WHOLE = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.FAILED, Verdict.WAIVED)
DIFFERING = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED)
UNSHOWN = (Verdict.FAILED, Verdict.UNPAIRED, Verdict.VACUOUS)
Redact = Callable[[Run], Run]


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
    return GAVE_UP if verdict not in UNSHOWN and gave_up(run) else run.reason


def clusters_of(run: Run) -> str:
    """The digests of what differs, marked where an effect does; at the end a word where more does.

    They are those of the values as they were, so that a finding has one name wherever it was made.
    """
    found: dict[str, None] = {}
    for divergence in run.divergences:
        mark = UNSAFE_MARK if divergence.is_unsafe else ""
        found[mark + fingerprint_of(run.seam, divergence).digest] = None
    listed = sorted(found, key=lambda digest: not digest.startswith(UNSAFE_MARK))
    left_out = isinstance(run.judgement, Comparison) and run.judgement.left_out
    if len(listed) > CLUSTERS_OF_A_RUN_MAX or left_out:
        listed = [*listed[:CLUSTERS_OF_A_RUN_MAX], LEFT_OUT]
    return json.dumps(listed)
