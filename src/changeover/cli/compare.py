"""`changeover compare`: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path as FilePath

import click

from changeover.cli.output import format_option, say, show, show_json
from changeover.cli.source_cases import BUILT_IN, Request
from changeover.errors import ChangeoverError, ConfigurationError
from changeover.evidence.source_comparison import compare_source
from changeover.evidence.sources import Source, SourceOptions
from changeover.migration import Migration
from changeover.project import Project, find_project
from changeover.report.file import check_place, write_report
from changeover.values.observation import Path
from changeover.views.json import compare_json
from changeover.views.layout import ink_for
from changeover.views.text.compare import compare_screen


@click.command("compare")
@click.argument("names", nargs=-1, metavar="[PHASE or SEAM]...")
@click.option(
    "--source", "sources", multiple=True, metavar="NAME", help="where the cases come from; repeatable"
)
@click.option("--runs", type=click.IntRange(min=1), help="at most so many cases")
@click.option("--seed", type=int, default=0, show_default=True, help="for sources that generate cases")
@click.option(
    "--world",
    type=click.Choice(["tape", "copy"]),
    default="tape",
    show_default=True,
    help="what answers the replayed path: the recording, or copies of the ports that offer one",
)
@click.option(
    "--answer",
    type=click.Choice([str(side) for side in Path]),
    default="legacy",
    show_default=True,
    help="which path runs for real; the other is replayed",
)
@click.option(
    "--noise", is_flag=True, help="replay the answering path itself: what differs is nondeterminism"
)
@click.option("--run", "only", metavar="ID", help="one case: SOURCE/CASE, or CASE with --source")
@click.option("--fail-fast", is_flag=True, help="stop at the first case that differs")
@click.option(
    "--report",
    "page",
    type=click.Path(path_type=FilePath),
    metavar="FILE.html",
    help="write the page of `changeover report` as well",
)
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
    page: FilePath | None,
    exit_zero: bool,
    format_: str,
) -> None:
    """Run both paths on every case of a source and compare what they return and do. No stage is changed.

    Exits 0 where nothing differs, 1 where something does, 3 where some runs could not be compared, 130 where
    it was interrupted (Ctrl-C): it then ends after the case that runs, and shows and keeps what it saw.

    For example: changeover compare portfolio --source history --runs 100
    """
    if page is not None:
        check_place(page)
    began = datetime.now(UTC)
    project = find_project(FilePath.cwd(), os.environ)
    migration = project.migration()
    chosen, only = _chosen(migration, sources, only)
    side = Path(answer)
    options = SourceOptions(runs, seed, "copy" if world == "copy" else "tape", side, only)
    request = Request(names, options, noise, fail_fast)
    codes, screens, interrupted = [], [], False
    for source in chosen:
        heading, corpus = compare_source(project, migration, source, request)
        codes.append(corpus.exit_code)
        if format_ == "json":
            screens.append(compare_json(heading, corpus))
        else:
            show(("\n" if len(codes) > 1 else "") + compare_screen(heading, corpus, ink_for(sys.stdout)))
        interrupted = heading.stopped == "interrupted"
        if interrupted:
            break
    if format_ == "json":
        show_json({"comparisons": screens})
    if page is not None and not _is_written(page, project, chosen, began):
        codes.append(3)
    if interrupted:
        raise KeyboardInterrupt
    code = 1 if 1 in codes else max(codes)
    raise click.exceptions.Exit(0 if exit_zero else code)


def _is_written(page: FilePath, project: Project, sources: Sequence[Source], began: datetime) -> bool:
    """The page about what was compared since; of several sources, about the one that says the worst."""
    from changeover.views.html.collect import collect

    try:
        write_report(page, collect(project, [source.name for source in sources], since=began))
    except ChangeoverError as why:
        say(f"no page was written: {why}")
        return False
    say(f"the page is in {page}")
    return True


def _chosen(migration: Migration, names: Sequence[str], only: str | None) -> tuple[list[Source], str | None]:
    if only is not None and "/" in only and not names:
        source, _, only = only.partition("/")
        names = [source]
    elif only is not None and len(names) == 1:
        only = only.removeprefix(f"{names[0]}/")
    known = migration.sources.names
    if not known and not (names and set(names) <= {*BUILT_IN}):
        raise ConfigurationError(
            "the app", 'declares no scenario source: @migration.source("history", population="generated")'
        )
    return [
        BUILT_IN.get(name) or migration.sources.named(name) for name in dict.fromkeys(names or known[:1])
    ], only
