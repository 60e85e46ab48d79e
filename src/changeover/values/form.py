"""The one plain, typed, bounded form that both sides are brought to before they are compared.

`open_value` takes one value one level apart; `token` is a hashable summary of a whole value: two are equal
exactly where the values are the same; `plain` is the form as data: dicts, lists and scalars. Keys that are
not `str` keep their type. A class is not part of the form: a dataclass and a mapping with the same names and
values are the same. Only an object that has no attributes at all is its class. Which classes are two kinds
of one thing can only be said of two: `kinds` does, where values are compared.

Work grows with the number of distinct parts, not with the paths to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Set, Sized
from types import FunctionType
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.values import limits
from changeover.values.addresses import without_addresses
from changeover.values.cyclic_token import Node, SharedToken, minimal_token
from changeover.values.identity import identity_of
from changeover.values.key_text import bounded, canonical
from changeover.values.limits import LimitReached, NotComparable
from changeover.values.made_functions import code_key, function_text, held_by
from changeover.values.own_state import class_name
from changeover.values.place import Key, Place, Segment, TypedKey, key_text
from changeover.values.reading import CONTENT, Reading, Shape, reading_of, register
from changeover.values.scalars import Types
from changeover.values.scalars import text as scalar_text
from changeover.values.scalars import token as scalar_token

Names = dict[Segment, Any]
TYPE = "(type)"
"""The name under which an object without attributes has its class."""

type_name = class_name
"""The name of a class, with its module unless it is built in."""


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
        return f"PlainSet([{', '.join(map(_member_text, self.members))}])"


def _member_text(member: Any) -> str:
    cls = type(member)
    if cls is list:
        return f"[{', '.join(map(_member_text, member))}]"
    if cls is dict:
        parts = (f"{_member_text(key)}: {_member_text(part)}" for key, part in member.items())
        return f"{{{', '.join(parts)}}}"
    if cls in (PlainSet, Unreadable, Cycle):
        return str(member)
    base = reading_of(cls).scalar
    if base is None:  # a key of a mapping, which stays as it is
        return f"<{class_name(cls)}>"
    return repr(scalar_text(member)) if base is str else scalar_text(member)


register(PlainSet, Reading(Shape.BAG, lambda plain: plain.members))


@dataclass(frozen=True, slots=True)
class Cycle:
    """In place of a value that contains itself, this many levels up."""

    levels: int


def open_value(value: Any) -> tuple[Shape, Any]:
    """The shape, and the parts: names and errors as a dict, items and sets as a sequence.

    A scalar is its own part; an unreadable value's part is the name of its type.
    """
    cls = type(value)
    if cls is list or cls is tuple:
        if len(value) > limits.LEAVES_MAX:
            raise limits.too_many()
        return Shape.ITEMS, value
    if cls is dict:
        return Shape.NAMES, _mapping(value)
    if cls is Unreadable:
        return Shape.UNREADABLE, value.type
    reading = reading_of(cls)
    shape = reading.shape
    if reading.state is not None:
        state = reading.state(value)
        if state:
            return Shape.NAMES, _with_content(reading, reading.parts(value), state)
    if shape is Shape.SCALAR:
        if reading.handle is not None and reading.parts(value) is None:
            return Shape.UNREADABLE, class_name(cls)
        return shape, value
    if shape is Shape.UNREADABLE:
        return shape, class_name(cls)
    parts = reading.parts(value)
    if parts is None:
        return Shape.UNREADABLE, class_name(cls)
    if len(parts) > limits.LEAVES_MAX:
        raise limits.too_many()
    if reading.mapping:
        return shape, _mapping(parts)
    if not parts and shape is Shape.NAMES and reading.fields is None:
        return shape, {TYPE: class_name(cls)}
    return shape, parts


def open_by_name(value: Any) -> tuple[Shape, Any]:
    """The same, sooner, for who does not tell the keys of a mapping from declared names."""
    if type(value) is dict and {*map(type, value)} == _TEXT_ALONE and max(map(len, value)) <= limits.NAME_MAX:
        if len(value) > limits.LEAVES_MAX:
            raise limits.too_many()
        return Shape.NAMES, value
    return open_value(value)


def _with_content(reading: Reading, content: Any, state: dict[Any, Any]) -> Names:
    names: Names = {name if type(name) is str else _key(name): part for name, part in state.items()}
    if reading.shape is Shape.BAG:
        content = PlainSet(tuple(content))
    elif reading.shape is Shape.NAMES and not reading.mapping:
        return {**content, **names}
    names[CONTENT] = content
    return names


def _mapping(value: dict[Any, Any]) -> Names:
    if len(value) > limits.LEAVES_MAX:
        raise limits.too_many()
    names: Names = {
        Key(key) if type(key) is str and len(key) <= limits.NAME_MAX else _key(key): part
        for key, part in value.items()
    }
    if len(names) != len(value):
        # Two NaN keys, say: as names they are one, and the other's value would be lost without a word.
        raise NotComparable("a mapping has two keys that are the same when compared")
    return names


def _key(key: Any) -> Segment:
    if type(key) is str:
        if len(key) > limits.NAME_MAX:
            raise LimitReached("NAME_MAX", limits.NAME_MAX, "characters in a name")
        return Key(key)
    return TypedKey(type(key).__name__, _typed_text(key), Tokens(instants=True).of(key))


def _typed_text(key: Any) -> str:
    """The text of a key that is none: two keys that differ have texts that do, so that a rule names one."""
    if _is_told(key):
        return key_text(key)
    text = _content_text(plain(key))
    return text if len(text) <= _KEY_MAX else bounded(text)


def _is_told(key: Any) -> bool:
    """Whether what `key_text` writes is all that there is."""
    cls = type(key)
    if cls is tuple:
        return len(key) <= _PARTS_TOLD_MAX and all(map(_is_told, key))
    return reading_of(cls).scalar is not None and len(scalar_text(key)) <= _TEXT_TOLD_MAX


def _content_text(part: Any) -> str:
    cls = type(part)
    if cls is list:
        return f"({', '.join(map(_content_text, part))})"
    if cls is PlainSet:
        return f"{{{', '.join(sorted(map(_content_text, part.members)))}}}"
    if cls is dict:
        pairs = (f"{_content_text(name)}: {_content_text(inside)}" for name, inside in part.items())
        return f"{{{', '.join(sorted(pairs))}}}"
    return _member_text(part)


def _text_token(value: str) -> Hashable:
    if len(value) > limits.TEXT_MAX:
        raise limits.too_long()
    return (str, without_addresses(value))


def _text_key(value: str) -> Hashable:
    if len(value) > limits.TEXT_MAX:
        raise limits.too_long()
    return without_addresses(value)


_KEY_MAX = 1_000
_PARTS_TOLD_MAX, _TEXT_TOLD_MAX = 20, 200
_TEXT_ALONE = {str}
_NONE = type(None)
_QUICK_TOKENS: dict[type, Callable[[Any], Hashable]] = {
    str: _text_token,
    int: lambda value: (int, value),
    bool: lambda value: (bool, value),
    _NONE: lambda value: (_NONE, value),
}
_QUICK_KEYS: dict[type, Callable[[Any], Hashable]] = {
    str: _text_key,
    int: lambda value: value,
    bool: lambda value: ("bool", value),
    _NONE: lambda value: ("NoneType", value),
}
"""What `scalar_token` gives for the most frequent types, sooner."""


def token(value: Any, types: Types = "strict") -> Hashable:
    """A hashable summary of the whole value: equal tokens mean the same value."""
    return Tokens(types).of(value)


class Tokens:
    """Makes tokens; a part that is met again is not looked at again.

    With `question` they are the coarser keys of `content_key.frozen`, in which objects have their class;
    `by_name` says that what cannot be read is the name of its type, so that it is the same in every process;
    `instants` that moments are their instants, as keys of mappings are. Functions that a path made are
    read as their code and what they hold, but with `by_name`.
    """

    def __init__(
        self,
        types: Types = "strict",
        *,
        question: bool = False,
        by_name: bool = False,
        instants: bool = False,
    ) -> None:
        self._types: Types = types
        self._question = question
        self._instants = instants
        self._by_name = by_name
        self._done: dict[int, Hashable] = {}
        self._kept: list[Any] = []  # so that no identity is used twice
        self._inside: set[int] = set()
        self._left = limits.LEAVES_MAX
        self._quick = _QUICK_KEYS if question else _QUICK_TOKENS if types == "strict" else {}

    def of(self, value: Any) -> Hashable:
        """The token of one value."""
        try:
            return self._token(value)
        except _MetAgain:
            return self._cyclic(value)

    def _token(self, value: Any) -> Hashable:
        cls = type(value)
        quick = self._quick.get(cls)
        if quick is not None:
            return quick(value)
        shape, parts = open_by_name(value)
        if shape is Shape.UNREADABLE and cls is FunctionType and not self._by_name:
            shape, parts = Shape.ITEMS, held_by(value)
        if shape is Shape.SCALAR or shape is Shape.UNREADABLE:
            return self._leaf(value, shape)
        identity = identity_of(value)
        if identity in self._done:
            done = self._done[identity]
            if type(done) is not SharedToken:
                done = self._done[identity] = SharedToken(done)
            return done
        if identity in self._inside:
            raise _MetAgain
        self._enter(identity, value, parts)
        inside: Hashable
        if isinstance(parts, dict):
            named = [(key, self._token(part)) for key, part in parts.items()]
            inside = frozenset(named)
        else:
            members = tuple([self._token(part) for part in parts])
            inside = members if shape is Shape.ITEMS else frozenset(Counter(members).items())
        self._inside.discard(identity)
        done = self._done[identity] = (self._label(value, shape), inside)
        return done

    def _enter(self, identity: int, value: Any, parts: Sized) -> None:
        if len(self._inside) >= limits.DEPTH_MAX:
            raise limits.too_deep()
        self._left -= len(parts)
        if self._left < 0:
            raise limits.too_many()
        self._inside.add(identity)
        self._kept.append((value, parts))

    def _leaf(self, value: Any, shape: Shape) -> Hashable:
        if shape is Shape.UNREADABLE:
            return class_name(type(value)) if self._by_name else Same(value)
        base = reading_of(type(value)).scalar
        base = base or type(value)
        return scalar_token(value, base, self._types, question=self._question, instants=self._instants)

    def _label(self, value: Any, shape: Shape) -> Hashable:
        if type(value) is FunctionType:
            return ("function", code_key(value))
        if not self._question or shape is not Shape.NAMES or reading_of(type(value)).mapping:
            return shape
        return (shape, class_name(type(value)))

    def _opened(self, value: Any) -> tuple[Shape, Any]:
        shape, parts = open_value(value)
        if shape is Shape.UNREADABLE and type(value) is FunctionType and not self._by_name:
            return Shape.ITEMS, held_by(value)
        return shape, parts

    def _label_text(self, value: Any, shape: Shape) -> str:
        return function_text(value) if type(value) is FunctionType else canonical(self._label(value, shape))

    def _cyclic(self, root: Any) -> Hashable:
        nodes: dict[int, Node] = {}
        self._inside.clear()
        waiting = [root]
        while waiting:
            value = waiting.pop()
            if id(value) in nodes:
                continue
            shape, parts = self._opened(value)
            self._kept.append((value, parts))
            self._left -= len(parts)
            if self._left < 0:
                raise limits.too_many()
            is_named = isinstance(parts, dict)
            edges: list[tuple[str, int | str]] = []
            for name, part in parts.items() if is_named else enumerate(parts):
                inner, _ = self._opened(part)
                if inner is Shape.SCALAR or inner is Shape.UNREADABLE:
                    leaf = self._leaf(part, inner)
                    to: int | str = f"@{id(part)}" if type(leaf) is Same else canonical(leaf)
                else:
                    to = id(part)
                    waiting.append(part)
                    self._kept.append(part)
                edges.append((canonical(name) if is_named else "", to))
            nodes[id(value)] = (self._label_text(value, shape), edges, shape is Shape.ITEMS)
        return minimal_token(nodes, id(root))


class _MetAgain(Exception):
    """A value contains itself."""


class Same:
    """The token of what cannot be read: the very same object, and nothing else."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value) >> 4

    def __eq__(self, other: object) -> bool:
        return type(other) is Same and other.value is self.value

    def __repr__(self) -> str:
        return class_name(type(self.value))


def plain(value: Any) -> Any:
    """The value as dicts, lists, sets and scalars; what cannot be read stands as `Unreadable`.

    A part that stands in many places is one object in the plain form as well, and counts in each of them.
    """
    return _Plain().of(value)[0]


class _Plain:
    def __init__(self) -> None:
        self._done: dict[int, tuple[Any, int]] = {}
        self._kept: list[Any] = []
        self._inside: list[int] = []

    def of(self, value: Any) -> tuple[Any, int]:
        """The plain form and how many leaves it has."""
        if type(value) in _QUICK_TOKENS:
            return value, 1
        shape, parts = open_value(value)
        if shape is Shape.SCALAR:
            return value, 1
        if shape is Shape.UNREADABLE:
            return Unreadable(parts), 1
        identity = identity_of(value)
        if identity in self._inside:
            return Cycle(len(self._inside) - self._inside.index(identity)), 1
        if identity in self._done:
            return self._done[identity]
        if len(self._inside) >= limits.DEPTH_MAX:
            raise limits.too_deep()
        self._inside.append(identity)
        self._kept.append((value, parts))
        made = [self.of(part) for part in (parts.values() if isinstance(parts, dict) else parts)]
        self._inside.pop()
        count = max(1, sum(leaves for _, leaves in made))
        if count > limits.LEAVES_MAX:
            raise limits.too_many()
        done: Any = [part for part, _ in made]
        if isinstance(parts, dict):
            keys = _keys_of(value, parts)
            done = dict(zip(keys, done, strict=True))
        elif shape is Shape.BAG:
            done = PlainSet(tuple(done))
        # What leads back further up is written by how far that is, which is another number elsewhere.
        self._done[identity] = done, count
        return done, count


def _keys_of(value: Any, parts: Names) -> Iterable[Any]:
    """The names of parts as data has them: a mapping keeps its own keys."""
    if type(value) is dict:
        return value
    reading = reading_of(type(value))
    if reading.mapping and CONTENT not in parts:
        keys: Iterable[Any] = reading.parts(value)
        return keys
    return map(str, parts)


def leaf_count(value: Any) -> int:
    """How many leaves the plain form has, at least 1."""
    return _Plain().of(value)[1]


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every leaf with its place below the value; an empty container is a leaf, a cycle is followed once.

    Of a part that stands in many places the leaves are given at the first of them.
    """
    yield from _leaves(value, place, {}, [limits.LEAVES_MAX], 0)


def _leaves(
    value: Any, place: Place, seen: dict[int, Any], left: list[int], depth: int
) -> Iterator[tuple[Place, Any]]:
    shape, parts = open_value(value)
    if shape in (Shape.SCALAR, Shape.UNREADABLE) or not parts:
        yield place, value
        return
    if id(value) in seen:
        return
    if depth >= limits.DEPTH_MAX:
        raise limits.too_deep()
    left[0] -= len(parts)
    if left[0] < 0:
        raise limits.too_many()
    seen[id(value)] = (value, parts)
    for segment, part in parts.items() if isinstance(parts, dict) else enumerate(parts):
        yield from _leaves(part, (*place, segment), seen, left, depth + 1)
