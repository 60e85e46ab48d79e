"""The names under which schemas are published; a model is imported when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any

from changeover.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import BaseModel

FILES = {
    "phases": ("phases:PhasesFile", "phases.toml, the plan"),
    "rules": ("rules:RulesFile", "rules.toml, how places are compared"),
    "waivers": ("waivers:WaiversFile", "waivers.toml, differences that are accepted for now"),
    "blindspots": ("blindspots:BlindSpotsFile", "blindspots.toml, what the comparison may miss"),
    "project": ("project:ProjectTable", "the table [tool.changeover] of pyproject.toml"),
    "flags": ("state:FlagsFile", "flags.json, the stage of every phase"),
    "trips": ("state:TripsFile", "trips.json, what the tripwire could not write to flags.json"),
    "history-line": ("state:HistoryLine", "one line of history.jsonl"),
}
"""By name: the model of a file, and what the file is."""

OUTPUTS = {
    "compare": "comparison:CompareOutput",
    "explain": "explanation:ExplainOutput",
    "diff": "comparison:DiffOutput",
    "status": "gate:StatusOutput",
    "report": "report:ReportOutput",
    "gate": "gate:GateOutput",
    "flip": "moves:FlipOutput",
    "rollback": "moves:MovedOutput",
    "history": "moves:HistoryOutput",
    "flags-seal": "moves:MovedOutput",
    "waive": "upkeep:WaiveOutput",
    "rules-check": "upkeep:RulesCheckOutput",
    "rules-blindspots": "upkeep:BlindSpotsOutput",
    "scenarios-list": "upkeep:ScenariosListOutput",
    "evidence-import": "upkeep:EvidenceImportOutput",
    "evidence-prune": "upkeep:EvidencePruneOutput",
    "legacy-scan": "removal:LegacyScanOutput",
    "legacy-prove": "removal:LegacyProveOutput",
    "doctor": "upkeep:DoctorOutput",
}
"""By name: the model of what a command prints with `--format json`; the command's words, with hyphens."""


def described() -> dict[str, str]:
    """Every name with one line about it."""
    outputs = {name: f"changeover {name.replace('-', ' ')} --format json" for name in OUTPUTS}
    return {name: about for name, (_, about) in FILES.items()} | outputs


def model_of(name: str) -> type[BaseModel]:
    """The model under a name; raises ConfigurationError for one that is unknown, with the nearest."""
    where = FILES[name][0] if name in FILES else f"outputs.{OUTPUTS[name]}" if name in OUTPUTS else None
    if where is None:
        known = [*FILES, *OUTPUTS]
        near = get_close_matches(name, known, 1, 0.4)
        hint = f'did you mean "{near[0]}"? ' if near else ""
        raise ConfigurationError("NAME", f'"{name}" is no schema; {hint}allowed: {", ".join(known)}')
    module, _, attribute = where.partition(":")
    found: type[BaseModel] = getattr(import_module(f"changeover.models.{module}"), attribute)
    return found


def schema_text(name: str) -> str:
    """The JSON Schema under a name, as it is printed and published."""
    from changeover.models.schema import schema_of

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
