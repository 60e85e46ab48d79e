"""An object that is handed on as it is, read before and after: has somebody changed it meanwhile?

Of the object and of what it holds, the nearest first, every part is remembered by what stands in it; a
change anywhere changes what stands in one of them. Only a value that is not kept in attributes is copied.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from types import MethodType
from typing import Any, NamedTuple

from changeover.values.changed_since_copy import is_kept_in_attributes
from changeover.values.content_key import same_content
from changeover.values.copy_time import CopyTime
from changeover.values.copying import SnapshotError, is_atom, snapshot
from changeover.values.own_state import has_state
from changeover.values.place import Key, Place, render
from changeover.values.reading import Shape, is_read_by_the_program, own_state, reading_of, remembered

PARTS_MAX = 100
"""So many containers and objects are looked into; what lies further away is not."""
ITEMS_MAX = 10_000
"""Of a longer container only the length is looked at."""
SECONDS_MAX = 0.05
"""A value that takes longer to copy is looked at by its attributes alone."""
_CONTAINERS = (list, tuple, dict, set, frozenset, deque)
_ByReference = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class _Copy:
    """A value that keeps its content elsewhere than in attributes: an array, a table, bytes."""

    value: Any


class _Inside(NamedTuple):
    """What stands in a part: names and parts, items, a length, or a copy; and its attributes besides."""

    content: dict[Any, Any] | tuple[Any, ...] | int | _Copy
    attributes: dict[Any, Any]


class ObjectReading:
    """What stood in an object and in what it holds; an object of a port is not looked into."""

    def __init__(self, owner: Any, by_reference: _ByReference) -> None:
        self._parts: list[tuple[Place, Any, _Inside]] = []
        waiting: deque[tuple[Place, Any]] = deque([((Key("self"),), owner)])
        seen = {id(owner)}
        while waiting and len(self._parts) < PARTS_MAX:
            place, part = waiting.popleft()
            inside = _inside(part, by_reference)
            self._parts.append((place, part, inside))
            for name, below in _named(inside):
                if is_atom(below) or id(below) in seen or by_reference(below) or not _is_open(type(below)):
                    continue
                seen.add(id(below))
                waiting.append(((*place, name), below))

    @property
    def parts(self) -> Iterator[Any]:
        """What is looked into, the nearest first."""
        return (part for _, part, _ in self._parts)

    def changed(self) -> str | None:
        """The place of a part that holds something else now, None where none does."""
        for place, part, before in self._parts:
            if not _is_same(before, part):
                return render(place)
        return None


@remembered
def _is_open(cls: type) -> bool:
    """Whether anything can be seen in it: attributes, or a content that has a reading."""
    if issubclass(cls, type) or cls.__module__.startswith("changeover."):
        return False  # what the toolkit itself keeps goes on
    reading = reading_of(cls)
    return has_state(cls) or (reading.handle is None and reading.shape is not Shape.UNREADABLE)


def _inside(part: Any, by_reference: _ByReference) -> _Inside:
    cls = type(part)
    if cls is MethodType:  # it stays what it is; its object is looked into
        return _Inside((part.__self__,), {})
    if _container_of(cls) is not None:
        return _Inside(_items_in(part), {} if cls in _CONTAINERS else own_state(part))
    if _is_copied(cls):
        try:
            copy = snapshot(part, by_reference=by_reference, time_left=CopyTime(SECONDS_MAX))
        except SnapshotError:
            pass
        else:
            return _Inside(_Copy(copy), {})
    return _Inside((), own_state(part))


@remembered
def _container_of(cls: type) -> Any:
    return next((base for base in _CONTAINERS if issubclass(cls, base)), None)


@remembered
def _is_copied(cls: type) -> bool:
    """Whether what is in a value is seen by its reading alone, which is not one of the program."""
    return (
        reading_of(cls).handle is None and not is_kept_in_attributes(cls) and not is_read_by_the_program(cls)
    )


def _items_in(part: Any) -> dict[Any, Any] | tuple[Any, ...] | int:
    base = _container_of(type(part))
    length: int = base.__len__(part)
    if length > ITEMS_MAX:
        return length
    if base is dict:
        return dict(part) if type(part) is dict else dict(dict.items(part))
    return tuple(base.__iter__(part))


def _named(inside: _Inside) -> Iterator[tuple[Any, Any]]:
    content, attributes = inside
    if isinstance(content, dict):
        named: Iterator[tuple[Any, Any]] = ((Key(name), part) for name, part in content.items())
    else:
        named = enumerate(content) if isinstance(content, tuple) else iter(())
    if not attributes:
        return named
    return chain(named, ((Key(name), part) for name, part in attributes.items()))


def _is_same(before: _Inside, part: Any) -> bool:
    content, attributes = before
    if type(part) is MethodType:
        return True
    if isinstance(content, _Copy):
        return same_content(content.value, part)
    if _container_of(type(part)) is None:
        return _are_same(attributes, own_state(part))
    return _are_same(content, _items_in(part)) and (
        type(part) in _CONTAINERS or _are_same(attributes, own_state(part))
    )


def _are_same(before: Any, after: Any) -> bool:
    if type(before) is not type(after):
        return False
    if isinstance(before, int):
        return bool(before == after)
    if len(before) != len(after):
        return False
    if isinstance(before, dict):
        return all(name in after and _is_one(part, after[name]) for name, part in before.items())
    return all(map(_is_one, before, after))


def _is_one(before: Any, after: Any) -> bool:
    return before is after or (is_atom(before) and is_atom(after) and same_content(before, after))
