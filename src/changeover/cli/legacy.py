"""`changeover legacy scan` and `changeover legacy prove`: the end of the migration."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from changeover.cli.output import format_option, quiet, say, show, show_json
from changeover.errors import ConfigurationError
from changeover.project import Project, find_project
from changeover.removal.plan import Removal, load_removal
from changeover.settings import PLAN_FILE
from changeover.views.layout import screen_for

if TYPE_CHECKING:
    from changeover.removal.last_calls import LegacyEntry


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
    from changeover.removal.patch import read_patch
    from changeover.removal.rehearsal import listed_files
    from changeover.removal.scan import scan
    from changeover.views.text.removal import scan_screen

    quiet()
    project, removal = _project()
    mended = [] if removal.patch is None else read_patch(project.root / removal.patch)
    project.make_importable()
    files = [project.root / name for name in listed_files(project.root) if name.suffix == ".py"]
    found = scan(project.root, removal, files, [change.path for change in mended])
    entries, production = _entries(project)
    if format_ == "json":
        show_json(
            "legacy-scan",
            {
                "legacy": removal.legacy,
                "code": asdict(found) | {"open_files": found.open_files},
                "entries": [_as_data(entry) for entry in entries],
                "production": production,
            },
        )
    else:
        show(scan_screen(removal.legacy, found, entries, production, screen_for(sys.stdout)))
    answers = not static and any(entry.answers for entry in entries)
    raise click.exceptions.Exit(1 if found.open_files or answers else 0)


@command.command("prove", short_help="does everything pass without it, in a scratch copy")
@click.option("--keep", is_flag=True, help="leave the scratch copy where it is, and say where")
@format_option
def prove_(keep: bool, format_: str) -> None:
    """Delete legacy in a scratch copy, run the checks there, and replay all scenarios without it.

    What is deleted, patched and checked stands in phases.toml under [migration.removal]. The working tree is
    not changed. Exits 0 pass, 1 fail, 3 where something was not shown.

    For example: changeover legacy prove
    """
    from changeover.removal.rehearsal import prove
    from changeover.views.text.removal import prove_screen

    project, removal = _project()
    proof = prove(project.root, removal, say, keep=keep)
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


def _project() -> tuple[Project, Removal]:
    project = find_project(Path.cwd(), os.environ)
    file = project.directory / PLAN_FILE
    if not file.exists():
        raise ConfigurationError(str(file), "is missing: changeover init writes one")
    return project, load_removal(file)


def _entries(project: Project) -> tuple[Sequence[LegacyEntry], str]:
    """The seams with their stages, and a sentence about what production has to say."""
    from changeover.evidence.store.store import read_evidence, store_path
    from changeover.removal.last_calls import legacy_entries
    from changeover.rollout.resolver import Resolver

    plan = project.plan()
    if plan is None:
        return (), "there is no plan"
    phases = {name: phase.stages for name, phase in plan.phases.items()}
    settings = Resolver(lambda: phases, directory=project.directory, closed=True).current().settings
    evidence = read_evidence(store_path(project.root))
    seams = [(seam, phase.name) for phase in plan.phases.values() for seam in phase.seams]
    said = f"{len(evidence.production):,} runs in production are kept"
    return legacy_entries(seams, settings, evidence), evidence.problem or said


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
