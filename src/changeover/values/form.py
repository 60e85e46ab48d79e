"""The one plain, typed, bounded form that both sides are brought to before they are compared.

`open_value` takes one value one level apart; `token` is a hashable summary of a whole value: two are equal
exactly where the values are the same; `plain` is the form as data: dicts, lists and scalars of exact type.
Keys that are not `str` keep their type. A class is not part of the form: a dataclass and a mapping with the
same names and values are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set, Sized
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from changeover.values import limits
from changeover.values.limits import LimitReached, NotComparable
from changeover.values.place import Key, Place, Segment, TypedKey, key_text
from changeover.values.reading import CONTENT, Reading, Shape, own_state, reading_of
from changeover.values.scalars import Types
from changeover.values.scalars import token as scalar_token

Names = dict[Segment, Any]

_CONVERTIBLE = (str, int, float, complex, Decimal, bytes)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """In place of a value without readable structure, which cannot be compared."""

    type: str

    def __str__(self) -> str:
        return f"<unreadable {self.type}>"


class PlainSet(Set[Any]):
    """A set in plain form: its members, which may be dicts and lists, in no order that means anything."""

    __slots__ = ("members",)

    def __init__(self, members: tuple[Any, ...]) -> None:
        self.members = members

    def __contains__(self, member: object) -> bool:
        return member in self.members

    def __iter__(self) -> Iterator[Any]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __repr__(self) -> str:
        return f"PlainSet({list(self.members)!r})"


@dataclass(frozen=True, slots=True)
class Cycle:
    """In place of a value that contains itself, this many levels up."""

    levels: int


def type_name(cls: type) -> str:
    """The name of a class, with its module unless it is built in."""
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def open_value(value: Any) -> tuple[Shape, Any]:
    """The shape, and the parts: names and errors as a dict, items and sets as a sequence.

    A scalar is its own part; an unreadable value's part is the name of its type.
    """
    if type(value) is Unreadable:
        return Shape.UNREADABLE, value.type
    reading = reading_of(type(value))
    if reading.adds_state and own_state(value):
        return Shape.NAMES, _with_state(value, reading)
    match reading.shape:
        case Shape.SCALAR:
            return Shape.SCALAR, value
        case Shape.NAMES:
            return Shape.NAMES, _names(value, reading)
        case Shape.ITEMS:
            return Shape.ITEMS, _bounded(value)
        case Shape.BAG:
            return Shape.BAG, _bounded(value)
        case Shape.ERROR:
            return Shape.ERROR, _error(value, own_state(value))
        case Shape.UNREADABLE:
            return Shape.UNREADABLE, type_name(type(value))


def token(value: Any, types: Types = "strict") -> Hashable:
    """A hashable summary of the whole value: equal tokens mean the same value."""
    return _token(value, types, _Trail())


def plain(value: Any) -> Any:
    """The value as dicts, lists, sets and scalars; what cannot be read stands as `Unreadable`."""
    return _plain(value, _Trail())


def leaf_count(value: Any) -> int:
    """How many leaves the plain form has, at least 1."""
    return sum(1 for _ in leaves(value))


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every leaf with its place below the value; an empty container is a leaf, a cycle is followed once."""
    yield from _leaves(value, place, _Trail())


class _Trail:
    """The values that a walk is inside of, and what is left of its limits."""

    __slots__ = ("inside", "left")

    def __init__(self) -> None:
        self.inside: list[int] = []
        self.left = limits.LEAVES_MAX

    def enter(self, value: Any, parts: Sized) -> None:
        """Go into a value, which has these parts; whoever leaves it takes the last off `inside`."""
        if len(self.inside) >= limits.DEPTH_MAX:
            raise limits.too_deep()
        self.left -= len(parts)
        if self.left < 0:
            raise limits.too_many()
        self.inside.append(id(value))

    def levels_to(self, value: Any) -> int:
        """How many levels up the value stands that is met again, 0 where it is not."""
        return len(self.inside) - self.inside.index(id(value)) if id(value) in self.inside else 0


def _leaves(value: Any, place: Place, trail: _Trail) -> Iterator[tuple[Place, Any]]:
    shape, parts = open_value(value)
    if shape in (Shape.SCALAR, Shape.UNREADABLE) or not parts:
        yield place, value
        return
    if trail.levels_to(value):
        return
    trail.enter(value, parts)
    named = parts.items() if isinstance(parts, dict) else enumerate(parts)
    for segment, part in named:
        yield from _leaves(part, (*place, segment), trail)
    trail.inside.pop()


def _bounded(items: Any) -> Sequence[Any]:
    if len(items) > limits.LEAVES_MAX:
        raise limits.too_many()
    return items if isinstance(items, (list, tuple)) else list(items)


def _names(value: Any, reading: Reading) -> Names:
    if reading.fields is not None and reading.values is not None:
        try:
            return dict(zip(reading.fields, reading.values(value), strict=True))
        except AttributeError:
            return {name: getattr(value, name) for name in reading.fields if hasattr(value, name)}
    if isinstance(value, Mapping):
        return _mapping(value)
    return reading.state(value) if reading.state is not None else {}


def _mapping(value: Mapping[Any, Any]) -> Names:
    if len(value) > limits.LEAVES_MAX:
        raise limits.too_many()
    names: Names = {_key(key): part for key, part in value.items()}
    if len(names) != len(value):
        # Two NaN keys, say: as names they are one, and the other's value would be lost without a word.
        raise NotComparable("a mapping has two keys that are the same when compared")
    return names


def _key(key: Any) -> Segment:
    if type(key) is str:
        if len(key) > limits.NAME_MAX:
            raise LimitReached("NAME_MAX", limits.NAME_MAX, "characters in a name")
        return Key(key)
    return TypedKey(type(key).__name__, key_text(key), token(key))


def _error(error: BaseException, state: dict[str, Any]) -> Names:
    message = str(error)
    names: Names = {"type": type_name(type(error)), "message": message}
    if error.args != (message,):
        names["args"] = list(error.args)
    names.update(state)
    return names


def _with_state(value: Any, reading: Reading) -> Names:
    content: Any
    if reading.scalar in _CONVERTIBLE:
        content = reading.scalar(value)
    elif reading.scalar is not None:
        content = scalar_token(value, reading.scalar, "strict")
    elif reading.shape is Shape.NAMES:
        content = dict(value)
    else:
        content = frozenset(value) if reading.shape is Shape.BAG else list(value)
    names = own_state(value)
    names[CONTENT] = content
    return names


def _plain(value: Any, trail: _Trail) -> Any:
    shape, parts = open_value(value)
    if shape is Shape.SCALAR:
        return value
    if shape is Shape.UNREADABLE:
        return Unreadable(parts)
    if levels := trail.levels_to(value):
        return Cycle(levels)
    trail.enter(value, parts)
    done: Any
    if isinstance(parts, dict):
        raw = value if shape is Shape.NAMES and isinstance(value, Mapping) and CONTENT not in parts else None
        keys = parts if raw is None else raw
        done = {
            key if raw is not None else str(key): _plain(part, trail)
            for key, part in zip(keys, parts.values(), strict=True)
        }
    else:
        done = [_plain(part, trail) for part in parts]
    trail.inside.pop()
    return PlainSet(tuple(done)) if shape is Shape.BAG else done


def _token(value: Any, types: Types, trail: _Trail) -> Hashable:
    shape, parts = open_value(value)
    if shape is Shape.SCALAR:
        scalar = reading_of(type(value)).scalar
        return scalar_token(value, scalar or type(value), types)
    if shape is Shape.UNREADABLE:
        return (shape, id(value))
    if levels := trail.levels_to(value):
        return ("cycle", levels)
    trail.enter(value, parts)
    inside: Hashable
    if isinstance(parts, dict):
        inside = frozenset((key, _token(part, types, trail)) for key, part in parts.items())
    else:
        members = tuple(_token(part, types, trail) for part in parts)
        inside = members if shape is Shape.ITEMS else frozenset(Counter(members).items())
    trail.inside.pop()
    return (shape, inside)
