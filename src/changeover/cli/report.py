"""`changeover report`."""

from __future__ import annotations

from pathlib import Path

import click

from changeover.cli.output import format_option, quiet, say, show, show_json
from changeover.views.html.page import DEFAULT_FILE

NOTHING_COMPARED = 3


@click.command("report")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=DEFAULT_FILE, show_default=True, metavar="FILE"
)
@click.option(
    "--corpus", metavar="N or SOURCE", help="one comparison; else the worst of the latest on this code"
)
@format_option
def command(output: Path, corpus: str | None, format_: str) -> None:
    """Write one HTML page about a comparison, the phases, their gates and their history.

    With --format json what the page is made of is printed, and no page is written. Exits 3 where nothing was
    compared yet.

    For example: changeover report -o report.html --corpus history
    """
    from changeover.api.report import report
    from changeover.views.html.collect import NothingToReport
    from changeover.views.json import report_json

    quiet()
    try:
        done = report(output if format_ == "text" else None, corpus=corpus)
    except NothingToReport as nothing:
        say(f"changeover: {nothing}")
        raise click.exceptions.Exit(NOTHING_COMPARED) from None
    if format_ == "json":
        show_json("report", report_json(done.data))
    else:
        show(f"{output}\n{done.headline.word}   {done.headline.sentence}\n")
