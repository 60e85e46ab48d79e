"""What the commands that move phases share: who does it, why, and where, also in a project that is broken."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from getpass import getuser
from pathlib import Path
from typing import Any

import click

from changeover.cli.output import say
from changeover.errors import ConfigurationError
from changeover.project import PYPROJECT, find_project
from changeover.rollout.kill_switch import read_kill_switch
from changeover.rollout.migration_files import Place, Untouched, place_of, stages_of
from changeover.rollout.plan_file import load_plan
from changeover.rollout.resolver import stage_variable
from changeover.settings import DIRECTORY_VARIABLE, PLAN_FILE, WHO_VARIABLE
from changeover.values.safe_text import visible
from changeover.values.stage import SEAM_STAGES, Setting, Stages, earlier

NO_REASON = "no reason given"
_Decorator = Callable[[Any], Any]

who_option: _Decorator = click.option(
    "--who", metavar="NAME", help=f"who moves; else {WHO_VARIABLE}, else user@host"
)
reason_option: _Decorator = click.option(
    "--reason", required=True, metavar="TEXT", help="why, for those who read the history later"
)
free_reason_option: _Decorator = click.option(
    "--reason", default=NO_REASON, metavar="TEXT", help="why; may be left out where haste is needed"
)
dry_run_option: _Decorator = click.option(
    "--dry-run", is_flag=True, help="print what would be done, and change nothing"
)


def who_moves(named: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """A name for the history; never asks and never fails."""
    given = named or environment.get(WHO_VARIABLE, "").strip()
    if given:
        return given
    try:
        user = getuser()
    except (OSError, KeyError, ImportError):  # a container may run under a number that nobody named
        user = "unknown"
    return f"{user}@{platform.node() or 'unknown'}"


def place_for(directory: Path, *, dry_run: bool) -> Place:
    """Where to write; nowhere in a dry run. What goes wrong without stopping the move is said aloud."""
    place = replace(place_of(directory, os.environ), warn=lambda text: warn(text))
    return replace(place, files=Untouched()) if dry_run else place


def near(path: Path) -> str:
    """A path as a person would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def warn(text: str) -> None:
    """Something that must not be overlooked, on standard error."""
    say(f"! {visible(text)}")


def folder_to_go_back_in() -> Path:
    """The migration's folder, also where pyproject.toml cannot be read: going back needs no project.

    Raises ConfigurationError where there is no such folder: a kill switch in the wrong one would stop nobody.
    """
    try:
        directory = find_project(Path.cwd(), os.environ).directory
    except ConfigurationError as error:
        directory = Path(os.environ.get(DIRECTORY_VARIABLE) or _nearest_migration())
        warn(f"{error}; the folder {directory} is taken")
    if not directory.is_dir():
        raise ConfigurationError(
            str(directory), f"there is no such folder; go to the project's, or set {DIRECTORY_VARIABLE}"
        )
    return directory


def stages_to_go_back_by(directory: Path) -> Stages | None:
    """The stages of each phase; None, said aloud, where the plan cannot be read."""
    path = directory / PLAN_FILE
    if not path.exists():
        return None
    try:
        return stages_of(load_plan(path))
    except ConfigurationError as error:
        warn(f"{error}; what the flags say themselves is taken")
        return None


def warn_of_overrides(directory: Path, phases: list[str]) -> None:
    """Say what keeps a move from being seen, as far as this environment shows it."""
    for phase in phases:
        variable = stage_variable(phase)
        if variable in os.environ:
            warn(f"{variable}={os.environ[variable]} overrides flags.json in processes with this environment")
    if read_kill_switch(directory, os.environ).killed:
        warn("kill switch on: legacy answers every new run until changeover unkill")


def warn_of_those_ahead(directory: Path, settings: Mapping[str, Setting]) -> None:
    """Say which phases now stand further than what they require; going back moves nobody else."""
    with suppress(ConfigurationError):
        for phase in load_plan(directory / PLAN_FILE).phases.values():
            here = settings.get(phase.name)
            for needed in phase.requires:
                there = settings.get(needed)
                if here is None or there is None or there.stage not in SEAM_STAGES:
                    continue
                if earlier(here, there) != here:
                    warn(f"{phase.name} stays at {here} and requires {needed}, which is at {there}")


def _nearest_migration() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / PYPROJECT).exists() or (folder / "migration").is_dir():
            return folder / "migration"
    return here / "migration"
