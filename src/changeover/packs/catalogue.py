"""Which packs there are: the toolkit's own by name, and those that installed packages offer."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from changeover.errors import DeclarationError, did_you_mean

ENTRY_POINTS = "changeover.packs"
"""The group of entry points under which a package offers packs."""
_OWN = {
    "http": "changeover.packs.http.pack:HttpPack",
}


def pack_class(name: str) -> Callable[..., Any]:
    """What makes the pack of that name; raises DeclarationError for a name that nobody offers."""
    place = _OWN.get(name)
    if place is not None:
        module, _, attribute = place.partition(":")
        made: Callable[..., Any] = getattr(import_module(module), attribute)
        return made
    offered = _offered()
    if name not in offered:
        known = sorted({*_OWN, *offered})
        raise DeclarationError(
            f'use("{name}")', f"is no pack{did_you_mean(name, known)} allowed: {', '.join(known)}"
        )
    found: Callable[..., Any] = offered[name].load()
    return found


def pack_names() -> list[str]:
    """The names of all packs, the toolkit's own and those that installed packages offer."""
    return sorted({*_OWN, *_offered()})


def _offered() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
