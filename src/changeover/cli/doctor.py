"""`changeover doctor`: the effective configuration, where it comes from, and what is wrong with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import click

from changeover import __version__
from changeover.cli.output import format_option, quiet, show, show_json
from changeover.compare.rules_file import check_rules_file
from changeover.errors import ConfigurationError
from changeover.evidence.store.store import Archive, store_path
from changeover.migration import Migration
from changeover.project import Project, find_project, wiring_problems
from changeover.rollout.waivers import load_waivers, today_utc
from changeover.settings import (
    DIRECTORY_VARIABLE,
    FLAGS_VARIABLE,
    KILL_VARIABLE,
    RULES_FILE,
    STAGE_VARIABLE,
    STORE_VARIABLE,
    WAIVERS_FILE,
)
from changeover.views.layout import screen_for
from changeover.views.text.doctor import doctor_screen

USAGE = 2
LIMITS = (
    "A client that is open already, a C extension, or a read of clock or environment past every port "
    "is not seen: docs/limits.md"
)


@click.command("doctor")
@format_option
def command(format_: str) -> None:
    """Say what is in effect, where every value comes from, and what is wrong; exits 1 where something is.

    Every problem of every configuration file is listed at once; exits 2 where the app cannot be loaded.

    For example: changeover doctor
    """
    from changeover.models.files import problems_by_file

    quiet()
    wrong = problems_by_file(Path.cwd(), os.environ)
    problems = [text for texts in wrong.values() for text in texts]
    try:
        project = find_project(Path.cwd(), os.environ)
        migration = project.migration()
    except ConfigurationError as error:
        if not problems:
            raise
        _show({}, [*problems, str(error)], format_)  # nothing else can be looked at before that is mended
        raise click.exceptions.Exit(USAGE) from None
    problems += _problems(project, migration, wrong)
    _show(dict(_facts(project, migration)), problems, format_)
    raise click.exceptions.Exit(1 if problems else 0)


def _show(facts: Mapping[str, str], problems: Sequence[str], format_: str) -> None:
    if format_ == "json":
        show_json("doctor", {"facts": facts, "problems": problems, "not_seen": LIMITS})
        return
    show(doctor_screen(facts, problems, LIMITS, screen_for(sys.stdout)))


def _facts(project: Project, migration: Migration) -> Iterator[tuple[str, str]]:
    named = f" ({DIRECTORY_VARIABLE})" if os.environ.get(DIRECTORY_VARIABLE) else ""
    yield "version", __version__
    yield "app", f"{project.app} (pyproject.toml in {project.root})"
    yield "directory", f"{project.directory}{named}"
    yield "plan", "none: every seam is a phase of its own" if migration.plan is None else migration.plan.name
    yield (
        "store",
        f"{store_path(project.root)}{f' ({STORE_VARIABLE})' if os.environ.get(STORE_VARIABLE) else ''}",
    )
    yield "seams", f"{len(migration.seams)}: {', '.join(migration.seams)}"
    ports = migration.runtime.book.ports.values()
    yield "ports", f"{len(ports)}: {', '.join(port.name for port in ports)}"
    copies = [port.name for port in ports if port.world is not None]
    yield "worlds", ", ".join(copies) or "no port offers world=, so --world copy changes nothing"
    yield "sources", ", ".join(migration.sources.names) or "none: @migration.source(...)"
    variables = [name for name in (FLAGS_VARIABLE, KILL_VARIABLE) if os.environ.get(name)]
    variables += [name for name in os.environ if name.startswith(STAGE_VARIABLE)]
    yield "environment", ", ".join(f"{name}={os.environ[name]}" for name in variables) or "overrides nothing"


def _problems(project: Project, migration: Migration, wrong: Container[str]) -> Iterator[str]:
    """What is wrong beside what the files show themselves; `wrong` are the files that were named already."""
    migration.look_again()
    migration.stages()
    yield from migration.problems
    rules, waivers = project.directory / RULES_FILE, project.directory / WAIVERS_FILE
    if RULES_FILE not in wrong and rules.exists():
        for problem in check_rules_file(rules, today=date.today())[1]:
            yield f"{RULES_FILE}{f' line {problem.line}' if problem.line else ''}: {problem.text}"
    try:
        if WAIVERS_FILE not in wrong:
            load_waivers(waivers, today_utc())
        Archive(store_path(project.root)).corpora()
    except ConfigurationError as error:
        yield str(error)
    yield from wiring_problems(migration)
