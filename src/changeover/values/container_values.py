"""Readings of containers: content as the base type holds it, and the attributes of a derived class."""

from __future__ import annotations

import array
import gc
from collections import ChainMap, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from changeover.values import limits
from changeover.values.own_state import found_in, has_state, mro, own_state, state_reader
from changeover.values.shapes import Reading, Shape, State

_WHOLE = slice(None)
_FACTORY = defaultdict.__dict__["default_factory"].__get__
_MOST = deque.__dict__["maxlen"].__get__
_TYPE_CODE = array.array.__dict__["typecode"].__get__


def _items(value: list[Any]) -> list[Any]:
    return value if type(value) is list else [*list.__iter__(value)]


def _tuple(value: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple.__getitem__(value, _WHOLE)


def _dict(value: dict[Any, Any]) -> dict[Any, Any]:
    return value if type(value) is dict else dict(dict.items(value))


def _ordered(value: OrderedDict[Any, Any]) -> dict[Any, Any]:
    return dict(OrderedDict.items(value))


def _behind_view(view: Any) -> Any:
    """The mapping that a proxy or view shows, which Python itself gives to nobody."""
    return next(iter(gc.get_referents(view)), {})


def _mapping_behind(value: Any) -> dict[Any, Any]:
    """Names and parts of a mapping of the standard library; of another its attributes."""
    bases = mro(type(value))
    for base, read in _MAPPINGS.items():
        if base in bases:
            return read(value)
    return own_state(value)


def _chained(value: Any) -> dict[Any, Any]:
    merged: dict[Any, Any] = {}
    for below in reversed(_items(own_state(value).get("maps", []))):
        merged.update(_mapping_behind(below))
    return merged


_MAPPINGS: dict[type, Callable[[Any], dict[Any, Any]]] = {
    OrderedDict: _ordered,
    dict: _dict,
    MappingProxyType: lambda value: _mapping_behind(_behind_view(value)),
    UserDict: lambda value: _mapping_behind(own_state(value).get("data", {})),
    ChainMap: _chained,
}


def _range(value: range) -> list[int]:
    if range.__len__(value) > limits.LEAVES_MAX:
        raise limits.too_many()
    return [*range.__iter__(value)]


def _without(name: str, cls: type) -> Callable[[Any], State]:
    """The attributes but for the one that holds the content."""
    read = state_reader(cls)
    return lambda value: {key: part for key, part in read(value).items() if key != name}


def _filled_dict(cls: type, parts: dict[Any, Any], _: State) -> Any:
    made: Any = dict.__new__(cls)
    dict.update(made, parts)
    return made


def _filled_ordered(cls: type, parts: dict[Any, Any], _: State) -> Any:
    made: Any = OrderedDict.__new__(cls)
    for key, part in parts.items():
        OrderedDict.__setitem__(made, key, part)
    return made


def _filled_list(cls: type, parts: Iterable[Any], _: State) -> Any:
    made: Any = list.__new__(cls)
    list.extend(made, parts)
    return made


def _filled_set(cls: type, parts: Iterable[Any], _: State) -> Any:
    made: Any = set.__new__(cls)
    set.update(made, parts)
    return made


def _by_attribute(name: str) -> Callable[[type, Any, State], Any]:
    def make(cls: type, parts: Any, state: State) -> Any:
        made: Any = object.__new__(cls)
        made.__dict__[name] = parts
        return made

    return make


def _view(kind: Any, name: str, shape: Shape, show: Callable[[dict[Any, Any]], Any]) -> Reading:
    """The reading of a view of a mapping: what it shows; its copy is one of a copy of the mapping."""
    view_of = getattr(kind, name)
    return Reading(
        shape,
        lambda view: show(_mapping_behind(_behind_view(view))),
        copied=lambda view: {"behind": _behind_view(view)},
        make=lambda cls, parts, _: view_of(parts["behind"]),
    )


_VIEWS: dict[type, Reading] = {}
for _kind in (dict, OrderedDict):
    _VIEWS[type(_kind().keys())] = _view(_kind, "keys", Shape.BAG, lambda shown: (*shown,))
    _VIEWS[type(_kind().items())] = _view(_kind, "items", Shape.BAG, lambda shown: (*shown.items(),))
    _VIEWS[type(_kind().values())] = _view(_kind, "values", Shape.ITEMS, lambda shown: [*shown.values()])

_READINGS: dict[type, Reading] = {
    OrderedDict: Reading(Shape.NAMES, _ordered, mapping=True, make=_filled_ordered),
    dict: Reading(Shape.NAMES, _dict, mapping=True, make=_filled_dict),
    list: Reading(Shape.ITEMS, _items, make=_filled_list),
    tuple: Reading(Shape.ITEMS, _tuple, make=lambda cls, parts, _: tuple.__new__(cls, parts), is_frozen=True),
    set: Reading(Shape.BAG, lambda value: (*set.__iter__(value),), make=_filled_set),
    frozenset: Reading(
        Shape.BAG,
        lambda value: (*frozenset.__iter__(value),),
        make=lambda cls, parts, _: frozenset.__new__(cls, parts),
        is_frozen=True,
    ),
    range: Reading(Shape.ITEMS, _range, is_atom=True),
    memoryview: Reading(
        Shape.SCALAR, memoryview.tobytes, scalar=bytes, make=lambda cls, parts, _: memoryview(parts)
    ),
    MappingProxyType: Reading(
        Shape.NAMES,
        _mapping_behind,
        mapping=True,
        copied=lambda value: {"behind": _behind_view(value)},
        make=lambda cls, parts, _: MappingProxyType(parts["behind"]),
    ),
    UserDict: Reading(
        Shape.NAMES,
        _mapping_behind,
        mapping=True,
        copied=lambda value: {"behind": own_state(value).get("data", {})},
        make=lambda cls, parts, _: _by_attribute("data")(cls, parts["behind"], {}),
    ),
    ChainMap: Reading(
        Shape.NAMES,
        _mapping_behind,
        mapping=True,
        copied=lambda value: {"behind": own_state(value).get("maps", [])},
        make=lambda cls, parts, _: _by_attribute("maps")(cls, parts["behind"], {}),
    ),
    UserList: Reading(
        Shape.ITEMS,
        lambda value: _items(own_state(value).get("data", [])),
        make=_by_attribute("data"),
    ),
    defaultdict: Reading(
        Shape.NAMES,
        _dict,
        mapping=True,
        copied=lambda value: {"factory": _FACTORY(value), "content": _dict(value)},
        make=lambda cls, parts, _: _made_default(cls, parts),
    ),
    deque: Reading(
        Shape.ITEMS,
        lambda value: [*deque.__iter__(value)],
        copied=lambda value: {"items": [*deque.__iter__(value)], "most": _MOST(value)},
        make=lambda cls, parts, _: _made_deque(cls, parts),
    ),
    array.array: Reading(
        Shape.ITEMS,
        lambda value: array.array.tolist(value),
        copied=lambda value: {
            "code": _TYPE_CODE(value),
            "items": array.array.tolist(value),
        },
        make=lambda cls, parts, _: array.array.__new__(cls, parts["code"], parts["items"]),
    ),
}
_STATE_WITHOUT = {UserDict: "data", UserList: "data", ChainMap: "maps"}


def _made_default(cls: type, parts: dict[str, Any]) -> Any:
    made: Any = defaultdict.__new__(cls)
    defaultdict.__init__(made, parts["factory"])
    dict.update(made, parts["content"])
    return made


def _made_deque(cls: type, parts: dict[str, Any]) -> Any:
    made: Any = deque.__new__(cls)
    deque.__init__(made, parts["items"], parts["most"])
    return made


def _named(cls: type) -> Reading | None:
    names = found_in(cls, "_fields")
    if type(names) is not tuple or not all(type(name) is str for name in names):
        return None
    return Reading(
        Shape.NAMES,
        lambda value: dict(zip(names, tuple.__iter__(value), strict=False)),
        make=lambda cls, parts, _: tuple.__new__(cls, parts.values()),
        is_frozen=True,
        fields=names,
        values=_tuple,
    )


def container_reading(cls: type) -> Reading | None:
    """The reading of a class that is a container of the standard library, or derived from one, else None."""
    if cls in _VIEWS:
        return _VIEWS[cls]
    bases = mro(cls)
    named = _named(cls) if tuple in bases else None
    for base in bases:
        found = named or _READINGS.get(base)
        if found is None:
            continue
        if base in _STATE_WITHOUT:
            return replace(found, state=_without(_STATE_WITHOUT[base], cls))
        adds = has_state(cls) and cls not in _READINGS
        if not adds:
            return found
        return replace(found, state=state_reader(cls), is_frozen=False, fields=None, values=None)
    return None
