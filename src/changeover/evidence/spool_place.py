"""Where the runs of a project wait for a worker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.evidence.store.store import DEFAULT_PLACE, NOWHERE, store_path
from changeover.settings import RECORDED_FOLDER

VARIABLES = "variables"
"""In what a process says of itself: what a replay of its runs needs to find as it was there."""
_HANDED_OVER = (
    *("PYTHONHASHSEED", "PYTHONUTF8", "TZ", "LANG", "LANGUAGE", "LC_ALL"),
    *("LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME"),
)


def handed_over(environment: Mapping[str, str]) -> dict[str, dict[str, str | None]]:
    """The variables by which the same code may do something else elsewhere; None for one that is not set."""
    return {VARIABLES: {name: environment.get(name) for name in _HANDED_OVER}}


def variables_of(described: Mapping[str, object]) -> dict[str, str | None]:
    """The same of a process that recorded, as far as it said so; no other variable comes from a file."""
    found = described.get(VARIABLES)
    if not isinstance(found, Mapping):
        return {}
    return {
        name: value
        for name in _HANDED_OVER
        if name in found and (isinstance(value := found[name], str) or value is None)
    }


def recorded_folder(root: Path, environment: Mapping[str, str] | None = None) -> Path:
    """Beside the store; where there is none, or its place is wrong, in the folder of the toolkit."""
    try:
        store = store_path(root, environment)
    except ConfigurationError:
        store = NOWHERE
    return (root / DEFAULT_PLACE if store == NOWHERE else store).with_name(RECORDED_FOLDER)
