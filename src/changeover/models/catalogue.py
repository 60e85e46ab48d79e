"""The names under which schemas are published, and every problem of every configuration file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from changeover.errors import ConfigurationError
from changeover.settings import (
    DIRECTORY_VARIABLE,
    FLAGS_FILE,
    FLAGS_VARIABLE,
    PLAN_FILE,
    RULES_FILE,
    WAIVERS_FILE,
)
from changeover.values.toml_table import parse_json, parse_toml, read_text

if TYPE_CHECKING:
    from pydantic import BaseModel

FILES = {
    "phases": ("plan:PhasesFile", "phases.toml, the plan"),
    "rules": ("rules:RulesFile", "rules.toml, how places are compared"),
    "waivers": ("rules:WaiversFile", "waivers.toml, differences that are accepted for now"),
    "blindspots": ("rules:BlindSpotsFile", "blindspots.toml, what the comparison may miss"),
    "project": ("plan:ProjectTable", "the table [tool.changeover] of pyproject.toml"),
    "flags": ("moves:FlagsFile", "flags.json, the stage of every phase"),
    "trips": ("moves:TripsFile", "trips.json, what the tripwire could not write to flags.json"),
    "history-line": ("moves:HistoryLine", "one line of history.jsonl"),
}
"""By name: the model of a file, and what the file is."""

OUTPUTS = {
    "compare": "comparison:CompareOutput",
    "explore": "exploration:ExploreOutput",
    "explain": "evidence:ExplainOutput",
    "diff": "comparison:DiffOutput",
    "status": "readiness:StatusOutput",
    "report": "report:ReportOutput",
    "gate": "readiness:GateOutput",
    "flip": "moves:FlipOutput",
    "rollback": "moves:MovedOutput",
    "history": "moves:HistoryOutput",
    "flags-seal": "moves:MovedOutput",
    "waive": "evidence:WaiveOutput",
    "rules-check": "evidence:RulesCheckOutput",
    "rules-blindspots": "evidence:BlindSpotsOutput",
    "scenarios-list": "evidence:ScenariosListOutput",
    "evidence-import": "evidence:EvidenceImportOutput",
    "evidence-prune": "evidence:EvidencePruneOutput",
    "evidence-check": "evidence:EvidenceCheckOutput",
    "legacy-scan": "readiness:LegacyScanOutput",
    "legacy-prove": "readiness:LegacyProveOutput",
    "worker": "worker:WorkerOutput",
    "alerts-run": "told_alerts:AlertsRunOutput",
    "alerts-test": "told_alerts:AlertsTestOutput",
    "alerts-list": "told_alerts:AlertsListOutput",
    "kill": "endings:SwitchOutput",
    "unkill": "endings:SwitchOutput",
    "scenarios-show": "evidence:ScenariosShowOutput",
    "scenarios-keep": "evidence:ScenariosWrittenOutput",
    "scenarios-record": "evidence:ScenariosWrittenOutput",
    "scenarios-renew": "evidence:ScenariosRenewOutput",
    "schema": "endings:SchemaOutput",
    "docs": "endings:DocsOutput",
    "completion": "endings:CompletionOutput",
    "init": "evidence:InitOutput",
    "doctor": "evidence:DoctorOutput",
}
"""By name: the model of what a command prints with `--format json`; the command's words, with hyphens."""

ENDINGS = {
    "error": ("endings:ErrorOutput", "any command with --format json that gave no result"),
    "done": ("endings:DoneOutput", "a command with --format json that has no JSON of its own"),
}
"""By name: the model of what any command may print with `--format json`, and when it does."""


def described() -> dict[str, str]:
    """Every name with one line about it."""
    outputs = {name: f"changeover {name.replace('-', ' ')} --format json" for name in OUTPUTS}
    others = {name: about for name, (_, about) in (FILES | ENDINGS).items()}
    return {name: others[name] for name in FILES} | outputs | {name: others[name] for name in ENDINGS}


def model_of(name: str) -> type[BaseModel]:
    """The model under a name; raises ConfigurationError for one that is unknown, with the nearest."""
    others = FILES | ENDINGS
    where = others[name][0] if name in others else OUTPUTS.get(name)
    if where is None:
        raise ConfigurationError.unknown("NAME", f'"{name}" is no schema', name, [*described()])
    module, _, attribute = where.partition(":")
    found: type[BaseModel] = getattr(import_module(f"changeover.models.{module}"), attribute)
    return found


def schema_text(name: str) -> str:
    """The JSON Schema under a name, as it is printed and published."""
    from changeover.models.base import schema_of

    return json.dumps(schema_of(model_of(name)), indent=2, ensure_ascii=False) + "\n"


def fitted(name: str, content: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """An output as its model has it; where it does not fit, the content itself, and why it does not."""
    from pydantic import ValidationError

    plain = json.loads(json.dumps(content))
    try:
        model = model_of(name).model_validate(plain)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return plain, [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found]
    return model.model_dump(by_alias=True, exclude_unset=True, warnings=False), []


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
    from changeover.models.base import problems_in

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
    from changeover.models.base import problems_in

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
