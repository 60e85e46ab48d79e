"""`changeover compare`: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path as FilePath
from time import monotonic

import click

from changeover.cli.output import format_option, say, show, show_json
from changeover.cli.project import Project, find_project
from changeover.compare.rules import STRICT, Rules
from changeover.comparing import CaseDone, Selection, compared_cases, select, stored_cases
from changeover.corpus import Corpus
from changeover.digest import code_digest
from changeover.errors import ConfigurationError
from changeover.migration import Migration
from changeover.observation import Path
from changeover.phases import Plan
from changeover.scenarios import Scenario
from changeover.screens.as_json import compare_json
from changeover.screens.compare import compare_screen
from changeover.screens.heading import Heading
from changeover.screens.layout import ink_for, plural
from changeover.screens.progress import Progress
from changeover.sources import Source, SourceOptions
from changeover.store import Store, store_path
from changeover.store_rows import SAMPLE_KEPT_WHOLE, CorpusRow, cluster_row, run_row, summary_text
from changeover.stored import FOLDER as SCENARIOS
from changeover.stored import stored_scenarios

RAISED_SHOWN_MAX = 3


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for."""

    names: tuple[str, ...]
    options: SourceOptions
    noise: bool
    fail_fast: bool


@click.command("compare")
@click.argument("names", nargs=-1, metavar="[PHASE or SEAM]...")
@click.option(
    "--source", "sources", multiple=True, metavar="NAME", help="where the cases come from; repeatable"
)
@click.option("--runs", type=click.IntRange(min=1), help="at most so many cases")
@click.option("--seed", type=int, default=0, show_default=True, help="for sources that generate cases")
@click.option("--world", type=click.Choice(["tape", "copy"]), default="tape", show_default=True)
@click.option(
    "--answer", type=click.Choice([str(side) for side in Path]), default="legacy", show_default=True
)
@click.option(
    "--noise", is_flag=True, help="replay the answering path itself: what differs is nondeterminism"
)
@click.option("--run", "only", metavar="ID", help="one case: SOURCE/CASE, or CASE with --source")
@click.option("--fail-fast", is_flag=True, help="stop at the first case that differs")
@click.option("--exit-zero", is_flag=True, help="exit 0 whatever differs")
@format_option
def command(
    names: tuple[str, ...],
    sources: tuple[str, ...],
    runs: int | None,
    seed: int,
    world: str,
    answer: str,
    noise: bool,
    only: str | None,
    fail_fast: bool,
    exit_zero: bool,
    format_: str,
) -> None:
    """Run both paths on every case of a source and compare what they return and do. No stage is changed.

    Exits 0 where nothing differs, 1 where something does, 3 where some runs could not be compared.

    For example: changeover compare portfolio --source history --runs 100
    """
    project = find_project(FilePath.cwd(), os.environ)
    migration = project.migration()
    chosen, only = _chosen(migration, sources, only)
    side = Path(answer)
    options = SourceOptions(runs, seed, "copy" if world == "copy" else "tape", side, only)
    request = Request(names, options, noise, fail_fast)
    codes, screens = [], []
    for source in chosen:
        heading, corpus = _compare(project, migration, source, request)
        codes.append(corpus.exit_code)
        if format_ == "json":
            screens.append(compare_json(heading, corpus))
        else:
            show(("\n" if len(codes) > 1 else "") + compare_screen(heading, corpus, ink_for(sys.stdout)))
    if format_ == "json":
        show_json({"comparisons": screens})
    code = 1 if 1 in codes else max(codes)
    raise click.exceptions.Exit(0 if exit_zero else code)


def _chosen(migration: Migration, names: Sequence[str], only: str | None) -> tuple[list[Source], str | None]:
    if only is not None and "/" in only and not names:
        source, _, only = only.partition("/")
        names = [source]
    elif only is not None and len(names) == 1:
        only = only.removeprefix(f"{names[0]}/")
    known = migration.sources.names
    if SCENARIOS in names:
        rest = [migration.sources.named(name) for name in dict.fromkeys(names) if name != SCENARIOS]
        return [Source(SCENARIOS, "recorded", lambda _: (), "scenarios"), *rest], only
    if not known:
        raise ConfigurationError(
            "the app", 'declares no scenario source: @migration.source("history", population="generated")'
        )
    return [migration.sources.named(name) for name in dict.fromkeys(names or known[:1])], only


def _compare(
    project: Project, migration: Migration, source: Source, request: Request
) -> tuple[Heading, Corpus]:
    began = monotonic()
    selection = select(migration, request.names)
    rules = project.rules(date.today())
    plan = migration.plan
    heading = _heading(migration, plan, source, request, rules or STRICT)
    corpus = Corpus(
        rules or STRICT,
        expected=[(seam, migration.seams[seam].phase) for seam in selection.seams],
        required_tags=_required_tags(plan, selection, source.name),
    )
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
    progress = Progress(sys.stderr, source.name, source.total(request.options))
    raised: list[str] = []
    if source.name == SCENARIOS:
        scenarios, damaged = stored_scenarios(migration, project.directory / SCENARIOS)
        corpus.damaged += [str(line) for line in damaged]
        cases = stored_cases(migration, _limited(scenarios, request.options), selection, rules)
    else:
        cases = compared_cases(
            migration, source, request.options, selection, rules=rules, noise=request.noise
        )
    try:
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
        request.options.world,
        request.noise,
        source.name == SCENARIOS,
        phases,
    )


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
