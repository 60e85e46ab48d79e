"""`changeover gate`, `changeover legacy scan` and `changeover legacy prove`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from changeover.api import readiness as verbs
from changeover.cli.output import (
    choose_format,
    complete_with,
    format_option,
    is_quiet,
    jobs_option,
    on_option,
    quiet,
    result_screen,
    say,
    show,
    show_json,
    show_result,
    to_option,
)
from changeover.errors import describe_os_error
from changeover.removal.scan import LegacyEntry
from changeover.values.gate_verdict import GateVerdict
from changeover.views.ci import gate_junit, gate_markdown, github_annotations
from changeover.views.json import gate_json
from changeover.views.text.gate import gate_screen
from changeover.views.text.progress import ProgressListener
from changeover.views.text.removal import prove_screen, scan_screen

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
ACTIONS_VARIABLE = "GITHUB_ACTIONS"


@click.command("gate")
@click.argument("phases", nargs=-1, metavar="[PHASE]...", shell_complete=complete_with("phase_names"))
@to_option()
@click.option(
    "--scenarios", is_flag=True, help="ask the committed scenarios alone, of all phases or these; for CI"
)
@click.option("--no-checks", is_flag=True, help="run no check command; what is not run could not tell")
@jobs_option
@on_option
@choose_format("text", "json", "junit", "markdown")
def gate_command(phases: tuple[str, ...], format_: str, **options: Any) -> None:
    """May this phase move? Criterion by criterion; no stage is changed.

    One phase; with --scenarios any number, or all of them. Without --to about the next stage.

    Exits 0 for pass, 1 for fail, 3 where the evidence could not tell.

    For example: changeover gate portfolio --to live
    """
    quiet()
    asked = verbs.gate(
        *phases, progress=say, listener=ProgressListener(sys.stderr, is_quiet=is_quiet()), **options
    )
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
        screen = result_screen()
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


@click.group("legacy")
def legacy_command() -> None:
    """Who still calls legacy, and does everything pass without it."""


@legacy_command.command("scan", short_help="who still needs the old code")
@click.option("--static", is_flag=True, help="exit by the code alone, whatever the stages say")
@format_option
def scan(static: bool, format_: str) -> None:
    """Who imports, instantiates or calls the legacy packages, and at which seams they still answer.

    Exits 0 where nobody needs them, 1 where somebody does.

    For example: changeover legacy scan
    """
    quiet()
    found = verbs.scan_legacy(static=static)
    show_result(
        format_,
        "legacy-scan",
        found,
        lambda found: {
            "legacy": found.legacy,
            "code": asdict(found.code) | {"open_files": found.code.open_files},
            "entries": [_entry_json(entry) for entry in found.entries],
            "production": found.production,
        },
        lambda found, screen: scan_screen(found.legacy, found.code, found.entries, found.production, screen),
    )
    raise click.exceptions.Exit(found.exit_code)


def _entry_json(entry: LegacyEntry) -> dict[str, object]:
    return {
        "seam": entry.seam,
        "phase": entry.phase,
        "stage": str(entry.setting),
        "legacy_answers": entry.answers,
        "runs": entry.runs,
        "last": None if entry.last is None else entry.last.isoformat(),
        "last_stage": entry.last_stage,
    }


@legacy_command.command("prove", short_help="does everything pass without it, in a scratch copy")
@click.option("--keep", is_flag=True, help="leave the scratch copy where it is, and say where")
@format_option
def prove(keep: bool, format_: str) -> None:
    """Delete legacy in a scratch copy, run the checks there, and replay all scenarios without it.

    What is deleted, patched and checked stands in phases.toml under [migration.removal]. The working tree is
    not changed. Exits 0 pass, 1 fail, 3 where something was not shown.

    For example: changeover legacy prove
    """
    proof = verbs.prove_removal(keep=keep, progress=say)
    show_result(
        format_,
        "legacy-prove",
        proof,
        lambda proof: {
            "answer": proof.answer,
            "rehearsal": asdict(proof.rehearsal) | {"answer": proof.rehearsal.answer},
            "scenarios": asdict(proof.alone) | {"answer": proof.alone.answer},
            "copy": None if proof.folder is None else str(proof.folder / "copy"),
        },
        prove_screen,
    )
    raise click.exceptions.Exit(proof.exit_code)
