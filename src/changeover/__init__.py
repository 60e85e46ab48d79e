"""Move a running program from one implementation to another, and know that the new one does the same."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from changeover.errors import ConfigurationError, EffectWithheld
    from changeover.evidence.sources import Case, SourceOptions
    from changeover.migration import Migration
    from changeover.observation import Observation, Path, PortCall
    from changeover.outcome import Raised, Returned
    from changeover.plan.pins import Pins
    from changeover.plan.stages import Stage
    from changeover.replaying.fresh_path import fresh
    from changeover.run import Run

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
    "Observation": "observation",
    "Path": "observation",
    "Pins": "plan.pins",
    "PortCall": "observation",
    "Raised": "outcome",
    "Returned": "outcome",
    "Run": "run",
    "SourceOptions": "evidence.sources",
    "Stage": "plan.stages",
    "fresh": "replaying.fresh_path",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'changeover' has no attribute {name!r}")
    found = getattr(import_module(f"changeover.{home}"), name)
    globals()[name] = found
    return found
