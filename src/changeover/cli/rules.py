"""`changeover rules check` and `changeover rules blindspots`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic

import click

from changeover.cli.output import format_option, say, show, show_json
from changeover.compare.rules import STRICT, Rules
from changeover.compare.rules_file import check_rules_file
from changeover.evidence.case_runner import select
from changeover.evidence.mutation_search import ALIKE_MAX, BlindSpotSearch
from changeover.evidence.sources import Source, SourceOptions
from changeover.gate.accepted_blind_spots import ACCEPTED_NAME, BlindSpotReview, load_accepted_blind_spots
from changeover.migration import Migration
from changeover.project import Project, find_project
from changeover.settings import RULES_FILE
from changeover.values.gate_verdict import EXIT_CODES
from changeover.views.layout import screen_for
from changeover.views.text.mutations import blind_spots_screen
from changeover.views.text.rules import rules_screen

CASES = 64
"""Of each source: enough for every tag of a source that deals them out in turn."""

LINE_S = 10.0


@click.group("rules")
def command() -> None:
    """Are the rules sound, and what do they hide."""


@command.command("check", short_help="everything that is wrong with rules.toml")
@format_option
def check(format_: str) -> None:
    """Read rules.toml and say everything that is wrong with it; exits 1 where something is.

    For example: changeover rules check
    """
    path = find_project(Path.cwd(), os.environ).directory / RULES_FILE
    rules, problems = (STRICT, []) if not path.exists() else check_rules_file(path, today=date.today())
    if format_ == "json":
        found = [{"line": problem.line, "problem": problem.text} for problem in problems]
        show_json(
            "rules-check",
            {"file": str(path), "problems": found, "digest": None if rules is None else rules.digest},
        )
    else:
        show(rules_screen(path.name, rules, problems, screen_for(sys.stdout)))
    raise click.exceptions.Exit(1 if problems else 0)


@command.command("blindspots", short_help="what the comparison would not notice")
@click.argument("names", metavar="[PHASE]...", nargs=-1)
@click.option(
    "--source", "sources", metavar="NAME", multiple=True, help="where runs come from; all that are declared"
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=CASES,
    show_default=True,
    help="at most so many cases of each source",
)
@click.option("--seed", type=int, default=0, show_default=True, help="for sources that generate cases")
@click.option("--everything", is_flag=True, help="alter places that look alike as well, in every run")
@format_option
def blindspots(
    names: tuple[str, ...], sources: tuple[str, ...], runs: int, seed: int, everything: bool, format_: str
) -> None:
    """Alter every place of real runs in turn, and list what the comparison does not notice.

    Exits 0 where everything was noticed or is listed in blindspots.toml, 1 where something is not or an
    effect is hidden, 3 where nothing could be altered.

    For example: changeover rules blindspots trading --source history --source stress
    """
    project = find_project(Path.cwd(), os.environ)
    accepted = load_accepted_blind_spots(project.directory / ACCEPTED_NAME)
    migration = project.migration()
    rules = project.rules(date.today()) or STRICT
    selection = select(migration, names)
    chosen = [migration.sources.named(name) for name in sources or migration.sources.names]
    search = BlindSpotSearch(migration, rules, alike_max=None if everything else ALIKE_MAX)
    for source in chosen:
        options = SourceOptions(runs, seed)
        watched = _Watched(source, options)
        for _ in search.look_at(source, options, selection):
            watched.tell(search)
    seams: dict[str, list[str]] = {}
    for seam in selection.seams:
        seams.setdefault(migration.seams[seam].phase, []).append(seam)
    review = BlindSpotReview(search, seams, accepted)
    _keep(project, migration, rules, review)
    if format_ == "json":
        show_json("rules-blindspots", review.as_data())
    else:
        show(blind_spots_screen(review, screen_for(sys.stdout)))
    raise click.exceptions.Exit(EXIT_CODES[review.answer()])


def _keep(project: Project, migration: Migration, rules: Rules, review: BlindSpotReview) -> None:
    """A phase of which only some seams were looked at is not one that was looked at."""
    from changeover.evidence.code_digest import code_digest
    from changeover.evidence.store.store import keep_review, store_path

    path = store_path(project.root)
    plan = migration.plan
    code = code_digest(plan.code) if plan is not None and plan.code else None
    for one in review.reviews(datetime.now(UTC), code, rules.digest):
        whole = {seam.name for seam in migration.seams.values() if seam.phase == one.name}
        if whole != set(review.seams[one.name]):
            say(f"{one.name}: not kept as evidence, as not all of its seams were looked at")
            continue
        problem = keep_review(path, one)
        if problem is not None:
            say(f"{one.name}: not kept as evidence: {problem}")


class _Watched:
    """A line now and then about how far a search is."""

    def __init__(self, source: Source, options: SourceOptions) -> None:
        self._source = source
        self._total = source.total(options)
        self._last = monotonic()
        self._cases = 0

    def tell(self, search: BlindSpotSearch) -> None:
        """One more case is done."""
        self._cases += 1
        if monotonic() - self._last < LINE_S:
            return
        self._last = monotonic()
        of = "" if self._total is None else f" of {self._total:,}"
        say(f"{self._source.name}   {self._cases:,}{of}   {search.tried.total():,} alterations")
