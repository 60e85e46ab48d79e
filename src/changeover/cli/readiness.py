"""`changeover gate`, `changeover legacy scan` and `changeover legacy prove`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from changeover.api import readiness as verbs
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
    to_option,
)
from changeover.cli.output import is_quiet, quiet, result_screen, say, show, show_json, show_result
from changeover.cli.written_out import standard_error
from changeover.removal.scan import LegacyEntry
from changeover.views.ci.gate import gate_annotations, gate_junit, gate_markdown
from changeover.views.json import compare_json, gate_json
from changeover.views.text.gate import gate_screen
from changeover.views.text.progress import ProgressListener
from changeover.views.text.removal import prove_screen, scan_screen


@click.command("gate")
@click.argument("phases", nargs=-1, metavar="[PHASE]...", shell_complete=complete_with("phase_names"))
@to_option()
@click.option(
    "--scenarios", is_flag=True, help="ask the committed scenarios alone, of all phases or these; for CI"
)
@click.option("--no-checks", is_flag=True, help="run no check command; what is not run could not tell")
@jobs_option
@on_option
@results_option
@choose_format("text", "json", "junit", "markdown")
def gate_command(phases: tuple[str, ...], outputs: tuple[Path, ...], format_: str, **options: Any) -> None:
    """May this phase move? Criterion by criterion; no stage is changed.

    One phase; with --scenarios any number, or all of them. Without --to about the next stage.
    The result goes to the files of --output as well: .xml is JUnit, .md Markdown, .json JSON.

    Exits 0 for pass, 1 for fail, 3 where the evidence could not tell.

    For example: changeover gate portfolio --to live
    """
    quiet()
    asked = verbs.gate(
        *phases, progress=say, listener=ProgressListener(standard_error(), is_quiet=is_quiet()), **options
    )
    _show(asked, outputs, format_)
    raise click.exceptions.Exit(asked.exit_code)


def _show(asked: verbs.GateAnswer, outputs: Sequence[Path], format_: str) -> None:
    if format_ == "json":
        show_json("gate", _content(asked))
    elif format_ == "text":
        screen = result_screen()
        show("\n".join(gate_screen(verdict, screen) for verdict in asked.verdicts))
    if format_ in ("junit", "markdown") or outputs:
        _tell_build_server(asked, outputs, format_)


def _content(asked: verbs.GateAnswer) -> dict[str, Any]:
    verdicts, done = asked.verdicts, asked.comparison
    if done is None:
        return gate_json(verdicts[0])
    compared = compare_json(done.info, done.corpus)
    return {"gates": [gate_json(verdict) for verdict in verdicts], "comparison": compared}


def _tell_build_server(asked: verbs.GateAnswer, outputs: Sequence[Path], format_: str) -> None:
    verdicts, phases = asked.verdicts, [verdict.phase for verdict in asked.verdicts]
    found = () if asked.comparison is None else found_in([asked.comparison], phases)
    repository = checked_out()
    texts = {
        "junit": lambda: gate_junit(verdicts, found, with_files=with_files()),
        "markdown": lambda: gate_markdown(verdicts, found, repository),
        "json": lambda: json_result("gate", _content(asked)),
    }
    if format_ in ("junit", "markdown"):
        show(texts[format_]())
    if format_ == "markdown":
        tell_github(texts["markdown"](), gate_annotations(verdicts, found, repository))
    write_results(outputs, texts)


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
