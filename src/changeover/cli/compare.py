"""`changeover compare`: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click

from changeover.cli.output import format_option, say, show, show_json
from changeover.compare.file_diff import diff_files
from changeover.compare.rules import STRICT
from changeover.errors import ChangeoverError, ConfigurationError, need_package
from changeover.evidence.comparison_info import Stopped
from changeover.evidence.source_cases import BUILT_IN, Request
from changeover.evidence.source_comparison import SourceComparison, compare_source
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.rows import STORE
from changeover.migration import Migration
from changeover.project import Project, find_project
from changeover.values.observation import Side
from changeover.views.html.page import check_place, write_report
from changeover.views.json import compare_json
from changeover.views.layout import plural, screen_for
from changeover.views.text.compare import compare_screen
from changeover.views.text.differences import diff_json, diff_screen
from changeover.views.text.progress import ProgressListener


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
    type=click.Choice([str(side) for side in Side]),
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
    type=click.Path(path_type=Path),
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
    page: Path | None,
    exit_zero: bool,
    format_: str,
) -> None:
    """Run both paths on every case of a source and compare what they return and do. No stage is changed.

    Exits 0 where nothing differs, 1 where something does, 3 where some runs could not be compared, 130 where
    it was interrupted (Ctrl-C): it then ends after the case that runs, and shows and keeps what it saw.

    For example: changeover compare portfolio --source history --runs 100
    """
    need_package("structlog")  # a program runs without it; the log of a comparison keeps its fields
    if page is not None:
        check_place(page)
    began = datetime.now(UTC)
    project = find_project(Path.cwd(), os.environ)
    migration = project.migration()
    chosen, only = _chosen(migration, sources, only)
    side = Side(answer)
    options = SourceOptions(runs, seed, "copy" if world == "copy" else "tape", side, only)
    request = Request(names, options, noise, fail_fast)
    codes, screens, interrupted = [], [], False
    for source in chosen:
        done = compare_source(project, migration, source, request, ProgressListener(sys.stderr))
        info, corpus = done.info, done.corpus
        _say_how_it_went(done)
        codes.append(corpus.exit_code)
        if format_ == "json":
            screens.append(compare_json(info, corpus))
        else:
            show(("\n" if len(codes) > 1 else "") + compare_screen(info, corpus, screen_for(sys.stdout)))
        interrupted = info.stopped is Stopped.INTERRUPTED
        if interrupted:
            break
    if format_ == "json":
        show_json("compare", {"comparisons": screens})
    if page is not None and not _is_written(page, project, chosen, began):
        codes.append(3)
    if interrupted:
        raise KeyboardInterrupt
    code = 1 if 1 in codes else max(codes)
    raise click.exceptions.Exit(0 if exit_zero else code)


def _say_how_it_went(done: SourceComparison) -> None:
    for line in done.raised:
        say(f"raised in {line}")
    if done.info.source == STORE and not done.corpus.cases:
        say("every stored tape that could be replayed is on this code and these rules already")
    kept = "not kept" if done.kept_in is None else f"kept in {_shown_path(done.kept_in)}"
    say(f"{plural(done.corpus.total.runs, 'comparison')} in {_duration(done.seconds)}; {kept}")


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"


def _shown_path(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _is_written(page: Path, project: Project, sources: Sequence[Source], began: datetime) -> bool:
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


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--by", "by", metavar="KEY", required=True, help="fields that join the rows: symbol or symbol,side"
)
@format_option
def diff_command(old: Path, new: Path, by: str, format_: str) -> None:
    """Compare two files of recorded outputs (JSON lines, JSON, CSV) with the rules of this project.

    To the rules a column is result[*].NAME. Exits 0, 1 where rows differ, 3 where some could not be compared.

    For example: changeover diff old.jsonl new.jsonl --by symbol
    """
    project = find_project(Path.cwd(), os.environ)
    rules = project.rules(date.today()) or STRICT
    names = [name.strip() for name in by.split(",") if name.strip()]
    if not names:
        raise click.BadParameter(f"was {by!r}, allowed: one or more names, with commas", param_hint="--by")
    found = diff_files(old, new, names, rules)
    if format_ == "json":
        show_json("diff", diff_json(found))
    else:
        show(diff_screen(found, old.name, new.name, names, screen_for(sys.stdout)))
    differs = found.differing or found.only_old or found.only_new
    nothing = found.not_compared or not (found.old_rows or found.new_rows)
    raise click.exceptions.Exit(1 if differs else 3 if nothing else 0)
