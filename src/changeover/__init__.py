"""Move a running program from one implementation to another, and know that the new one does the same."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from changeover.api.alerts import list_alerts, run_alerts, try_alerts
    from changeover.api.comparison import compare, diff, report
    from changeover.api.configuration import check_rules, doctor, find_blind_spots
    from changeover.api.evidence import explain, waive
    from changeover.api.exploration import explore
    from changeover.api.going_back import kill, rollback, unkill
    from changeover.api.initial import init
    from changeover.api.moves import flip, history, seal_flags
    from changeover.api.readiness import gate, prove_removal, scan_legacy
    from changeover.api.scenarios import (
        keep_scenario,
        list_scenarios,
        record_scenarios,
        renew_scenario,
        show_scenario,
    )
    from changeover.api.status import status
    from changeover.api.store import check_evidence, import_evidence, prune_evidence
    from changeover.api.worker import work
    from changeover.errors import ConfigurationError, EffectWithheld
    from changeover.evidence.sources import Case, SourceOptions
    from changeover.migration import Migration
    from changeover.record.run import Run
    from changeover.replay.fresh_path import fresh
    from changeover.serve.server import serve
    from changeover.values.event import BusEvent, EventPoint, EventStep
    from changeover.values.event_contract import Carries, EventContract
    from changeover.values.observation import Observation, PortCall, Raised, Returned, Side
    from changeover.values.observation import Side as Path
    from changeover.values.pins import Pins
    from changeover.values.reading import reading
    from changeover.values.stage import Stage

__version__ = "0.1.0"

# fmt: off
__all__ = [
    "BusEvent", "Carries", "Case", "ConfigurationError", "EffectWithheld", "EventContract", "EventPoint",
    "EventStep", "Migration", "Observation", "Path", "Pins", "PortCall", "Raised", "Returned", "Run",
    "Side", "SourceOptions", "Stage", "check_evidence", "check_rules", "compare", "diff", "doctor",
    "explain", "explore", "find_blind_spots", "flip", "fresh", "gate", "history", "import_evidence", "init",
    "keep_scenario", "kill", "list_alerts", "list_scenarios", "prove_removal", "prune_evidence", "reading",
    "record_scenarios", "renew_scenario", "report", "rollback", "run_alerts", "scan_legacy", "seal_flags",
    "serve", "show_scenario", "status", "try_alerts", "unkill", "waive", "work",
]
# fmt: on

# Imported when first asked for, so that `import changeover` costs a program nothing.
_NAMES = {
    "api.alerts": ("list_alerts", "run_alerts", "try_alerts"),
    "api.comparison": ("compare", "diff", "report"),
    "api.configuration": ("check_rules", "doctor", "find_blind_spots"),
    "api.evidence": ("explain", "waive"),
    "api.exploration": ("explore",),
    "api.going_back": ("kill", "rollback", "unkill"),
    "api.initial": ("init",),
    "api.moves": ("flip", "history", "seal_flags"),
    "api.readiness": ("gate", "prove_removal", "scan_legacy"),
    "api.scenarios": (
        "keep_scenario",
        "list_scenarios",
        "record_scenarios",
        "renew_scenario",
        "show_scenario",
    ),
    "api.status": ("status",),
    "api.store": ("check_evidence", "import_evidence", "prune_evidence"),
    "api.worker": ("work",),
    "errors": ("ConfigurationError", "EffectWithheld"),
    "evidence.sources": ("Case", "SourceOptions"),
    "migration": ("Migration",),
    "record.run": ("Run",),
    "replay.fresh_path": ("fresh",),
    "serve.server": ("serve",),
    "values.event": ("BusEvent", "EventPoint", "EventStep"),
    "values.event_contract": ("Carries", "EventContract"),
    "values.observation": ("Observation", "Path", "PortCall", "Raised", "Returned", "Side"),
    "values.pins": ("Pins",),
    "values.reading": ("reading",),
    "values.stage": ("Stage",),
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}


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
