"""Move a running program from one implementation to another, and know that the new one does the same."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from changeover.api.comparison import compare, diff
    from changeover.api.doctor import doctor
    from changeover.api.evidence import import_evidence, prune_evidence
    from changeover.api.explanation import explain
    from changeover.api.flip import flip
    from changeover.api.gate import gate
    from changeover.api.history import history, seal_flags
    from changeover.api.init import init
    from changeover.api.kill import kill, unkill
    from changeover.api.legacy import prove_removal, scan_legacy
    from changeover.api.report import report
    from changeover.api.rollback import rollback
    from changeover.api.rules import check_rules, find_blind_spots
    from changeover.api.scenarios import keep_scenario, list_scenarios, record_scenarios, show_scenario
    from changeover.api.status import status
    from changeover.api.waive import waive
    from changeover.errors import ConfigurationError, EffectWithheld
    from changeover.evidence.sources import Case, SourceOptions
    from changeover.migration import Migration
    from changeover.record.run import Run
    from changeover.replay.fresh_path import fresh
    from changeover.values.observation import Observation, PortCall, Raised, Returned, Side
    from changeover.values.observation import Side as Path
    from changeover.values.stage import Pins, Stage

__version__ = "0.1.0"

__all__ = [
    "Case",
    "ConfigurationError",
    "EffectWithheld",
    "Migration",
    "Observation",
    "Path",
    "Pins",
    "PortCall",
    "Raised",
    "Returned",
    "Run",
    "Side",
    "SourceOptions",
    "Stage",
    "check_rules",
    "compare",
    "diff",
    "doctor",
    "explain",
    "find_blind_spots",
    "flip",
    "fresh",
    "gate",
    "history",
    "import_evidence",
    "init",
    "keep_scenario",
    "kill",
    "list_scenarios",
    "prove_removal",
    "prune_evidence",
    "record_scenarios",
    "report",
    "rollback",
    "scan_legacy",
    "seal_flags",
    "show_scenario",
    "status",
    "unkill",
    "waive",
]

# Imported when first asked for, so that `import changeover` costs a program nothing.
_HOMES = {
    "Case": "evidence.sources",
    "ConfigurationError": "errors",
    "EffectWithheld": "errors",
    "Migration": "migration",
    "Observation": "values.observation",
    "Path": "values.observation",
    "Pins": "values.stage",
    "PortCall": "values.observation",
    "Raised": "values.observation",
    "Returned": "values.observation",
    "Run": "record.run",
    "Side": "values.observation",
    "SourceOptions": "evidence.sources",
    "Stage": "values.stage",
    "check_rules": "api.rules",
    "compare": "api.comparison",
    "diff": "api.comparison",
    "doctor": "api.doctor",
    "explain": "api.explanation",
    "find_blind_spots": "api.rules",
    "flip": "api.flip",
    "fresh": "replay.fresh_path",
    "gate": "api.gate",
    "history": "api.history",
    "import_evidence": "api.evidence",
    "init": "api.init",
    "keep_scenario": "api.scenarios",
    "kill": "api.kill",
    "list_scenarios": "api.scenarios",
    "prove_removal": "api.legacy",
    "prune_evidence": "api.evidence",
    "record_scenarios": "api.scenarios",
    "report": "api.report",
    "rollback": "api.rollback",
    "scan_legacy": "api.legacy",
    "seal_flags": "api.history",
    "show_scenario": "api.scenarios",
    "status": "api.status",
    "unkill": "api.kill",
    "waive": "api.waive",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'changeover' has no attribute {name!r}")
    found = getattr(import_module(f"changeover.{home}"), "Side" if name == "Path" else name)
    globals()[name] = found
    return found


class _Front(ModuleType):
    """Keeps `changeover.compare` and `changeover.gate` the verbs, though rooms have the same names.

    When a room is imported, Python makes it an attribute of its package, in the place of the verb.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Front
