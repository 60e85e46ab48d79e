"""The writing half of the codec: one value as data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import tzinfo
from enum import Enum, Flag
from logging import Logger
from math import isfinite
from time import thread_time
from typing import Any

from changeover.record.class_lookup import full_name
from changeover.record.rebuilding import How, rebuilding_of
from changeover.record.remade_handles import RemadeHandles
from changeover.record.scalar_data import MOMENTS, TAG, TO_DATA, WHOLE_BITS_MAX
from changeover.record.zone_data import zone_data
from changeover.values.copy_time import CopyTime, TookTooLong
from changeover.values.limits import DEPTH_MAX
from changeover.values.own_state import mro, own_state
from changeover.values.reading import Handle, Reading, Shape, reading_of

_FACTORY = defaultdict.__dict__["default_factory"].__get__
WRITTEN_BETWEEN_LOOKS = 1_000
_PLAIN = frozenset({type(None), bool, str})
_LEAVES = _PLAIN | TO_DATA.keys() | {int, float}
_SEQUENCES: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset"}
NameOf = Callable[[type], str | None]
NOT_PLAIN: Any = object()


_TEXTS = frozenset({str})
WORDS = frozenset({type(None), bool, str, int, float})
"""The classes whose values JSON has as they are, but for the size of numbers."""


def is_plain(value: Any) -> bool:
    """Whether JSON has it as it is, but for the size of numbers; looks at types alone, which is quick."""
    cls = type(value)
    if cls in WORDS:
        return True
    if cls is list:
        return WORDS.issuperset(map(type, value))
    return (
        cls is dict
        and TAG not in value
        and WORDS.issuperset(map(type, value.values()))
        and _TEXTS.issuperset(map(type, value))
    )


def plain_data(value: Any) -> Any:
    """The data of a scalar, or of a flat list or mapping of scalars; NOT_PLAIN for what is more than that.

    So most arguments and answers of a program are written without an `Encoding`, which gives the same.
    """
    cls = type(value)
    if cls is list:
        if len(value) > WRITTEN_BETWEEN_LOOKS:  # somebody has to look at the clock
            return value if is_plain(value) and not any(map(_is_odd, value)) else NOT_PLAIN
        data = []
        for part in value:
            made = _scalar(part)
            if made is NOT_PLAIN:
                return NOT_PLAIN
            data.append(made)
        return data
    if cls is dict:
        if len(value) > WRITTEN_BETWEEN_LOOKS or TAG in value:
            return NOT_PLAIN
        written = {}
        for key, part in value.items():
            made = _scalar(part) if type(key) is str else NOT_PLAIN
            if made is NOT_PLAIN:
                return NOT_PLAIN
            written[key] = made
        return written
    return _scalar(value)


def _scalar(value: Any) -> Any:
    cls = type(value)
    if cls in _PLAIN:
        return value
    if cls is int:
        return value if value.bit_length() <= WHOLE_BITS_MAX else {TAG: "int", "v": hex(value)}
    if cls is float:
        return value if isfinite(value) else {TAG: "float", "v": repr(value)}
    known = TO_DATA.get(cls)
    written = None if known is None else known[1](value)
    return NOT_PLAIN if known is None or written is None else {TAG: known[0], **written}


def _is_odd(value: Any) -> bool:
    """Whether it is a number that JSON has no word for."""
    cls = type(value)
    return (cls is int and value.bit_length() > WHOLE_BITS_MAX) or (cls is float and not isfinite(value))


class _Node:
    """The data of a value that may be met again; `number` is given when it is."""

    __slots__ = ("inside", "number")

    def __init__(self) -> None:
        self.inside: Any = None
        self.number = 0


class Encoding:
    """One value; raises ValueError naming the first place that has no form.

    `classes` has those that are no part of Python's own data. `has_handles` says that one of `handles` is in
    it. With `time_left` it raises TookTooLong, too.
    """

    def __init__(self, name_of: NameOf, handles: RemadeHandles, time_left: CopyTime | None = None) -> None:
        self.classes: set[type] = set()
        self.has_handles = False
        self._handles = handles
        self._time_left = time_left
        self._until_look = WRITTEN_BETWEEN_LOOKS
        self._began = 0.0
        self._name_of = name_of
        self._nodes: dict[int, _Node] = {}
        self._kept: list[Any] = []  # so that no identity is used twice
        self._numbered = 0

    def data(self, value: Any, place: str) -> Any:
        """The value as JSON data."""
        return _finished(self._encode(value, place, 0))

    def _encode(self, value: Any, place: str, depth: int) -> Any:
        cls = type(value)
        if cls in WORDS:
            return _scalar(value)
        if depth > DEPTH_MAX:
            raise ValueError(f"{place}: nested deeper than {DEPTH_MAX} levels")
        self._until_look -= 1
        if not self._until_look:
            self._look_at_the_clock()
        known = TO_DATA.get(cls)
        written = None if known is None else known[1](value)
        if known is not None and written is not None:
            return {TAG: known[0], **written}
        if (cls is tuple or cls is frozenset) and _LEAVES.issuperset(map(type, value)):
            return self._compound(value, place, depth)  # what cannot change need not be one object
        node = self._nodes.get(id(value))
        if node is not None:
            if not node.number:
                self._numbered += 1
                node.number = self._numbered
            return {TAG: "again", "n": node.number}
        node = self._nodes[id(value)] = _Node()
        self._kept.append(value)
        node.inside = self._compound(value, place, depth)
        return node

    def _compound(self, value: Any, place: str, depth: int) -> Any:
        cls: Any = type(value)
        if cls is list:
            return self._items(value, place, depth)
        if cls in _SEQUENCES:
            items = self._items(value, place, depth)
            return {TAG: _SEQUENCES[cls], "v": sorted(items, key=_order) if cls is not tuple else items}
        if cls is dict:
            return self._mapping(value, place, depth)
        handle = self._handles.described(value)
        if handle is not None:
            self.has_handles = True
            pack, described = handle
            return {TAG: "handle", "by": pack, "v": self._mapping(dict(described), place, depth)}
        reading = reading_of(cls)
        if reading.handle is not None or reading.scalar in (Enum, type, tzinfo):
            return self._named(value, reading, place, depth)
        if cls in MOMENTS:
            moment = value.replace(tzinfo=None, fold=0).isoformat()
            zone = self._encode(value.tzinfo, f"{place}.tzinfo", depth + 1)
            return {TAG: cls.__name__, "v": moment, "tz": zone, **({"fold": 1} if value.fold else {})}
        return self._rebuilt(value, place, depth)

    def _look_at_the_clock(self) -> None:
        """From the first so many parts on: to look for fewer would take longer than to write them."""
        self._until_look = WRITTEN_BETWEEN_LOOKS
        if self._time_left is None:
            return
        now = thread_time()
        if self._began:
            self._time_left.left -= now - self._began
        self._began = now
        if self._time_left.left <= 0:
            raise TookTooLong("it took longer to write down than record_seconds_max allows")

    def _items(self, items: Iterable[Any], place: str, depth: int) -> list[Any]:
        return [self._encode(item, f"{place}[{index}]", depth + 1) for index, item in enumerate(items)]

    def _mapping(self, value: dict[Any, Any], place: str, depth: int) -> Any:
        if all(type(key) is str for key in value) and TAG not in value:
            return {key: self._encode(item, f"{place}.{key}", depth + 1) for key, item in value.items()}
        pairs = [
            [self._encode(key, f"{place} key", depth + 1), self._encode(item, f"{place}[{at}]", depth + 1)]
            for at, (key, item) in enumerate(value.items())
        ]
        return {TAG: "dict", "v": pairs}

    def _named(self, value: Any, reading: Reading, place: str, depth: int) -> Any:
        """What is known by its name: a member, a class, a zone, a logger; a lock is one, unlocked."""
        cls = type(value)
        if reading.scalar is Enum:
            state = own_state(value)
            name, inner = state.get("_name_"), state.get("_value_")
            if Flag in mro(cls) and (name is None or name not in cls.__members__):
                return {TAG: "flag", "t": self._name(cls, place), "v": inner}
            return {TAG: "enum", "t": self._name(cls, place), "v": name}
        if reading.scalar is type:
            return {TAG: "class", "t": self._name(value, place)}
        if reading.scalar is tzinfo:
            known = zone_data(value)
            if known is not None:
                return {TAG: "tz", **known}
            state = self._mapping(own_state(value), place, depth)
            return {TAG: "own-tz", "t": self._name(cls, place), "s": state}
        if cls is Logger:
            return {TAG: "logger", "v": own_state(value)["name"]}
        if reading.handle is Handle.LOCK:
            return {TAG: "lock", "v": cls.__name__}
        raise ValueError(f"{place}: {full_name(cls)} cannot be rebuilt: it is a handle")

    def _name(self, cls: type, place: str) -> str:
        name = self._name_of(cls)
        if name is None:
            raise ValueError(
                f"{place}: {full_name(cls)} is not registered and cannot be rebuilt: no imported module has "
                "it under its name (annotate it, or migration.codec.register it)"
            )
        return name

    def _rebuilt(self, value: Any, place: str, depth: int) -> Any:
        cls: Any = type(value)
        self.classes.add(cls)
        rebuilding = rebuilding_of(cls)
        if rebuilding.problem is not None:
            raise ValueError(f"{place}: {full_name(cls)} cannot be rebuilt: it {rebuilding.problem}")
        name, reading = self._name(cls, place), rebuilding.reading
        if rebuilding.how is How.STATE:
            return self._of_state(value, name, reading, place, depth)
        whole = reading.copied if rebuilding.how is not How.CONTENT else None
        parts = (whole or reading.parts)(value)
        if parts is None:
            raise ValueError(f"{place}: {full_name(cls)} cannot be rebuilt: it cannot be read")
        is_in_whole = whole is not None and reading.is_atom  # the nanoseconds of a moment of pandas
        state = {} if reading.state is None or is_in_whole else reading.state(value)
        if reading.fields is not None and tuple in mro(cls) and not state:
            return {TAG: "record", "t": name, "v": self._mapping(parts, place, depth)}
        data = {TAG: "object", "t": name, "v": self._parts(parts, reading, place, depth)}
        if state:
            data["s"] = self._mapping(state, place, depth)
        if defaultdict in mro(cls) and rebuilding.how is How.CONTENT:
            factory = _FACTORY(value)
            data["f"] = self._encode(factory, f"{place} default_factory", depth + 1)
        return data

    def _of_state(self, value: Any, name: str, reading: Reading, place: str, depth: int) -> Any:
        state = own_state(value)
        written = self._mapping(state, place, depth)
        if reading.fields is not None and {*state} == {*reading.fields}:
            return {TAG: "record", "t": name, "v": written}
        return {TAG: "object", "t": name, "s": written}

    def _parts(self, parts: Any, reading: Reading, place: str, depth: int) -> Any:
        if reading.shape is Shape.SCALAR:
            return self._encode(parts, place, depth + 1)
        if type(parts) is dict:
            return self._mapping(parts, place, depth)
        return self._items(parts, place, depth)


def _order(data: Any) -> str:
    return repr(_finished(data))


def _finished(data: Any) -> Any:
    cls = type(data)
    if cls is _Node:
        inside = _finished(data.inside)
        return inside if not data.number else {TAG: "shared", "n": data.number, "v": inside}
    if cls is list:
        return [_finished(item) for item in data]
    if cls is dict:
        return {key: _finished(item) for key, item in data.items()}
    return data
