"""An object that is handed on as it is, read before and after: has somebody changed it meanwhile?

Nothing is copied. Of the object and of what it holds, the nearest first, every part is remembered by what
stands in it; a change anywhere changes what stands in one of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from changeover.values.content_key import same_content
from changeover.values.copying import is_atom
from changeover.values.place import Key, Place, render
from changeover.values.reading import own_state

PARTS_MAX = 100
"""So many containers and objects are looked into; what lies further away is not."""
ITEMS_MAX = 10_000
"""Of a longer container only the length is looked at."""
_CONTAINERS = (list, tuple, dict, set, frozenset, deque)


class ObjectReading:
    """What stood in an object and in what it holds; an object of a port is not looked into."""

    def __init__(self, owner: Any, by_reference: Callable[[Any], bool]) -> None:
        self._parts: list[tuple[Place, Any, Any]] = []
        waiting: deque[tuple[Place, Any]] = deque([((Key("self"),), owner)])
        seen = {id(owner)}
        while waiting and len(self._parts) < PARTS_MAX:
            place, part = waiting.popleft()
            inside = _inside(part)
            self._parts.append((place, part, inside))
            for name, below in _named(inside):
                if is_atom(below) or id(below) in seen or by_reference(below) or not _is_open(below):
                    continue
                seen.add(id(below))
                waiting.append(((*place, name), below))

    def changed(self) -> str | None:
        """The place of a part that holds something else now, None where none does."""
        for place, part, before in self._parts:
            if not _is_same(before, _inside(part)):
                return render(place)
        return None


def _is_open(value: Any) -> bool:
    cls = type(value)
    if issubclass(cls, type):
        return False
    return issubclass(cls, _CONTAINERS) or cls.__dictoffset__ != 0 or _has_slots(cls)


def _has_slots(cls: type) -> bool:
    return any(vars(base).get("__slots__") for base in cls.__mro__)


def _inside(part: Any) -> Any:
    """What stands in it now: for a container its items, else its attributes."""
    if not isinstance(part, _CONTAINERS):
        return own_state(part)
    if len(part) > ITEMS_MAX:
        return len(part)
    return dict(part) if isinstance(part, dict) else tuple(part)


def _named(inside: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(inside, dict):
        return ((Key(name), part) for name, part in inside.items())
    return enumerate(inside) if isinstance(inside, tuple) else iter(())


def _is_same(before: Any, after: Any) -> bool:
    if isinstance(before, int):
        return bool(before == after)
    if type(before) is not type(after) or len(before) != len(after):
        return False
    if isinstance(before, dict):
        return all(name in after and _is_one(part, after[name]) for name, part in before.items())
    return all(map(_is_one, before, after))


def _is_one(before: Any, after: Any) -> bool:
    return before is after or (is_atom(before) and is_atom(after) and same_content(before, after))
