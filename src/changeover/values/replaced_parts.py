"""A value again with other parts: a new object, never one that the program can reach.

Nothing that a class says about copying is asked; it may give the very object that is to be copied.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from operator import is_
from types import MappingProxyType
from typing import Any

from changeover.values import limits
from changeover.values.form import open_value
from changeover.values.identity import identity_of
from changeover.values.object_values import made_from_reduced
from changeover.values.own_state import has_state, layout_base, own_state, set_state
from changeover.values.reading import Reading, Shape, reading_of

_FACTORY = defaultdict.__dict__["default_factory"].__get__
_LAYOUTS = (list, set)
_MAPPINGS = (dict, OrderedDict, defaultdict)


def remade_mapping(value: Any, parts: dict[Any, Any], state: dict[Any, Any]) -> Any:
    """A mapping with this content and these attributes; a plain one where its class is not a dict."""
    base: Any = layout_base(type(value))
    if base is MappingProxyType:
        return MappingProxyType(parts)
    if base not in _MAPPINGS:
        return parts
    made = base.__new__(type(value))
    if base is defaultdict:
        defaultdict.__init__(made, _FACTORY(value))
    put = OrderedDict.__setitem__ if base is OrderedDict else dict.__setitem__
    for key, part in parts.items():
        put(made, key, part)
    _give(made, state)
    return made


def remade_items(value: Any, items: list[Any], state: dict[Any, Any], shape: Shape) -> Any:
    """A list, tuple or set with these items; a plain one where the class keeps more than that."""
    cls: Any = type(value)
    base: Any = layout_base(cls)
    if base is tuple or base is frozenset:
        made = base.__new__(cls, items)
    elif base in _LAYOUTS:
        made = base.__new__(cls)
        (list.extend if base is list else set.update)(made, items)
    else:
        return items if shape is Shape.ITEMS else frozenset(items)
    _give(made, state)
    return made


def remade_object(value: Any, changed: dict[Any, Any]) -> Any:
    """An object of the same class with other parts; None where that cannot be made."""
    cls: Any = type(value)
    reading = reading_of(cls)
    try:
        made = _remade(cls, value, reading, changed)
        _, parts = open_value(made)
        taken = made is not value and all(map(is_, (parts[name] for name in changed), changed.values()))
    except Exception:  # noqa: BLE001  a class of the program: its names and values are what counts
        return None
    return made if taken else None


def _remade(cls: Any, value: Any, reading: Reading, changed: dict[Any, Any]) -> Any:
    base: Any = layout_base(cls)
    if base is tuple and reading.fields is not None:
        parts = {**reading.parts(value), **changed}
        return tuple.__new__(cls, parts.values())
    if reading.make is None:
        made = base.__new__(cls)
        set_state(made, _with(own_state(value), changed))
        return made
    if reading.make is made_from_reduced:
        raise TypeError("it would be made by calling what it names")
    parts = _with((reading.copied or reading.parts)(value), changed)
    if reading.fill is None:
        made = reading.make(cls, parts, {})
        _give(made, {} if reading.state is None else reading.state(value))
        return made
    made = reading.make(cls, parts, {})
    reading.fill(made, parts)
    return made


def _with(parts: dict[Any, Any], changed: dict[Any, Any]) -> dict[Any, Any]:
    """Parts with others under these names, which may stand in a table among the parts."""
    made = dict(parts)
    for name, part in changed.items():
        if name in made:
            made[name] = part
            continue
        outer = next(key for key, inner in made.items() if type(inner) is dict and name in inner)
        made[outer] = {**made[outer], name: part}
    return made


def _give(made: Any, state: dict[Any, Any]) -> None:
    if state and has_state(type(made)):
        set_state(made, state)


class Replacing:
    """A value with other leaves: what holds none of them is the same object, and nothing is changed in place.

    `leaf` is asked about every text and identifier. A way back to where one is leads to the original.
    """

    def __init__(self, leaf: Callable[[Any], Any], scalars: frozenset[type]) -> None:
        self._leaf = leaf
        self._scalars = scalars
        self._done: dict[int, tuple[Any, Any]] = {}
        self._inside: set[int] = set()

    def value(self, value: Any) -> Any:
        """The value itself, or a new one; raises NotComparable for what is too large."""
        cls = type(value)
        if cls in self._scalars:
            return self._leaf(value)
        reading = reading_of(cls)
        if reading.handle is not None or reading.shape is Shape.UNREADABLE:
            return value
        if reading.shape is Shape.SCALAR and (reading.scalar not in self._scalars or reading.make is None):
            return value
        identity = identity_of(value)
        if identity in self._inside or len(self._inside) >= limits.DEPTH_MAX:
            return value
        done = self._done.get(identity)
        if done is None:
            self._inside.add(identity)
            made = value if self._holds_none(cls, value, reading) else self._made(cls, value, reading)
            done = self._done[identity] = made, value  # holding the value keeps its identity its own
            self._inside.discard(identity)
        return done[0]

    def _holds_none(self, cls: type, value: Any, reading: Reading) -> bool:
        """Whether every part of a record, or of a builtin list, stays what it is; False says nothing."""
        parts: Any
        if cls is tuple or cls is list:
            parts = value
        elif reading.values is not None and reading.state is None and reading.shape is Shape.NAMES:
            try:
                parts = reading.values(value)
            except AttributeError:  # one was never set
                return False
        else:
            return False
        return all(part is self.value(part) for part in parts)

    def _made(self, cls: type, value: Any, reading: Reading) -> Any:
        state = {} if reading.state is None else reading.state(value)
        clean = self._parts(state)
        same = all(map(is_, clean.values(), state.values()))
        if reading.shape is Shape.SCALAR:
            content = reading.parts(value)
            new = self._leaf(content)
            if same and new == content:
                return value
            made = reading.make(cls, new, clean)  # type: ignore[misc]
            _give(made, clean)
            return made
        if reading.shape is Shape.ERROR:
            return self._error(cls, value, reading)
        parts = reading.parts(value)
        if parts is None:
            return value
        if reading.mapping:
            keys, inner = [*map(self.value, parts)], self._parts(parts)
            same = same and all(map(is_, keys, parts)) and all(map(is_, inner.values(), parts.values()))
            return (
                value if same else remade_mapping(value, dict(zip(keys, inner.values(), strict=True)), clean)
            )
        if reading.shape is not Shape.NAMES:
            items = [*map(self.value, parts)]
            same = same and all(map(is_, items, parts))
            return value if same else remade_items(value, items, clean, reading.shape)
        changed = {
            name: part
            for name, part in self._parts({**parts, **state}).items()
            if part is not parts.get(name, state.get(name))
        }
        made = remade_object(value, changed) if changed else value
        return value if made is None else made

    def _parts(self, parts: dict[Any, Any]) -> dict[Any, Any]:
        return {name: self.value(part) for name, part in parts.items()}

    def _error(self, cls: type, error: Any, reading: Reading) -> Any:
        parts = (reading.copied or reading.parts)(error)
        clean = self._parts(parts)
        if reading.make is None or all(map(is_, clean.values(), parts.values())):
            return error
        return reading.make(cls, clean, {})
