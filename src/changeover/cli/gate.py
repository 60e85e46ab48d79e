"""`changeover gate`: may this phase move; or, with `--scenarios`, do both paths still agree on these."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from changeover.cli.output import quiet, say, show, show_json
from changeover.errors import ConfigurationError, describe_os_error
from changeover.gate.collect import collect
from changeover.gate.decision import decide
from changeover.gate.inputs import read_project_state
from changeover.project import Project, find_project
from changeover.values.gate_verdict import Answer, GateVerdict
from changeover.values.stage import Setting, parse_setting
from changeover.views.json import gate_json
from changeover.views.junit import gate_junit
from changeover.views.layout import screen_for
from changeover.views.markdown import gate_markdown, github_annotations
from changeover.views.text.gate import gate_screen
from changeover.views.text.progress import ProgressListener

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
ACTIONS_VARIABLE = "GITHUB_ACTIONS"
_WORST_FIRST = (Answer.FAIL, Answer.INCONCLUSIVE, Answer.PASS)


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
    project = find_project(Path.cwd(), os.environ)
    if scenarios:
        if to is not None:
            raise ConfigurationError("--to", "goes with a phase and its evidence, not with --scenarios")
        from changeover.gate.scenario_gate import scenario_verdicts

        verdicts = scenario_verdicts(project, phases, ProgressListener(sys.stderr))
    else:
        verdicts = [_verdict(project, phases, to, run_checks=not no_checks)]
    _show(verdicts, format_)
    answer = next(one for one in _WORST_FIRST if any(verdict.answer is one for verdict in verdicts))
    raise click.exceptions.Exit(next(one.exit_code for one in verdicts if one.answer is answer))


def _verdict(project: Project, phases: Sequence[str], to: str | None, *, run_checks: bool) -> GateVerdict:
    project_state = read_project_state(project)
    allowed = ", ".join(project_state.plan.phases) or "none, the plan is empty"
    if len(phases) != 1:
        found = "is missing" if not phases else f"was {', '.join(phases)}"
        raise ConfigurationError("PHASE", f"{found}, needed: one of {allowed}; or --scenarios")
    phase = project_state.plan.phases.get(phases[0])
    if phase is None:
        raise ConfigurationError(f'phase "{phases[0]}"', f"is unknown, allowed: {allowed}")
    new: Setting | None = None
    if to is not None:
        try:
            new = parse_setting(to, phase.stages)
        except ValueError as error:
            raise ConfigurationError("--to", str(error)) from None
    inputs = collect(project, phase.name, new, run_checks=run_checks, say=say, project_state=project_state)
    # A check that ran some other day says nothing to somebody who asks now.
    return decide(inputs if run_checks else replace(inputs, checks={}))


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
