"""Tables of the keys of a configuration file, made of the schema that its model gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from changeover.models.base import schema_of, wanted
from changeover.models.catalogue import model_of

TABLES = {
    "rules": {"rules.toml": "", "[defaults]": "Defaults", "[[rule]]": "Rule"},
    "phases": {
        "phases.toml": "",
        "[migration]": "Migration",
        "[migration.removal]": "Removal",
        "[alerts]": "Alerts",
        "[alerts.webhook]": "AlertWebhook",
        "[alerts.slack]": "AlertAddress",
        "[alerts.email]": "AlertEmail",
        "[[phase]]": "Phase",
        "[phase.gate]": "Gates",
        "[phase.gate.STAGE]": "Gate",
        "corpus of a gate": "CorpusCriteria",
        "production of a gate": "ProductionCriteria",
        "explore of a gate": "ExploreCriteria",
        "in place of a criterion": "NotAsked",
    },
    "project": {"[tool.changeover] of pyproject.toml": ""},
    "waivers": {"waivers.toml": "", "[[waiver]]": "Waiver"},
    "blindspots": {"blindspots.toml": "", "[[blindspot]]": "BlindSpot"},
}
"""By schema: of each table how it is written, and its name in the schema."""
NOT_SHOWN = {"CompleteGate", "Side"}
"""Definitions with no table of their own: the keys of `Gate` once more, and a set of words."""


def key_table(schema_name: str, table: str) -> str:
    """The keys of one table."""
    schema = schema_of(model_of(schema_name))
    name = TABLES[schema_name][table]
    node = schema["$defs"][name] if name else schema
    return "\n".join(["", *_rows(node, schema), "", ""])


def keys_of(schema_name: str) -> dict[str, set[str]]:
    """By how the table is written: its keys."""
    schema = schema_of(model_of(schema_name))
    nodes = {table: schema["$defs"][name] if name else schema for table, name in TABLES[schema_name].items()}
    return {table: set(node["properties"]) for table, node in nodes.items()}


def definitions(schema_name: str) -> set[str]:
    """The tables that the schema knows."""
    return set(schema_of(model_of(schema_name)).get("$defs", ())) - NOT_SHOWN


def _rows(node: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    yield "| key | meaning | allowed | unless given |"
    yield "|---|---|---|---|"
    for key, found in node["properties"].items():
        target = schema.get("$defs", {}).get(str(found.get("$ref", "")).rpartition("/")[2], {})
        meaning = found.get("description") or target["description"]
        cells = f"`{key}`", _cell(meaning), _cell(wanted(found, schema)), _default(key, found, node)
        yield f"| {' | '.join(cells)} |"


def _default(key: str, found: dict[str, Any], node: dict[str, Any]) -> str:
    if key in node.get("required", ()):
        return "must be given"
    return f"`{json.dumps(found['default'])}`" if "default" in found else "-"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
