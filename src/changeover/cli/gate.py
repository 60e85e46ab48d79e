"""`changeover gate`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from changeover.api.gate import gate
from changeover.cli.output import quiet, say, show, show_json
from changeover.errors import describe_os_error
from changeover.values.gate_verdict import GateVerdict
from changeover.views.json import gate_json
from changeover.views.junit import gate_junit
from changeover.views.layout import screen_for
from changeover.views.markdown import gate_markdown, github_annotations
from changeover.views.text.gate import gate_screen
from changeover.views.text.progress import ProgressListener

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
ACTIONS_VARIABLE = "GITHUB_ACTIONS"


@click.command("gate")
@click.argument("phases", nargs=-1, metavar="[PHASE]...")
@click.option(
    "--to", "to", metavar="STAGE", help="shadow, ramp:P, live, complete, done; the next one unless given"
)
@click.option(
    "--scenarios", is_flag=True, help="ask the committed scenarios alone, of all phases or these; for CI"
)
@click.option("--no-checks", is_flag=True, help="run no check command; what is not run could not tell")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "junit", "markdown"]),
    default="text",
    show_default=True,
    help="of the result",
)
def command(phases: tuple[str, ...], to: str | None, scenarios: bool, no_checks: bool, format_: str) -> None:
    """May this phase move? Criterion by criterion; no stage is changed.

    One phase; with --scenarios any number, or all of them.

    Exits 0 for pass, 1 for fail, 3 where the evidence could not tell.

    For example: changeover gate portfolio --to live
    """
    quiet()
    listener = ProgressListener(sys.stderr)
    asked = gate(*phases, to=to, scenarios=scenarios, no_checks=no_checks, progress=say, listener=listener)
    _show(asked.verdicts, format_)
    raise click.exceptions.Exit(asked.exit_code)


def _show(verdicts: Sequence[GateVerdict], format_: str) -> None:
    if format_ == "json":
        one = gate_json(verdicts[0]) if len(verdicts) == 1 and verdicts[0].source is None else {}
        show_json("gate", one or {"gates": [gate_json(verdict) for verdict in verdicts]})
    elif format_ == "junit":
        show(gate_junit(verdicts))
    elif format_ == "markdown":
        text = gate_markdown(verdicts)
        show(text)
        _tell_github(verdicts, text)
    else:
        screen = screen_for(sys.stdout)
        show("\n".join(gate_screen(verdict, screen) for verdict in verdicts))


def _tell_github(verdicts: Sequence[GateVerdict], text: str) -> None:
    """Annotations for the runner, which reads both streams, and the page it shows of the step."""
    if not os.environ.get(ACTIONS_VARIABLE):
        return
    for line in github_annotations(verdicts):
        say(line)
    summary = os.environ.get(SUMMARY_VARIABLE)
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            say(f"warning: {SUMMARY_VARIABLE}: could not be written: {describe_os_error(error)}")
