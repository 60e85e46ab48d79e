"""What a function that a path is handed holds in its closure and defaults, read before and after.

The function goes as it is, so that both paths act on the same things: where one changes them, nobody can say
what the other would have done. So the thing itself counts, also one that has no copy, as a client or an app:
nothing is copied, and only what lies nearest is read. What functions hold that a port is handed is copied by
`held_copies`, where the content counts.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from changeover.record.object_reading import ObjectReading
from changeover.values.content_key import same_content
from changeover.values.copy_plan import is_atom
from changeover.values.made_functions import held_by, short_name

_ByReference = Callable[[Any], bool]
HELD_MAX = 20
"""So many things that one function holds are looked at."""


class HeldReading:
    """The things that one function holds; of each what lies nearest is looked at."""

    def __init__(self, function: FunctionType, by_reference: _ByReference) -> None:
        self._function = function
        self._before = [
            (held, None if _goes_on(held) or by_reference(held) else ObjectReading(held, by_reference))
            for held in held_by(function)[:HELD_MAX]
        ]

    def changed(self) -> str | None:
        """What has changed, in words; None where nothing has."""
        now = held_by(self._function)
        for (held, reading), after in zip(self._before, now, strict=False):
            same = held is after or (is_atom(held) and is_atom(after) and same_content(held, after))
            if not same or (reading is not None and reading.changed() is not None):
                name = short_name(self._function)
                return f"the function {name} is handed over as it is, and what it holds has changed"
        return None


def _goes_on(held: Any) -> bool:
    """Whether nothing in it can change that belongs to the function: code, and what cannot change at all."""
    return is_atom(held) or isinstance(held, FunctionType | type)
