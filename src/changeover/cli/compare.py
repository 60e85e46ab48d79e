"""`changeover compare`, the main job, and `changeover diff`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from changeover.api.comparison import compare, diff
from changeover.cli.output import format_option, say, show, show_json
from changeover.errors import need_package
from changeover.evidence.source_comparison import SourceComparison
from changeover.evidence.store.rows import STORE
from changeover.project import near
from changeover.values.observation import Side
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
@click.option("--run", metavar="ID", help="one case: SOURCE/CASE, or CASE with --source")
@click.option("--fail-fast", is_flag=True, help="stop at the first case that differs")
@click.option(
    "--report",
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
    run: str | None,
    fail_fast: bool,
    report: Path | None,
    exit_zero: bool,
    format_: str,
) -> None:
    """Run both paths on every case of a source and compare what they return and do. No stage is changed.

    Exits 0 where nothing differs, 1 where something does, 3 where some runs could not be compared, 130 where
    it was interrupted (Ctrl-C): it then ends after the case that runs, and shows and keeps what it saw.

    For example: changeover compare portfolio --source history --runs 100
    """
    need_package("structlog")  # a program runs without it; the log of a comparison keeps its fields
    shown: list[SourceComparison] = []

    def show_source(done: SourceComparison) -> None:
        shown.append(done)
        _say_how_it_went(done)
        if format_ == "text":
            screen = compare_screen(done.info, done.corpus, screen_for(sys.stdout))
            show(("\n" if len(shown) > 1 else "") + screen)

    done = compare(
        *names,
        source=sources,
        runs=runs,
        seed=seed,
        world=world,
        answer=answer,
        noise=noise,
        run=run,
        fail_fast=fail_fast,
        report=report,
        listener=ProgressListener(sys.stderr),
        source_done=show_source,
    )
    if format_ == "json":
        show_json("compare", {"comparisons": [compare_json(one.info, one.corpus) for one in done.sources]})
    if report is not None:
        problem = done.page_problem
        say(f"the page is in {report}" if problem is None else f"no page was written: {problem}")
    if done.is_interrupted:
        raise KeyboardInterrupt
    raise click.exceptions.Exit(0 if exit_zero else done.exit_code)


def _say_how_it_went(done: SourceComparison) -> None:
    for line in done.raised:
        say(f"raised in {line}")
    if done.info.source == STORE and not done.corpus.cases:
        say("every stored tape that could be replayed is on this code and these rules already")
    kept = "not kept" if done.kept_in is None else f"kept in {near(done.kept_in)}"
    say(f"{plural(done.corpus.total.runs, 'comparison')} in {_duration(done.seconds)}; {kept}")


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"


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
    names = [name.strip() for name in by.split(",") if name.strip()]
    if not names:
        raise click.BadParameter(f"was {by!r}, allowed: one or more names, with commas", param_hint="--by")
    found = diff(old, new, by=names)
    if format_ == "json":
        show_json("diff", diff_json(found))
    else:
        show(diff_screen(found, old.name, new.name, names, screen_for(sys.stdout)))
    raise click.exceptions.Exit(found.exit_code)
