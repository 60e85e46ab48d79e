"""The project a command works on: its pyproject.toml, its app, its files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from changeover.errors import ConfigurationError, asking_the_program
from changeover.quick_dataclass import dataclass
from changeover.settings import DIRECTORY_VARIABLE, PLAN_FILE, RULES_FILE
from changeover.values.toml_table import Table, parse_toml, read_text

if TYPE_CHECKING:
    from changeover.compare.rules import Rules
    from changeover.evidence.store.place import StorePlace
    from changeover.migration import Migration
    from changeover.rollout.plan_file import Plan

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Project:
    """`root` is where pyproject.toml stands; `app` is `module:attribute`, None if unset."""

    root: Path
    directory: Path
    app: str | None

    def plan(self) -> Plan | None:
        """The plan, None where there is no phases.toml yet; raises ConfigurationError."""
        from changeover.rollout.plan_file import load_plan

        path = self.directory / PLAN_FILE
        return load_plan(path) if path.exists() else None

    def needed_plan(self) -> Plan:
        """The plan; raises ConfigurationError where there is none, too."""
        plan, file = self.plan(), self.directory / PLAN_FILE
        if plan is None:
            raise ConfigurationError(str(file), "is missing: changeover init writes one")
        return plan

    def rules(self, today: date) -> Rules | None:
        """The rules, None where there is no rules.toml; raises ConfigurationError."""
        from changeover.compare.rules_file import load_rules

        path = self.directory / RULES_FILE
        return load_rules(path, today=today) if path.exists() else None

    def rules_digest(self, today: date) -> str:
        """What evidence is about, beside the code; raises ConfigurationError."""
        from changeover.compare.rules import STRICT

        return (self.rules(today) or STRICT).digest

    def make_importable(self) -> None:
        """Let the project's own packages be found, whether or not they are installed."""
        for folder in (self.root / "src", self.root):
            if folder.is_dir() and str(folder) not in sys.path:
                sys.path.insert(0, str(folder))

    def migration(self) -> Migration:
        """Import the app's migration; raises ConfigurationError, whatever the app's own modules do."""
        from changeover.migration import Migration

        where = f"{PYPROJECT}: tool.changeover.app"
        if self.app is None:
            raise ConfigurationError(
                where, 'is missing, needed: "module:attribute", such as "shop.compat:migration"'
            )
        module_name, colon, attribute = self.app.partition(":")
        if not colon or not module_name or not attribute:
            raise ConfigurationError(where, f'was {self.app!r}, allowed: "module:attribute"')
        self.make_importable()
        found = _attribute(where, module_name, attribute)
        if not isinstance(found, Migration) and callable(found):
            with asking_the_program(where, f"calling {self.app!r} "):
                found = found()
        if not isinstance(found, Migration):
            kind = type(found).__name__
            raise ConfigurationError(
                where, f"{self.app!r} is a {kind}, allowed: a Migration, or a function giving one"
            )
        return found


def find_project(start: Path, environment: Mapping[str, str]) -> Project:
    """The project around a folder; raises ConfigurationError for a wrong pyproject.toml."""
    for folder in (start, *start.parents):
        file = folder / PYPROJECT
        if file.is_file():
            tool = parse_toml(read_text(file), str(file)).get("tool", {}).get("changeover")
            if tool is None and folder != start:
                continue
            return _project(folder, {} if tool is None else tool, environment)
    return _project(start, {}, environment)


def open_project(project: str | Path | Project) -> Project:
    """A project, or the one around a folder; raises ConfigurationError for a wrong pyproject.toml."""
    if isinstance(project, Project):
        return project
    return find_project(Path(project).resolve(), os.environ)


def find_folder(project: str | Path | Project, warn: Callable[[str], None]) -> Path:
    """The migration's folder, also where pyproject.toml cannot be read: going back needs no project.

    Raises ConfigurationError where there is no such folder: a kill switch in the wrong one would stop nobody.
    """
    directory = project.directory if isinstance(project, Project) else _folder_around(Path(project), warn)
    if not directory.is_dir():
        raise ConfigurationError(
            str(directory), f"there is no such folder; go to the project's, or set {DIRECTORY_VARIABLE}"
        )
    return directory


def _folder_around(start: Path, warn: Callable[[str], None]) -> Path:
    try:
        return open_project(start).directory
    except ConfigurationError as error:
        directory = Path(os.environ.get(DIRECTORY_VARIABLE) or _nearest_migration(start.resolve()))
        warn(f"{error}; the folder {directory} is taken")
        return directory


def _nearest_migration(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / PYPROJECT).exists() or (folder / "migration").is_dir():
            return folder / "migration"
    return start / "migration"


def near(path: StorePlace) -> str:
    """A path as a person would type it in the working folder; what is no path as it is."""
    if not isinstance(path, Path):
        return str(path)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _project(root: Path, tool: object, environment: Mapping[str, str]) -> Project:
    table = Table(tool, PYPROJECT, "tool.changeover")
    app, directory = table.text("app", None), table.text("directory", "migration")
    table.done()
    return Project(root, root / (environment.get(DIRECTORY_VARIABLE) or directory), app)


def _attribute(where: str, module_name: str, attribute: str) -> Any:
    with asking_the_program(where, f"importing {module_name!r} "):
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as error:
            wrong = ConfigurationError(where, f"{module_name!r} cannot be imported: {error}")
            wrong.program_error = error
            raise wrong from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise ConfigurationError(where, f"module {module_name!r} has no {attribute!r}") from None


def wiring_problems(migration: Migration, directory: Path) -> Iterator[str]:
    """What is wrong with the declarations of the app, and with the folder that it reads.

    `directory` is the one that commands use.
    """
    from changeover.rollout.programs import describe_other_folder
    from changeover.values.observation import Side

    if migration.directory is not None:
        other = describe_other_folder(directory, migration.directory)
        if other is not None:
            yield other
    for method in migration.undeclared:
        way = "name it in reads= or effects=, also where no path calls it"
        yield f"{method.full_name} is in no class: a replay refuses it; {way}"
    for seam in migration.seams.values():
        for side in Side:
            if seam.paths.get(side) is None:
                yield f"seam {seam.name} has no {side} path: nothing is compared"
    planned = () if migration.plan is None else migration.plan.phases.values()
    missing = [seam for phase in planned for seam in phase.seams if seam not in migration.seams]
    if missing:
        seams = "1 seam" if len(missing) == 1 else f"{len(missing):,} seams"
        yield f"{seams} of phases.toml not declared by the app: {', '.join(missing)}"
