"""One source compared: its cases run, what they show gathered, and everything kept."""

from __future__ import annotations

import gc
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path as FilePath
from time import monotonic

from changeover.cli.output import say
from changeover.cli.project import Project
from changeover.compare.rules import STRICT, Rules
from changeover.errors import ConfigurationError
from changeover.evidence.comparing import CaseDone, Selection, compared_cases, select, stored_cases
from changeover.evidence.corpus import Corpus
from changeover.evidence.digest import code_digest
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store import Store, store_path
from changeover.evidence.store_rows import SAMPLE_KEPT_WHOLE, CorpusRow, cluster_row, run_row, summary_text
from changeover.evidence.stored import FOLDER as SCENARIOS
from changeover.evidence.stored import stored_scenarios
from changeover.migration import Migration
from changeover.plan.phases import Plan
from changeover.recording.scenarios import Scenario
from changeover.screens.heading import Heading
from changeover.screens.layout import plural
from changeover.screens.progress import Progress

COLLECT_EVERY = 50_000
RAISED_SHOWN_MAX = 3


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for."""

    names: tuple[str, ...]
    options: SourceOptions
    noise: bool
    fail_fast: bool


def compare_source(
    project: Project, migration: Migration, source: Source, request: Request
) -> tuple[Heading, Corpus]:
    """Run a source and keep what it showed; raises ConfigurationError."""
    began = monotonic()
    selection = select(migration, request.names)
    rules = project.rules(date.today())
    plan = migration.plan
    heading = _heading(migration, plan, source, request, rules or STRICT)
    corpus = _empty_corpus(migration, source, request, selection, rules)
    path = store_path(project.root)
    with Store(path, lambda problem: say(f"warning: {problem}")) as store:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        store.begin(CorpusRow(now, source.name, source.population, heading.code, heading.rules))
        raised = _run(project, migration, source, request, selection, rules, corpus, store)
        store.end(
            (
                cluster_row(number, one, corpus.sightings.get(one.fingerprint, ""), heading.answer)
                for number, one in enumerate(corpus.clusters)
            ),
            summary_text(
                corpus,
                request.names,
                request.options.seed,
                partial=request.noise or request.options.only is not None,
            ),
        )
        kept = "not kept" if store.problem else f"kept in {_shown_path(path)}"
    for line in raised[:RAISED_SHOWN_MAX]:
        say(f"raised in {line}")
    say(f"{plural(corpus.total.runs, 'comparison')} in {_duration(monotonic() - began)}; {kept}")
    return heading, corpus


def _run(
    project: Project,
    migration: Migration,
    source: Source,
    request: Request,
    selection: Selection,
    rules: Rules | None,
    corpus: Corpus,
    store: Store,
) -> list[str]:
    # Thousands of short-lived records a case in a program loaded for good: collecting less often saves 5 %.
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 20, 50)
    progress = Progress(sys.stderr, source.name, source.total(request.options))
    raised: list[str] = []
    if source.name == SCENARIOS:
        scenarios, damaged = stored_scenarios(migration, project.directory / SCENARIOS)
        corpus.damaged += [str(line) for line in damaged]
        corpus.damaged += [
            f"scenario {one.id}: the app declares no seam {one.seam}"
            for one in scenarios
            if one.seam not in migration.seams
        ]
        found = stored_cases(migration, _limited(scenarios, request.options), selection, rules)
    else:
        found = compared_cases(
            migration, source, request.options, selection, rules=rules, noise=request.noise
        )
    try:
        with closing(found) as cases:
            for done in cases:
                corpus.add(done.name, done.runs, done.tags)
                _keep(store, done, whole=corpus.cases <= SAMPLE_KEPT_WHOLE)
                if done.raised is not None and len(raised) < RAISED_SHOWN_MAX:
                    raised.append(f"{done.name}: {done.raised}")
                progress.tell(corpus)
                if request.fail_fast and corpus.total.diverged:
                    break
    finally:
        progress.end()
    return raised


def _empty_corpus(
    migration: Migration, source: Source, request: Request, selection: Selection, rules: Rules | None
) -> Corpus:
    """A whole source is expected to cross every seam and to show every tag; single cases are not."""
    if source.name == SCENARIOS or request.options.only is not None:
        return Corpus(rules or STRICT)
    seams = [(seam, migration.seams[seam].phase) for seam in selection.seams]
    tags = _required_tags(migration.plan, selection, source.name)
    return Corpus(rules or STRICT, expected=seams, required_tags=tags)


def _limited(scenarios: list[Scenario], options: SourceOptions) -> list[Scenario]:
    wanted = [one for one in scenarios if options.only is None or one.id == options.only]
    return wanted[: options.limit]


def _keep(store: Store, done: CaseDone, *, whole: bool) -> None:
    if store.problem is None:
        for run in done.runs:
            store.keep(run_row(done.name, run, sampled=whole, bodies=store.takes_bodies))


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
        source.name == SCENARIOS,
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
