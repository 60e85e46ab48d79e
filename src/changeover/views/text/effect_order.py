"""Effects in another order, as text: which of them came first on either side."""

from __future__ import annotations

import re
from typing import Any

from changeover.values.divergence import Divergence, Kind
from changeover.values.value_text import Bare

_KEY = re.compile(r'\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]')
_EFFECTS = "effects."


def place_called(place: str) -> str:
    """A place with an effect as a call: `broker.submit_order(SPY, SELL).quantity`."""
    return call_of(place.removeprefix(_EFFECTS)) if place.startswith(_EFFECTS) else place


def call_of(label: str) -> str:
    """An effect as a call: `broker.submit_order[SPY,SELL]` is `broker.submit_order(SPY, SELL)`."""
    return _KEY.sub(lambda key: f"({', '.join(key[1].split(','))})", label, count=1)


def firsts(found: Divergence) -> tuple[Any, Any]:
    """Both sides of a divergence; of an order, the effect that comes first on each."""
    first = _first_moved(found)
    if first is None:
        return found.legacy, found.candidate
    ours, theirs = first
    return Bare(f"first {ours}"), Bare(f"first {theirs}")


def order_in_words(found: Divergence) -> list[str]:
    """Which effect overtakes which; nothing where the divergence is about something else."""
    first = _first_moved(found)
    if first is None:
        return []
    ours, theirs = first
    return [
        f"The same effects in another order: the candidate makes {theirs} before {ours}, legacy after it."
    ]


def _first_moved(found: Divergence) -> tuple[str, str] | None:
    sides = found.legacy, found.candidate
    if found.kind is not Kind.EFFECT_ORDER or not all(isinstance(one, list) and one for one in sides):
        return None
    legacy, candidate = sides
    pairs = ((str(one), str(other)) for one, other in zip(legacy, candidate, strict=False) if one != other)
    ours, theirs = next(pairs, (None, None))
    return None if ours is None or theirs is None else (call_of(ours), call_of(theirs))
