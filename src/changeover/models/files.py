"""Every problem of every configuration file at once; the readers of a program stop at the first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError
from changeover.models.catalogue import model_of
from changeover.models.problems import problems_in
from changeover.settings import (
    DIRECTORY_VARIABLE,
    FLAGS_FILE,
    FLAGS_VARIABLE,
    PLAN_FILE,
    RULES_FILE,
    WAIVERS_FILE,
)
from changeover.values.toml_table import parse_json, parse_toml, read_text

PYPROJECT = "pyproject.toml"
BLIND_SPOTS_FILE = "blindspots.toml"
_TABLE = "tool.changeover"
_OF_FOLDER = {
    PLAN_FILE: "phases",
    RULES_FILE: "rules",
    WAIVERS_FILE: "waivers",
    BLIND_SPOTS_FILE: "blindspots",
    FLAGS_FILE: "flags",
}
_MAY_BE_BLANK = (WAIVERS_FILE, BLIND_SPOTS_FILE)


def problems_by_file(start: Path, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """By name of the file, one sentence for each thing that is wrong with it; missing files are not wrong.

    What needs more than the file itself is left to its reader: today's date, the plan, a digest, two rules
    that disagree.
    """
    root, tool, problems = _project(start)
    named = environment.get(DIRECTORY_VARIABLE) or (
        tool.get("directory") if isinstance(tool, Mapping) else None
    )
    directory = root / (named if isinstance(named, str) and named.strip() else "migration")
    found = {PYPROJECT: problems}
    for name, schema in _OF_FOLDER.items():
        path = (
            Path(environment.get(FLAGS_VARIABLE) or directory / name)
            if name == FLAGS_FILE
            else directory / name
        )
        found[name] = _problems(path, schema, _shown(path, root)) if path.exists() else []
    return {name: texts for name, texts in found.items() if texts}


def _project(start: Path) -> tuple[Path, Any, list[str]]:
    """The folder of the project around another one, its table, and what is wrong with that."""
    for folder in (start, *start.parents):
        file = folder / PYPROJECT
        if not file.is_file():
            continue
        try:
            tool = parse_toml(read_text(file), str(file)).get("tool", {}).get("changeover")
        except ConfigurationError as error:
            return folder, {}, [str(error)]
        if tool is not None or folder == start:
            found = [] if tool is None else problems_in(tool, model_of("project"), _TABLE)
            return folder, tool, [f"{PYPROJECT}: {one}" for one in found]
    return start, {}, []


def _problems(path: Path, schema: str, where: str) -> list[str]:
    try:
        text = read_text(path)
        if path.name in _MAY_BE_BLANK and not text.strip():
            return []
        content = parse_json(text, where) if path.suffix == ".json" else parse_toml(text, where)
    except ConfigurationError as error:
        return [str(error)]
    return [f"{where}: {one}" for one in problems_in(content, model_of(schema))]


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
