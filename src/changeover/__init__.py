"""Move a running program from one implementation to another, and know that the new one does the same."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from changeover.errors import ConfigurationError, EffectWithheld
    from changeover.evidence.sources import Case, SourceOptions
    from changeover.migration import Migration
    from changeover.record.run import Run
    from changeover.replay.fresh_path import fresh
    from changeover.values.observation import Observation, PortCall, Side
    from changeover.values.observation import Side as Path
    from changeover.values.outcome import Raised, Returned
    from changeover.values.pins import Pins
    from changeover.values.stage import Stage

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
    "fresh",
]

# Imported when first asked for, so that `import changeover` costs a program nothing.
_HOMES = {
    "Case": "evidence.sources",
    "ConfigurationError": "errors",
    "EffectWithheld": "errors",
    "Migration": "migration",
    "Observation": "values.observation",
    "Path": "values.observation",
    "Pins": "values.pins",
    "PortCall": "values.observation",
    "Raised": "values.outcome",
    "Returned": "values.outcome",
    "Run": "record.run",
    "Side": "values.observation",
    "SourceOptions": "evidence.sources",
    "Stage": "values.stage",
    "fresh": "replay.fresh_path",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'changeover' has no attribute {name!r}")
    found = getattr(import_module(f"changeover.{home}"), "Side" if name == "Path" else name)
    globals()[name] = found
    return found
