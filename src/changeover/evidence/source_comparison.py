"""One source compared: its cases run, what they show gathered, and everything kept."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from changeover.cli.output import say
from changeover.compare.rules import STRICT, Rules
from changeover.errors import ConfigurationError
from changeover.evidence.case_runner import CaseDone, Selection, compared_cases, select, stored_cases
from changeover.evidence.code_digest import code_digest
from changeover.evidence.comparison_writer import CorpusKeeper
from changeover.evidence.corpus import Corpus
from changeover.evidence.interruption import Interruption
from changeover.evidence.renewal import Wanted, renewed_cases, stale_runs
from changeover.evidence.scenario_replay import FOLDER as SCENARIOS
from changeover.evidence.scenario_replay import stored_scenarios
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.rows import (
    SAMPLE_KEPT_WHOLE,
    STORE,
    WHOLE,
    CorpusRow,
    StoredRun,
    cluster_row,
    stored_at,
    stored_run,
)
from changeover.evidence.store.store import StoreProblem, store_path
from changeover.evidence.summary import asked_for, summary_of
from changeover.migration import Migration
from changeover.project import Project
from changeover.record.scenario_file import Scenario
from changeover.redaction.redacted_runs import FitRuns
from changeover.redaction.redactor import Redactor
from changeover.rollout.plan_file import Plan
from changeover.rollout.waivers import WAIVERS_NAME, Waivers, load_waivers, today_utc, waiver_uses
from changeover.values.verdict import Verdict
from changeover.views.layout import plural
from changeover.views.text.heading import Heading, Stopped
from changeover.views.text.progress import Progress

BUILT_IN = {
    SCENARIOS: Source(SCENARIOS, "recorded", lambda _: (), "scenarios"),
    STORE: Source(STORE, "production", lambda _: (), "runs"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for."""

    names: tuple[str, ...]
    options: SourceOptions
    noise: bool
    fail_fast: bool


@dataclass(slots=True)
class SourceCases:
    """Runs them one by one. `damaged` says which of the scenarios could not be read."""

    migration: Migration
    source: Source
    request: Request
    selection: Selection
    rules: Rules | None
    scenarios: Path
    store: Path
    code: str | None
    rules_digest: str
    now: datetime
    redact: FitRuns
    damaged: list[str] = field(default_factory=list)

    @property
    def total(self) -> int | None:
        """How many there will be, None where nobody knows; raises StoreProblem."""
        if self.source.name == STORE:
            return stale_runs(self.store, self._wanted())
        return self.source.total(self.request.options)

    @property
    def is_partial(self) -> bool:
        """Whether these are not the whole source, or not the other path that is compared."""
        options = self.request.options
        if self.source.name == STORE or self.request.noise or options.only is not None:
            return True
        whole = self.source.total(replace(options, limit=None))
        # Of a source that does not say how many there are, nobody knows what a limit has cut off.
        return options.limit is not None and (whole is None or options.limit < whole)

    def done(self) -> Generator[tuple[CaseDone, StoredRun | None], None, None]:
        """Every case when it is done, and of a stored run the row that renews it."""
        if self.source.name == STORE:
            yield from renewed_cases(
                self.migration, self.store, self._wanted(), self.rules, self.now, self.redact
            )
            return
        with closing(self._compared()) as cases:
            for done in cases:
                yield done, None

    def _compared(self) -> Generator[CaseDone, None, None]:
        options = self.request.options
        if self.source.name != SCENARIOS:
            return compared_cases(
                self.migration,
                self.source,
                options,
                self.selection,
                rules=self.rules,
                noise=self.request.noise,
            )
        scenarios, damaged = stored_scenarios(self.migration, self.scenarios)
        self.damaged += [str(line) for line in damaged]
        self.damaged += [
            f"scenario {one.id}: the app declares no seam {one.seam}"
            for one in scenarios
            if one.seam not in self.migration.seams
        ]
        return stored_cases(self.migration, self._limited(scenarios), self.selection, self.rules)

    def rows(self, done: CaseDone, *, sampled: bool, bodies: bool) -> list[StoredRun]:
        """What is kept of a case: whole if it diverged, failed or is sampled, while `bodies` are taken."""
        at = stored_at(self.now)
        return [
            stored_run(
                run,
                done.name,
                at,
                self.code,
                self.rules_digest,
                redact=self.redact,
                body=bodies and (sampled or Verdict(run.verdict) in WHOLE),
                counts=False,
            )
            for run in done.runs
        ]

    def _limited(self, scenarios: list[Scenario]) -> list[Scenario]:
        options = self.request.options
        wanted = [one for one in scenarios if options.only is None or one.id == options.only]
        return wanted[: options.limit]

    def _wanted(self) -> Wanted:
        options = self.request.options
        return Wanted(self.selection.seams, self.code, self.rules_digest, options.only, options.limit)


COLLECT_EVERY = 50_000
RAISED_SHOWN_MAX = 3


def compare_source(
    project: Project, migration: Migration, source: Source, request: Request
) -> tuple[Heading, Corpus]:
    """Run a source and keep what it showed; raises ConfigurationError."""
    began = monotonic()
    selection = select(migration, request.names)
    rules = project.rules(date.today())
    today = today_utc()
    migration.home.waived = waivers = Waivers(load_waivers(project.directory / WAIVERS_NAME, today))
    heading = _heading(migration, migration.plan, source, request, rules or STRICT)
    redactor = Redactor.for_project(migration.plan, project.root, os.environ)
    fit = FitRuns(redactor.run)
    path, now = store_path(project.root), datetime.now(UTC)
    cases = SourceCases(
        migration,
        source,
        request,
        selection,
        rules,
        project.directory / SCENARIOS,
        path,
        heading.code,
        heading.rules,
        now,
        fit,
    )
    corpus = _empty_corpus(migration, source, request, selection, rules, fit)
    keeper = CorpusKeeper(path, lambda problem: say(f"warning: {problem}"), renews=source.name == STORE)
    asked = asked_for(request.names, request.options, partial=cases.is_partial, noise=request.noise)
    keeper.begin(_row(now, source, heading, redactor.body(asked)))
    raised, stopped = _run(cases, corpus, keeper)
    corpus.damaged += cases.damaged
    sightings = corpus.sightings
    summary = summary_of(corpus, asked, source.unit, stopped=stopped)
    keeper.end(
        [
            cluster_row(number, one, sightings.get(one.fingerprint, ""), heading.answer, redactor.body)
            for number, one in enumerate(corpus.clusters)
        ],
        redactor.body(summary),
        whole=stopped is None,
        seams=[name for name, tally in corpus.seams.items() if tally.compared],
    )
    kept = "not kept" if keeper.problem else f"kept in {_shown_path(path)}"
    for line in raised:
        say(redactor.text(f"raised in {line}"))
    if source.name == STORE and not corpus.cases:
        say("every stored tape that could be replayed is on this code and these rules already")
    say(f"{plural(corpus.total.runs, 'comparison')} in {_duration(monotonic() - began)}; {kept}")
    used = waiver_uses(waivers.all, corpus.clusters, today)
    return replace(heading, waivers=used, stopped=stopped), corpus


def _run(cases: SourceCases, corpus: Corpus, keeper: CorpusKeeper) -> tuple[list[str], Stopped | None]:
    """What came out of the first cases that raised, and why it ended before the source did."""
    # Thousands of short-lived records a case in a program loaded for good: collecting less often saves 5 %.
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 20, 50)
    raised: list[str] = []
    try:
        progress = Progress(sys.stderr, cases.source.name, cases.total)
        try:
            with Interruption() as interruption, closing(cases.done()) as found:
                for done, renewed in found:
                    corpus.add(done.name, done.runs, done.tags)
                    if renewed is not None:
                        keeper.keep(renewed)
                    elif keeper.problem is None:
                        sampled = corpus.cases <= SAMPLE_KEPT_WHOLE
                        for row in cases.rows(done, sampled=sampled, bodies=keeper.takes_bodies):
                            keeper.keep(row)
                    cases.redact.forget()
                    if done.raised is not None and len(raised) < RAISED_SHOWN_MAX:
                        raised.append(f"{done.name}: {done.raised}")
                    progress.tell(corpus)
                    if cases.request.fail_fast and corpus.total.diverged:
                        return raised, "fail-fast"
                    if interruption.is_asked_for:
                        return raised, "interrupted"
        finally:
            progress.end()
            keeper.flush()
    except StoreProblem as problem:
        raise ConfigurationError(str(cases.store), f"cannot be read as a store: {problem.why}") from problem
    return raised, "interrupted" if interruption.is_asked_for else None


def _row(now: datetime, source: Source, heading: Heading, asked: dict[str, Any]) -> CorpusRow:
    return CorpusRow(
        stored_at(now),
        source.name,
        source.population,
        heading.code,
        heading.rules,
        answered_by=heading.answer,
        summary=json.dumps(asked, ensure_ascii=False),
        partial=asked["partial"],
    )


def _empty_corpus(
    migration: Migration,
    source: Source,
    request: Request,
    selection: Selection,
    rules: Rules | None,
    redact: FitRuns,
) -> Corpus:
    """A whole source is expected to cross every seam and to show every tag; single cases are not."""
    if source.name in BUILT_IN or request.options.only is not None:
        return Corpus(rules or STRICT, redact=redact)
    seams = [(seam, migration.seams[seam].phase) for seam in selection.seams]
    tags = _required_tags(migration.plan, selection, source.name)
    return Corpus(rules or STRICT, expected=seams, required_tags=tags, redact=redact)


def _heading(
    migration: Migration, plan: Plan | None, source: Source, request: Request, rules: Rules
) -> Heading:
    phases = {} if plan is None else {name: one.number for name, one in plan.phases.items() if one.seams}
    return Heading(
        "migration" if plan is None else plan.name,
        code_digest(plan.code) if plan is not None and plan.code else None,
        rules.digest,
        source.name,
        source.unit,
        request.options.answer,
        _copied(migration, request.options),
        request.noise,
        source.name in BUILT_IN,
        tuple(name for name in migration.sources.names if name != source.name),
        phases,
    )


def _copied(migration: Migration, options: SourceOptions) -> tuple[str, ...]:
    """The ports that the other path gets copies of; raises ConfigurationError where it would get none."""
    if options.world == "tape":
        return ()
    ports = tuple(port.name for port in migration.home.book.ports.values() if port.world is not None)
    if not ports:
        raise ConfigurationError("--world", "was 'copy', allowed: tape, as no port of the app offers world=")
    return ports


def _required_tags(plan: Plan | None, selection: Selection, source: str) -> list[str]:
    """The tags that the gates of these phases want to see in this source."""
    return [
        tag
        for name, phase in ({} if plan is None else plan.phases).items()
        if name in selection.phases
        for gate in phase.gates.values()
        if gate.corpus is not None and source in gate.corpus.sources
        for tag in gate.corpus.tags
    ]


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"


def _shown_path(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
