"""Values of generated classes, made by a recipe, which gives an equal value as often as it is built.

There are classes derived from every scalar and container, with and without slots, objects whose attributes
stand in slots above and below a `__dict__` and under private names, and exceptions. The operators of most of
them note that they were asked, and raise.
"""

from __future__ import annotations

import random
from collections import ChainMap, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from pathlib import PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from changeover.values.own_state import set_state

asked: list[str] = []
"""Which operators of a value's own class were called."""

Recipe = tuple[Any, ...]
DEPTH_MAX = 4
PARTS_MAX = 4
_LOUD = (
    *("__eq__", "__ne__", "__lt__", "__bool__", "__len__", "__iter__", "__contains__", "__getitem__"),
    *("__getattr__", "__setattr__", "__delattr__", "__deepcopy__", "__copy__", "__reduce__", "__reduce_ex__"),
    *("__getstate__", "__setstate__", "__getnewargs__", "__repr__", "__str__", "__format__", "__int__"),
    *("__float__", "__index__", "__bytes__", "__call__", "__set_name__", "keys", "items", "values", "copy"),
)


def _loud(name: str) -> Callable[..., Any]:
    def method(self: Any, *_: Any, **__: Any) -> Any:
        asked.append(f"{type(self).__name__}.{name}")
        raise RuntimeError(f"{name} was asked")

    return method


def _hostile(name: str, base: type, **more: Any) -> type:
    members = {method: _loud(method) for method in _LOUD if method not in _NEEDED.get(base, ())}
    # Sets and dicts hash their members when they are built; equality is asked only where hashes collide.
    return type(name, (base,), {**members, "__hash__": lambda self: id(self) >> 4, **more})


_NEEDED: dict[type, tuple[str, ...]] = {
    UserDict: ("__setattr__",),
    UserList: ("__setattr__",),
    ChainMap: ("__setattr__",),
    Fraction: ("__setattr__",),
}


class Colour(Enum):
    RED = 1
    BLUE = 2


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Word(StrEnum):
    YES = "yes"
    NO = "no"


_BERLIN = ZoneInfo("Europe/Berlin")
_SCALARS: list[tuple[type, list[Any]]] = [
    (str, [("",), ("SPY",), ("TLT",), ("é\ud800",)]),
    (int, [(0,), (1,), (10**30,), (-7,)]),
    (float, [(0.0,), (1.0,), (float("nan"),), (0.1,)]),
    (complex, [(1, 2), (0, 0)]),
    (bytes, [(b"",), (b"a",)]),
    (Decimal, [("1.0",), ("1",), ("NaN",), ("-2.50",)]),
    (date, [(2024, 1, 2), (2024, 1, 3)]),
    (datetime, [(2024, 1, 2), (2024, 1, 2, 0, 0, 0, 1), (2024, 1, 2, 3, 4, 5, 6, UTC)]),
    (time, [(1, 2), (1, 3), (1, 2, 0, 0, UTC)]),
    (timedelta, [(1,), (0, 86400), (0, 1)]),
    (UUID, [("00000000-0000-0000-0000-000000000001",), ("00000000-0000-0000-0000-000000000002",)]),
    (Fraction, [(1, 2), (1, 3)]),
    (bytearray, [(b"a",), (b"b",)]),
]
_CONSTANTS: list[Any] = [
    *(None, True, False, ..., Colour.RED, Colour.BLUE, Size.SMALL, Size.LARGE, Word.YES, int, float, len),
    *(PurePosixPath("a/b"), PurePosixPath("a"), UTC, _BERLIN, timezone(timedelta(hours=1))),
    *(datetime(2024, 10, 27, 2, 30, tzinfo=_BERLIN), datetime(2024, 10, 27, 2, 30, tzinfo=_BERLIN, fold=1)),
    *(datetime(2024, 1, 2, 3, tzinfo=UTC), datetime(2024, 1, 2, 4, tzinfo=_BERLIN), range(3), slice(1, 2)),
]


def _kinds_of(base: type) -> list[type]:
    name = base.__name__.title()
    kinds = [base, type(f"Plain{name}", (base,), {}), _hostile(f"Hostile{name}", base)]
    if base.__itemsize__ == 0 and base not in (bool,):
        kinds.append(type(f"Slotted{name}", (base,), {"__slots__": ("extra",)}))
    kinds.append(type(f"Bare{name}", (base,), {"__slots__": ()}))
    return kinds


class Above:
    __slots__ = ("__hidden", "above")


class Below(Above):
    """A `__dict__` over slots, of which one is private."""


class Under(Below):
    __slots__ = ("under",)


@dataclass
class Record:
    first: Any = None
    second: Any = None


@dataclass(frozen=True, slots=True)
class Frozen:
    first: Any = None
    second: Any = None


class WithProperty:
    first = property(_loud("a property"))
    second = property(_loud("a property"))


class Refused(ValueError):
    def __init__(self, one: Any, two: Any) -> None:
        super().__init__("refused")


class Group(ExceptionGroup):
    pass


_ITEMS = [
    *_kinds_of(list),
    *_kinds_of(tuple),
    *_kinds_of(deque),
    UserList,
    _hostile("HostileUserList", UserList),
]
_NAMES = [*_kinds_of(dict), *_kinds_of(OrderedDict), UserDict, MappingProxyType, defaultdict]
_BAGS = [*_kinds_of(set), *_kinds_of(frozenset)]
_LEAVES = {base: _kinds_of(base) for base, _ in _SCALARS}
_OBJECTS = [
    _hostile(
        "Silent",
        object,
        __getattribute__=_loud("__getattribute__"),
        __class__=property(_loud("__class__")),
    ),
    *(SimpleNamespace, Above, Below, Under, Record, Frozen, WithProperty, _hostile("HostileObject", object)),
    *(_hostile("HostileBelow", Below), _hostile("HostileSlots", object, __slots__=("first", "second"))),
]
_ERRORS = [ValueError, KeyError, Refused, _hostile("HostileError", Exception), FileNotFoundError]
_ATTRIBUTES = ("first", "second", "extra")


def recipe(draw: random.Random, depth: int = 0) -> Recipe:
    """A random recipe."""
    kind = draw.choice(("leaf", "leaf", "constant", "items", "names", "object", "bag", "error", "again"))
    if depth >= DEPTH_MAX or kind in ("leaf", "constant", "again"):
        return _leaf_recipe(draw, kind)
    parts = [recipe(draw, depth + 1) for _ in range(draw.randrange(PARTS_MAX))]
    return (kind, draw.randrange(1_000), *parts)


def _leaf_recipe(draw: random.Random, kind: str) -> Recipe:
    if kind == "again":
        return ("again", draw.randrange(6))
    if kind == "constant":
        return ("constant", draw.randrange(len(_CONSTANTS)))
    base = draw.randrange(len(_SCALARS))
    more = draw.randrange(3) if draw.random() < 0.3 else None
    return ("leaf", base, draw.randrange(1_000), draw.randrange(1_000), more)


def changed(draw: random.Random, given: Recipe) -> Recipe:
    """The recipe with something else in one place; by chance it may still give an equal value."""
    inner = [at for at, part in enumerate(given) if isinstance(part, tuple)]
    if inner and draw.random() < 0.8:
        at = draw.choice(inner)
        return (*given[:at], changed(draw, given[at]), *given[at + 1 :])
    return recipe(draw, DEPTH_MAX)


def build(given: Recipe) -> Any:
    """A new value of this recipe."""
    value = _built(given, [])
    asked.clear()
    return value


def _built(given: Recipe, made: list[Any]) -> Any:
    kind, *rest = given
    if kind == "constant":
        return _CONSTANTS[rest[0]]
    if kind == "again":  # something that was made before, or that is being made: shared parts and cycles
        return made[rest[0] % len(made)] if made else None
    if kind == "leaf":
        return _made_leaf(*rest)
    classes = {"items": _ITEMS, "names": _NAMES, "bag": _BAGS, "object": _OBJECTS, "error": _ERRORS}[kind]
    cls = classes[rest[0] % len(classes)]
    return _BUILDERS[kind](cls, rest[1:], made)


def _made_leaf(base: int, cls: int, arguments: int, more: int | None) -> Any:
    scalar, choices = _SCALARS[base]
    kinds = _LEAVES[scalar]
    made = kinds[cls % len(kinds)](*choices[arguments % len(choices)])
    if more is not None and (hasattr(type(made), "extra") or type(made).__dictoffset__):
        object.__setattr__(made, "extra", more)
    return made


def _items(cls: Any, parts: list[Recipe], made: list[Any]) -> Any:
    if tuple in cls.__mro__:
        return cls([_built(part, made) for part in parts])
    value = cls()
    made.append(value)
    base = next(base for base in (list, deque, UserList) if base in cls.__mro__)
    for part in parts:
        target = value.__dict__["data"] if base is UserList else value
        (list if base is UserList else base).append(target, _built(part, made))
    return value


def _names(cls: Any, parts: list[Recipe], made: list[Any]) -> Any:
    content: dict[Any, Any] = OrderedDict() if OrderedDict in cls.__mro__ else {}
    value: Any = content
    if cls is MappingProxyType or cls is UserDict:
        value = cls(content)
        content = value.data if cls is UserDict else content
    elif cls is defaultdict:
        value = content = defaultdict(list)
    elif cls not in (dict, OrderedDict):
        value = content = cls()
    made.append(value)
    put = OrderedDict.__setitem__ if OrderedDict in cls.__mro__ else dict.__setitem__
    for at, part in enumerate(parts):
        key = _built(part, made) if part[0] == "leaf" and _SCALARS[part[1]][0] is str else None
        put(content, ("a" if key is None else key, 1, None, (1, "b"))[at % 4], _built(part, made))
    return value


def _bag(cls: Any, parts: list[Recipe], made: list[Any]) -> Any:
    leaves = [
        _built(part, made) for part in parts if part[0] == "leaf" and _SCALARS[part[1]][0] is not bytearray
    ]
    return cls([at for at, _ in enumerate(parts)] + leaves)


def _object(cls: Any, parts: list[Recipe], made: list[Any]) -> Any:
    if cls is Frozen:
        return cls(*[_built(part, made) for part in parts[:2]])
    value = object.__new__(cls) if cls is not SimpleNamespace else cls()
    made.append(value)
    slots = [name for base in cls.__mro__ for name in base.__dict__ if _is_slot(base, name)]
    has_dict = bool(cls.__dictoffset__)
    names = (*slots, *(_ATTRIBUTES if has_dict else ()))
    if cls in (Record,):
        names = ("first", "second")
    for name, part in zip(names, parts, strict=False):
        if name in slots:
            next(base.__dict__[name] for base in cls.__mro__ if name in base.__dict__).__set__(
                value, _built(part, made)
            )
        else:
            set_state(value, {name: _built(part, made)})
    return value


def _is_slot(base: type, name: str) -> bool:
    return type(base.__dict__[name]).__name__ == "member_descriptor" and base.__flags__ & (1 << 9) != 0


def _error(cls: Any, parts: list[Recipe], made: list[Any]) -> Any:
    arguments = [_built(part, made) for part in parts[:2]]
    if cls is FileNotFoundError:
        return cls(2, "not there", "a.txt")
    value = BaseException.__new__(cls, *arguments)
    made.append(value)
    for name, part in zip(_ATTRIBUTES, parts[2:], strict=False):
        value.__dict__[name] = _built(part, made)
    return value


_BUILDERS: dict[str, Callable[[Any, list[Recipe], list[Any]], Any]] = {
    "items": _items,
    "names": _names,
    "bag": _bag,
    "object": _object,
    "error": _error,
}
