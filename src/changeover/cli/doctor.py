"""`changeover doctor`: the effective configuration, where it comes from, and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click

from changeover import __version__
from changeover.cli.output import format_option, quiet, show, show_json
from changeover.errors import ConfigurationError
from changeover.evidence.store.store import Archive, store_path
from changeover.migration import Migration
from changeover.project import Project, find_project, wiring_problems
from changeover.settings import (
    DIRECTORY_VARIABLE,
    FLAGS_VARIABLE,
    KILL_VARIABLE,
    STAGE_VARIABLE,
    STORE_VARIABLE,
)
from changeover.views.layout import WIDTH, cut, wrapped

_LABEL = 12
LIMITS = (
    "A client that is open already, a C extension, or a read of clock or environment past every port "
    "is not seen: docs/limits.md"
)


@click.command("doctor")
@format_option
def command(format_: str) -> None:
    """Say what is in effect, where every value comes from, and what is wrong; exits 1 where something is.

    For example: changeover doctor
    """
    quiet()
    project = find_project(Path.cwd(), os.environ)
    migration = project.migration()
    problems = list(_problems(project, migration))
    facts = list(_facts(project, migration))
    if format_ == "json":
        show_json("doctor", {"facts": dict(facts), "problems": problems, "not_seen": LIMITS})
    else:
        lines = [line for problem in problems for line in wrapped(f"! {problem}", WIDTH, "  ")]
        lines += [""] if problems else []
        lines += [line for label, value in facts for line in _labelled(label, value)]
        lines += ["", *wrapped(LIMITS, WIDTH, "")]
        show("\n".join(lines) + "\n")
    raise click.exceptions.Exit(1 if problems else 0)


def _labelled(label: str, value: str) -> Iterator[str]:
    for number, line in enumerate(wrapped(value, WIDTH - _LABEL, "")):
        yield f"{label if number == 0 else '':<{_LABEL}}{cut(line, WIDTH - _LABEL)}"


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


def _problems(project: Project, migration: Migration) -> Iterator[str]:
    migration.look_again()
    migration.stages()
    yield from migration.problems
    try:
        project.rules(date.today())
    except ConfigurationError as error:
        yield str(error)
    try:
        Archive(store_path(project.root)).corpora()
    except ConfigurationError as error:
        yield str(error)
    yield from wiring_problems(migration)
