"""Places as divergences have them, read again: `effects.broker.submit_order[SPY,SELL].quantity`."""

from __future__ import annotations

import re
from functools import lru_cache

EFFECTS, RESULT = "effects", "result"
_SEGMENT = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]|[^."\[])+')
_KEYED = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]')


@lru_cache(maxsize=4_096)
def segments(place: str) -> tuple[str, ...]:
    """The names of a place from its root on; a key in brackets stays with the name before it."""
    return tuple(_SEGMENT.findall(place)) or (place,)


def is_effect(place: str) -> bool:
    """Whether it lies in what a path did to the world."""
    return segments(place)[0] == EFFECTS


def method_at(place: str) -> str:
    """Port and method of the effect at a place (`broker.submit_order`), empty for a place of no effect."""
    names = segments(place)
    return ".".join(map(without_items, names[1:3])) if names[0] == EFFECTS else ""


def below_method(place: str) -> tuple[str, ...]:
    """The names below the method of an effect, those below the root for another place."""
    return segments(place)[3 if is_effect(place) else 1 :]


def below_root(place: str) -> str:
    """The place without `effects` or `result` in front."""
    root, *names = segments(place)
    return ".".join(names) if names and root in (EFFECTS, RESULT) else place


def without_items(name: str) -> str:
    """A name without the items it stands for: `items[*]` is `items`."""
    return _KEYED.split(name, maxsplit=1)[0]
