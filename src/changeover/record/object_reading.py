"""An object that is handed on as it is, read before and after: has somebody changed it meanwhile?

Of the object and of what it holds, the nearest first, every part is remembered by what stands in it; a
change anywhere changes what stands in one of them. Only a value that is not kept in attributes is copied.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from operator import is_
from types import MethodType
from typing import Any, NamedTuple

from changeover.quick_dataclass import dataclass
from changeover.values.atom_types import ATOMS
from changeover.values.changed_since_copy import is_kept_in_attributes, is_unchanged
from changeover.values.content_key import same_content
from changeover.values.copy_plan import is_atom, is_atom_class
from changeover.values.copy_time import CopyTime
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.own_state import dict_of, has_state, own_state, state_reader, state_viewer
from changeover.values.place import Key, Place, Segment, render
from changeover.values.reading import Shape, is_read_by_the_program, reading_of, remembered

PARTS_MAX = 100
"""So many containers and objects are looked into; what lies further away is not."""
ITEMS_MAX = 10_000
"""Of a longer container only the length is looked at."""
SECONDS_MAX = 0.05
"""A value that takes longer to copy is looked at by its attributes alone."""
_CONTAINERS = (list, tuple, dict, set, frozenset, deque)
_NO_ITEMS: tuple[Any, ...] = ()
_NO_NAMES: dict[Any, Any] = {}
_ByReference = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class _Copy:
    """A value that keeps its content elsewhere than in attributes: an array, a table, bytes."""

    value: Any


_Content = dict[Any, Any] | tuple[Any, ...] | int | _Copy
_Inside = tuple[_Content, dict[Any, Any]]
"""What stands in a part: names and parts, items, a length, or a copy; and its attributes besides."""


class _Look(NamedTuple):
    """What reads a value: to be kept, or to be held against what was kept and then forgotten."""

    kept: Callable[[Any], _Inside]
    seen: Callable[[Any], _Inside]

    @classmethod
    def of(cls, read: Callable[[Any], _Inside]) -> _Look:
        """Of a class whose values are read anew each time."""
        return cls(read, read)


_Found = tuple[int, Callable[[Any], Segment], Any, Any]
"""A part: the number of the one it was found in, its name there, which is a segment if called so, itself."""


class ObjectReading:
    """What stood in an object and in what it holds; an object of a port is not looked into."""

    def __init__(self, owner: Any, by_reference: _ByReference) -> None:
        self._parts: list[tuple[_Found, _Look | None, _Content, dict[Any, Any]]] = []
        self._waiting: deque[_Found] = deque([(-1, Key, "self", owner)])
        self._seen = {id(owner)}
        self._by_reference = by_reference
        parts, waiting = self._parts, self._waiting
        while waiting and len(parts) < PARTS_MAX:
            found = waiting.popleft()
            part = found[3]
            look = _look(type(part))
            content, attributes = _copied(part, by_reference) if look is None else look.kept(part)
            above = len(parts)
            parts.append((found, look, content, attributes))
            if above + len(waiting) >= PARTS_MAX:
                continue  # there is as much to look into as is looked into
            if type(content) is dict:
                self._look_into(above, Key, content, content.values())
            elif type(content) is tuple and content:
                self._look_into(above, int, range(len(content)), content)
            if attributes:
                self._look_into(above, Key, attributes, attributes.values())
        del self._waiting, self._seen

    def _look_into(
        self, above: int, segment: Callable[[Any], Segment], names: Iterable[Any], parts: Collection[Any]
    ) -> None:
        if ATOMS.issuperset(map(type, parts)):
            return
        seen = self._seen
        for name, below in zip(names, parts, strict=True):
            if _is_looked_into(type(below)) and id(below) not in seen and not self._by_reference(below):
                seen.add(id(below))
                self._waiting.append((above, segment, name, below))

    @property
    def parts(self) -> Iterator[Any]:
        """What is looked into, the nearest first."""
        return (found[3] for found, *_ in self._parts)

    def changed(self) -> str | None:
        """The place of a part that holds something else now, None where none does."""
        for found, look, content, attributes in self._parts:
            if look is None:
                same = type(content) is not _Copy or is_unchanged(content.value, found[3])
                same = same and (not attributes or _are_same(attributes, own_state(found[3])))
            else:
                now, its_attributes = look.seen(found[3])
                same = now is content or _are_same(content, now)
                same = same and (its_attributes is attributes or _are_same(attributes, its_attributes))
            if not same:
                return render(self._place(found))
        return None

    def _place(self, found: _Found) -> Place:
        above, segment, name, _ = found
        return (*(self._place(self._parts[above][0]) if above >= 0 else ()), segment(name))


class SharedReading:
    """The same of the attributes of a member of an enumeration, a path or a zone, which are not copied."""

    def __init__(self, part: Any, by_reference: _ByReference) -> None:
        self._name = type(part).__name__
        in_dict = dict_of(type(part))
        self._before = ObjectReading({} if in_dict is None else in_dict(part), by_reference)

    def changed(self) -> str | None:
        """What has changed, in words; None where nothing has."""
        place = self._before.changed()
        return None if place is None else f"{self._name} is handed over as it is, and changed at {place}"


@remembered
def _is_looked_into(cls: type) -> bool:
    """Whether anything can be seen in it that may change: attributes, or a content that has a reading."""
    if is_atom_class(cls) or issubclass(cls, type) or cls.__module__.startswith("changeover."):
        return False  # what the toolkit itself keeps goes on
    reading = reading_of(cls)
    return has_state(cls) or (reading.handle is None and reading.shape is not Shape.UNREADABLE)


@remembered
def _look(cls: type) -> _Look | None:
    """What reads a value of a class, None where what is in it is seen by its reading alone: it is copied."""
    if cls is MethodType:  # it stays what it is; its object is looked into
        return _Look.of(lambda part: ((part.__self__,), _NO_NAMES))
    base = next((base for base in _CONTAINERS if issubclass(cls, base)), None)
    if base is None:
        own = reading_of(cls)
        if own.handle is None and not is_kept_in_attributes(cls) and not is_read_by_the_program(cls):
            return None
        read, view = state_reader(cls), state_viewer(cls)
        return _Look(lambda part: (_NO_ITEMS, read(part)), lambda part: (_NO_ITEMS, view(part)))
    items = partial(_items_in, base)
    if cls is base or not has_state(cls):
        return _Look.of(lambda part: (items(part), _NO_NAMES))
    return _Look.of(lambda part: (items(part), own_state(part)))


def _items_in(base: Any, part: Any) -> dict[Any, Any] | tuple[Any, ...] | int:
    length: int = base.__len__(part)
    if length > ITEMS_MAX:
        return length
    if base is dict:
        return dict(part) if type(part) is dict else dict(dict.items(part))
    return tuple(base.__iter__(part))


def _copied(part: Any, by_reference: _ByReference) -> _Inside:
    try:
        copy = snapshot(part, by_reference=by_reference, time_left=CopyTime(SECONDS_MAX))
    except SnapshotError:
        return _NO_ITEMS, own_state(part)
    return _Copy(copy), _NO_NAMES


def _are_same(before: Any, after: Any) -> bool:
    cls = type(before)
    if cls is not type(after):
        return False
    if cls is int:
        return bool(before == after)
    if len(before) != len(after):
        return False
    if not before:
        return True
    if cls is tuple:
        return all(map(is_, before, after)) or all(map(_is_one, before, after))
    if all(map(is_, before, after)) and all(map(is_, before.values(), after.values())):
        return True
    return all(name in after and _is_one(part, after[name]) for name, part in before.items())


def _is_one(before: Any, after: Any) -> bool:
    return before is after or (is_atom(before) and is_atom(after) and same_content(before, after))
