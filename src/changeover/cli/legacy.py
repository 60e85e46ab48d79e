"""`changeover legacy scan` and `changeover legacy prove`."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from changeover.api.legacy import prove_removal, scan_legacy
from changeover.cli.output import format_option, quiet, say, show, show_json
from changeover.removal.scan import LegacyEntry
from changeover.views.layout import screen_for
from changeover.views.text.removal import prove_screen, scan_screen


@click.group("legacy")
def command() -> None:
    """Who still calls legacy, and does everything pass without it."""


@command.command("scan", short_help="who still needs the old code")
@click.option("--static", is_flag=True, help="exit by the code alone, whatever the stages say")
@format_option
def scan_(static: bool, format_: str) -> None:
    """Who imports, instantiates or calls the legacy packages, and at which seams they still answer.

    Exits 0 where nobody needs them, 1 where somebody does.

    For example: changeover legacy scan
    """
    quiet()
    found = scan_legacy(static=static)
    if format_ == "json":
        show_json(
            "legacy-scan",
            {
                "legacy": found.legacy,
                "code": asdict(found.code) | {"open_files": found.code.open_files},
                "entries": [_as_data(entry) for entry in found.entries],
                "production": found.production,
            },
        )
    else:
        show(scan_screen(found.legacy, found.code, found.entries, found.production, screen_for(sys.stdout)))
    raise click.exceptions.Exit(found.exit_code)


@command.command("prove", short_help="does everything pass without it, in a scratch copy")
@click.option("--keep", is_flag=True, help="leave the scratch copy where it is, and say where")
@format_option
def prove_(keep: bool, format_: str) -> None:
    """Delete legacy in a scratch copy, run the checks there, and replay all scenarios without it.

    What is deleted, patched and checked stands in phases.toml under [migration.removal]. The working tree is
    not changed. Exits 0 pass, 1 fail, 3 where something was not shown.

    For example: changeover legacy prove
    """
    proof = prove_removal(keep=keep, progress=say)
    if format_ == "json":
        show_json(
            "legacy-prove",
            {
                "answer": proof.answer,
                "rehearsal": asdict(proof.rehearsal) | {"answer": proof.rehearsal.answer},
                "scenarios": asdict(proof.alone) | {"answer": proof.alone.answer},
                "copy": None if proof.folder is None else str(proof.folder / "copy"),
            },
        )
    else:
        show(prove_screen(proof, screen_for(sys.stdout)))
    raise click.exceptions.Exit(proof.exit_code)


def _as_data(entry: LegacyEntry) -> dict[str, object]:
    return {
        "seam": entry.seam,
        "phase": entry.phase,
        "stage": str(entry.setting),
        "legacy_answers": entry.answers,
        "runs": entry.runs,
        "last": None if entry.last is None else entry.last.isoformat(),
        "last_stage": entry.last_stage,
    }
