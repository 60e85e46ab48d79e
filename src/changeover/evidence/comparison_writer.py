"""Keeps one comparison over a source: its runs while it goes on, and what it showed when it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from changeover.compare.rule import rule_says
from changeover.evidence.comparison_totals import Corpus, RuleTally
from changeover.evidence.run_record import RunRecord
from changeover.evidence.store.connection import Connection
from changeover.evidence.store.maintenance import prune, usual_limits
from changeover.evidence.store.records import StoredComparison, StoredRun
from changeover.evidence.store.rows_of_runs import stored_cluster, without_body
from changeover.evidence.store.store import NOWHERE, StorePlace, StoreProblem, has_store, reading, writing
from changeover.evidence.store.summary import OwnTime, ReasonCount, RuleUse, Summary
from changeover.evidence.store.writing import RedactData, add_corpus, add_runs, end_corpus, renew_runs
from changeover.evidence.timeline import OwnTimes

BODIES_KEPT_MAX = 5_000
WRITTEN_TOGETHER = 200


class ComparisonWriter:
    """Begin, keep, end; `problem` says why nothing is kept any more, None while all is well.

    The runs of a comparison are its own; with `renews` they are runs in production that are there already.
    `redact` takes secrets out of what is written about the comparison itself.
    """

    def __init__(
        self,
        path: StorePlace,
        warn: Callable[[str], None],
        *,
        renews: bool = False,
        redact: RedactData = lambda data: data,
    ) -> None:
        self.path = path
        self.problem: str | None = "nothing is kept" if path == NOWHERE else None
        self._warn = warn
        self._renews = renews
        self._redact = redact
        self._number: int | None = None
        self._waiting: list[StoredRun] = []
        self._bodies = 0

    def begin(self, comparison: StoredComparison) -> None:
        """A comparison begins; what is beyond the limits of the store is forgotten."""

        def add(connection: Connection) -> None:
            self._number = add_corpus(connection, comparison, self._redact)
            prune(connection, usual_limits(comparison.at))

        self._write(add)

    @property
    def takes_bodies(self) -> bool:
        """Whether more runs can be kept whole; of the others only the verdict is kept."""
        return self._bodies < BODIES_KEPT_MAX

    def keep_case(self, runs: Sequence[RunRecord]) -> None:
        """The runs of one case; no longer whole when as many are kept whole as can be."""
        if self.problem is not None:
            return
        whole = self.takes_bodies or self._renews
        for row in (run.row for run in runs):
            if row is not None:
                self.keep(row if whole else without_body(row))

    def keep(self, run: StoredRun) -> None:
        """One run; written together with others, so that the file is never locked for long."""
        self._bodies += run.body is not None
        self._waiting.append(run)
        if len(self._waiting) >= WRITTEN_TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting; also where the comparison ends before its time."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if self._renews:
            self._write(lambda connection: renew_runs(connection, waiting))
        else:
            runs = [replace(run, corpus=self._number) for run in waiting]
            self._write(lambda connection: add_runs(connection, runs))

    def end(self, comparison: StoredComparison) -> None:
        """The comparison is over, `whole` or stopped early: its clusters, and what its screen showed."""
        self.flush()
        if self._number is not None:
            numbered = replace(comparison, number=self._number)
            self._write(lambda connection: end_corpus(connection, numbered, self._redact))

    def _write(self, statements: Callable[[Connection], None]) -> None:
        if self.problem is not None:
            return
        try:
            with writing(self.path) as connection:
                statements(connection)
        except StoreProblem as problem:
            self.problem = f"{self.path}: runs are not kept: {problem.why}"
            self._warn(self.problem)


PAIRS_KEPT_MAX = 200
REASONS_KEPT_MAX = 50
DAMAGED_KEPT_MAX = 50
TEXT_MAX = 500


def ended(begun: StoredComparison, corpus: Corpus, unit: str, stopped: str | None) -> StoredComparison:
    """The comparison with everything that it showed; `begun` says what was asked for."""
    late = ((phase, times.at(0.95)) for phase, times in corpus.phase_times.items())
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
            stored_cluster(number, one, corpus.sighting_of(one), begun.answered_by)
            for number, one in enumerate(corpus.clusters)
        ),
        own_times={phase: at for phase, at in late if at is not None},
        summary=_summary(begun.summary, corpus, unit, stopped),
    )


def _summary(asked: Summary, corpus: Corpus, unit: str, stopped: str | None) -> Summary:
    reasons = corpus.not_compared.reasons
    same = ("cases", "first", "last", "missing_tags", "silent_cases", "exit_code", "one_sided_reads")
    return replace(
        asked,
        stopped=stopped,
        unit=unit,
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
                next((str(line)[:TEXT_MAX] for side, line in one.logged if side is one.asked_by), ""),
            )
            for one in reasons[:REASONS_KEPT_MAX]
        ),
        not_compared_left_out=corpus.not_compared.left_out
        + sum(one.runs for one in reasons[REASONS_KEPT_MAX:]),
        clusters_left_out=corpus.clusters_left_out,
        unvaried=corpus.unvaried,
        **{name: getattr(corpus, name) for name in same},
    )


def _own_time(times: OwnTimes) -> OwnTime:
    return OwnTime(times.at(0.5), times.at(0.95), tuple(times.some(PAIRS_KEPT_MAX)))


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


def has_differences(path: StorePlace, code: str | None, rules: str, but: str) -> bool:
    """Whether a run on this code and these rules differed that is of no case of this source."""
    if not has_store(path):
        return False
    try:
        with reading(path) as connection:
            found = connection.execute(
                "SELECT 1 FROM runs WHERE verdict IN ('unsafe', 'diverged') AND coalesce(code, '') = ?"
                " AND rules = ?"
                " AND (corpus IS NULL OR corpus NOT IN (SELECT number FROM corpora WHERE source = ?))"
                " LIMIT 1",
                (code or "", rules, but),
            ).fetchall()
    except StoreProblem:
        return False
    return bool(found)
