"""`changeover compare`, the main job, `changeover diff` and `changeover report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from changeover.api import comparison as verbs
from changeover.cli.build_server import (
    checked_out,
    found_in,
    json_result,
    results_option,
    tell_github,
    with_files,
    write_results,
)
from changeover.cli.options import (
    choose_format,
    complete_with,
    format_option,
    jobs_option,
    on_option,
    output_option,
    run_option,
    runs_option,
    seed_option,
    source_option,
    world_option,
)
from changeover.cli.output import is_quiet, quiet, result_screen, say, show, show_json, show_result, warn
from changeover.cli.session import session
from changeover.cli.written_out import standard_error
from changeover.errors import need_package
from changeover.evidence.comparison_writer import has_differences
from changeover.evidence.source_comparison import SourceComparison
from changeover.evidence.store.records import STORE
from changeover.project import near
from changeover.values.observation import Side
from changeover.values.safe_text import visible_lines
from changeover.views.ci.comparison import compare_annotations, compare_junit
from changeover.views.ci.markdown import compare_markdown
from changeover.views.html.page import DEFAULT_FILE
from changeover.views.json import compare_json, diff_json
from changeover.views.layout import plural
from changeover.views.text.compare import compare_screen
from changeover.views.text.differences import diff_screen
from changeover.views.text.progress import ProgressListener


@click.command("compare")
@click.argument(
    "names", nargs=-1, metavar="[PHASE or SEAM]...", shell_complete=complete_with("phase_and_seam_names")
)
@source_option(multiple=True)
@runs_option()
@seed_option
@world_option
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
@run_option()
@click.option(
    "--pdb", is_flag=True, help="with --run: stop in the replayed path where it parts from the other one"
)
@click.option("--fail-fast", is_flag=True, help="stop at the first case that differs or was not compared")
@jobs_option
@on_option
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="write the page of `changeover report` as well",
)
@click.option("--exit-zero", is_flag=True, help="exit 0 whatever differs")
@results_option
@choose_format("text", "json", "junit", "markdown")
def compare_command(
    names: tuple[str, ...],
    report: Path | None,
    exit_zero: bool,
    outputs: tuple[Path, ...],
    format_: str,
    **options: Any,
) -> None:
    """Run both paths on every case of a source and compare what they return and do. No stage is changed.

    The result goes to the files of --output as well: .xml is JUnit, .md Markdown, .json JSON.

    Exits 0 where nothing differs, 1 where something does, 3 where some runs could not be compared, 130 where
    it was interrupted (Ctrl-C): it then ends after the case that runs, and shows and keeps what it saw.

    For example: changeover compare portfolio --source history --runs 100
    """
    need_package("structlog")  # a program runs without it; the log of a comparison keeps its fields
    need_package("rich")  # said before the comparison runs, not when its tables are drawn
    shown: list[SourceComparison] = []

    def show_source(done: SourceComparison) -> None:
        shown.append(done)
        _say_how_it_went(done)
        if format_ == "text":
            screen = compare_screen(done.info, done.corpus, result_screen())
            show(("\n" if len(shown) > 1 else "") + screen)

    listener = ProgressListener(standard_error(), is_quiet=is_quiet())
    done = verbs.compare(*names, report=report, listener=listener, source_done=show_source, **options)
    if format_ == "json":
        show_json("compare", _content(done.sources))
    if format_ in ("junit", "markdown") or outputs:
        _tell_build_server(done.sources, outputs, format_)
    _say_what_else_differs(done.sources)
    if report is not None:
        problem = done.page_problem
        say(f"the page is in {report}" if problem is None else f"no page was written: {problem}")
    if done.is_interrupted:
        raise KeyboardInterrupt
    raise click.exceptions.Exit(0 if exit_zero else done.exit_code)


def _content(done: Sequence[SourceComparison]) -> dict[str, Any]:
    return {"comparisons": [compare_json(one.info, one.corpus) for one in done]}


def _tell_build_server(done: Sequence[SourceComparison], outputs: Sequence[Path], format_: str) -> None:
    found, repository = found_in(done), checked_out()
    texts = {
        "junit": lambda: compare_junit(found, with_files=with_files()),
        "markdown": lambda: compare_markdown(found, repository),
        "json": lambda: json_result("compare", _content(done)),
    }
    if format_ in ("junit", "markdown"):
        show(texts[format_]())
    if format_ == "markdown":
        tell_github(texts["markdown"](), compare_annotations(found, repository))
    write_results(outputs, texts)


def _say_what_else_differs(done: Sequence[SourceComparison]) -> None:
    """A comparison answers for its own cases; what differs elsewhere on this code is not hidden by it."""
    kept = [one for one in done if one.kept_in is not None]
    if not any(
        has_differences(one.kept_in, one.info.code, one.info.rules, one.info.source)
        for one in kept
        if one.kept_in is not None
    ):
        return
    from changeover.api.problems import what_differs

    compared = {one.info.source for one in kept}
    for one in what_differs():
        if one.source not in compared:
            warn(one.line)


def _say_how_it_went(done: SourceComparison) -> None:
    for line, traceback in zip(done.raised, done.tracebacks, strict=True):
        if session().traceback:
            print(visible_lines(traceback), end="", file=standard_error())
        say(f"raised in {line}")
    if done.info.source == STORE and not done.corpus.cases:
        say("every stored tape that could be replayed is on this code and these rules already")
    for reason, runs in done.replayed_here.items():
        say(f"{plural(runs, 'run')} replayed in this process alone: {reason}")
    kept = "not kept" if done.kept_in is None else f"kept in {near(done.kept_in)}"
    say(f"{plural(done.corpus.total.runs, 'comparison')} in {_duration(done.seconds)}; {kept}")


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--by", metavar="KEY", required=True, help="fields that join the rows: symbol or symbol,side")
@format_option
def diff_command(old: Path, new: Path, by: str, format_: str) -> None:
    """Compare two files of recorded outputs (JSON lines, JSON, CSV) with the rules of this project.

    To the rules a column is result[*].NAME. Exits 0, 1 where rows differ, 3 where some could not be compared.

    For example: changeover diff old.jsonl new.jsonl --by symbol
    """
    names = [name.strip() for name in by.split(",") if name.strip()]
    if not names:
        raise click.BadParameter(f"was {by!r}, allowed: one or more names, with commas", param_hint="--by")
    found = verbs.diff(old, new, by=names)
    show_result(
        format_,
        "diff",
        found,
        diff_json,
        lambda found, screen: diff_screen(found, old.name, new.name, names, screen),
    )
    raise click.exceptions.Exit(found.exit_code)


@click.command("report")
@output_option(click.Path(path_type=Path), default=DEFAULT_FILE)
@source_option()
@format_option
def report_command(output: Path, source: str | None, format_: str) -> None:
    """Write one HTML page about a comparison, the phases, their gates and their history.

    Of the latest comparison of a source, or of the one with that number; without --source of the worst of the
    latest on this code. With --format json what the page is made of is printed, and no page is written.
    Exits 3 where nothing was compared yet.

    For example: changeover report --output report.html --source history
    """
    from changeover.views.json import report_json

    quiet()
    done = verbs.report(output if format_ == "text" else None, source=source)
    if format_ == "json":
        show_json("report", report_json(done.data))
    else:
        show(f"{output}\n{done.headline.word}   {done.headline.sentence}\n")
