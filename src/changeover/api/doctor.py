"""`doctor`: the effective configuration, where it comes from, and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from changeover import __version__
from changeover.compare.rules_file import check_rules_file
from changeover.errors import ConfigurationError
from changeover.evidence.store.archive import Archive
from changeover.evidence.store.store import store_path
from changeover.migration import Migration
from changeover.project import Project, open_project, wiring_problems
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

LIMITS = (
    "A client that is open already, a C extension, or a read of clock or environment past every port "
    "is not seen: docs/limits.md"
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is in effect, by name; what is wrong; and what nobody can see. No facts: no app can be loaded."""

    facts: Mapping[str, str]
    problems: tuple[str, ...]
    not_seen: str = LIMITS

    @property
    def exit_code(self) -> int:
        """1 where something is wrong, 2 where the app cannot be loaded."""
        return 0 if not self.problems else 1 if self.facts else 2


def doctor(*, project: str | Path | Project = ".") -> Diagnosis:
    """Say what is in effect, where every value comes from, and every problem of every configuration file.

    Args:
        project: a folder of the project, or the project; its app is imported.

    Raises:
        ConfigurationError: the app cannot be loaded, though no file is wrong.

    Example:
        assert not changeover.doctor().problems
    """
    from changeover.models.files import problems_by_file

    start = project.root if isinstance(project, Project) else Path(project).resolve()
    wrong = problems_by_file(start, os.environ)
    problems = [text for texts in wrong.values() for text in texts]
    try:
        found = open_project(project)
        migration = found.migration()
    except ConfigurationError as error:
        if not problems:
            raise
        # Nothing else can be looked at before that is mended.
        return Diagnosis({}, (*problems, str(error)))
    problems += _problems(found, migration, wrong)
    return Diagnosis(dict(_facts(found, migration)), tuple(problems))


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
