"""One source compared: its cases run, what they show gathered, and everything kept."""

from __future__ import annotations

import gc
import json
import os
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path as FilePath
from time import monotonic
from typing import Any

from changeover.cli.output import say
from changeover.cli.source_cases import BUILT_IN, Request, SourceCases
from changeover.compare.rules import STRICT, Rules
from changeover.errors import ConfigurationError
from changeover.evidence.case_runner import Selection, select
from changeover.evidence.code_digest import code_digest
from changeover.evidence.comparison_writer import CorpusKeeper
from changeover.evidence.corpus import Corpus
from changeover.evidence.fit_runs import FitRuns
from changeover.evidence.interruption import Interruption
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.rows import CorpusRow, cluster_row
from changeover.evidence.store.store import StoreProblem, store_path
from changeover.evidence.stored import FOLDER as SCENARIOS
from changeover.evidence.stored_run import SAMPLE_KEPT_WHOLE, STORE, stored_at
from changeover.evidence.summary import asked_for, summary_of
from changeover.gate.waivers_file import WAIVERS_NAME, load_waivers
from changeover.migration import Migration
from changeover.project import Project
from changeover.redaction.redactor import Redactor
from changeover.rollout.plan_file import Plan
from changeover.rollout.waivers import Waivers, today_utc, waiver_uses
from changeover.views.layout import plural
from changeover.views.text.heading import Heading, Stopped
from changeover.views.text.progress import Progress

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


def _shown_path(path: FilePath) -> str:
    try:
        return str(path.relative_to(FilePath.cwd()))
    except ValueError:
        return str(path)
