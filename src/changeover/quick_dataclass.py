"""`dataclass` of the standard library, made in a third of the time where Python is older than 3.13.

A command imports some 220 of these classes. Python 3.11 and 3.12 compile up to six functions for each of
them, one by one, which was two fifths of what a command took to start. Here one is compiled, the constructor,
and the others are functions that know the names of the fields. From 3.13 on the standard library compiles all
of a class at once, and this is that one; it can go when 3.12 does.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]
_PARAMS = "__dataclass_params__"


class _Factory:
    """Stands in a signature where a field has a factory."""

    def __repr__(self) -> str:
        return "<factory>"


_GIVEN_BY_NOBODY = _Factory()

if TYPE_CHECKING or sys.version_info >= (3, 13):
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        """The same as `dataclasses.dataclass`, with the same options and the same result.

        But that a class without a docstring gets its name for one, and that a frozen one with slots refuses
        any attribute alike.
        """

        def made(cls: type) -> type:
            is_plain = not options.get("order") and options.get("init", True)
            return _made(cls, **options) if is_plain else dataclasses.dataclass(**options)(cls)

        return made if cls is None else made(cls)


def _made(cls: Any, *, frozen: bool = False, eq: bool = True, repr: bool = True, **options: Any) -> type:
    own = {name: value for name, value in vars(cls).items() if name.startswith("__")}
    bases = [params for params in (vars(base).get(_PARAMS) for base in cls.__mro__[1:]) if params is not None]
    was_frozen = [params.frozen for params in bases]
    if (frozen and not all(was_frozen)) or (not frozen and any(was_frozen)):
        raise TypeError("a frozen dataclass and one that is not cannot be derived from each other")
    for params in bases:  # for the standard library none is frozen until it is done
        params.frozen = False
    if cls.__doc__ is None:
        cls.__doc__ = cls.__name__  # else a signature is worked out for it
    try:
        made: Any = dataclasses.dataclass(init=not frozen, repr=False, eq=False, **options)(cls)
    finally:
        for params, before in zip(bases, was_frozen, strict=True):
            params.frozen = before
    params = vars(made)[_PARAMS]
    params.frozen, params.eq, params.repr, params.init = frozen, eq, repr, True
    fields = dataclasses.fields(made)
    if frozen:
        _freeze(made, fields, own)
        _add(made, own, "__init__", _constructor(made, fields))
    if repr:
        _add(made, own, "__repr__", _repr_of([field.name for field in fields if field.repr]))
    if eq:
        _add(made, own, "__eq__", _equality([field.name for field in fields if field.compare]))
        has_own_hash = own.get("__hash__") is not None or ("__hash__" in own and "__eq__" not in own)
        if not has_own_hash:
            hashed = [field for field in fields if (field.compare if field.hash is None else field.hash)]
            made.__hash__ = _hash_of([field.name for field in hashed]) if frozen else None
    return made  # type: ignore[no-any-return]


def _add(made: Any, own: dict[str, Any], name: str, function: Callable[..., Any]) -> None:
    """Give the class a method, unless it has said one itself."""
    if name not in own:
        function.__name__, function.__qualname__ = name, f"{made.__qualname__}.{name}"
        function.__module__ = made.__module__
        setattr(made, name, function)


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if not names:
        return lambda value: ()
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda value: (one(value),)
    return attrgetter(*names)


def _repr_of(names: list[str]) -> Callable[[Any], str]:
    @recursive_repr()
    def text(self: Any) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    return text


def _equality(names: list[str]) -> Callable[[Any, Any], Any]:
    values = _values(names)

    def is_equal(self: Any, other: Any) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return is_equal


def _hash_of(names: list[str]) -> Callable[[Any], int]:
    values = _values(names)

    def value_hash(self: Any) -> int:
        return hash(values(self))

    return value_hash


def _freeze(made: Any, fields: tuple[dataclasses.Field[Any], ...], own: dict[str, Any]) -> None:
    names = [field.name for field in fields]
    known = frozenset(names)

    def set_attribute(self: Any, name: str, value: Any) -> None:
        if type(self) is made or name in known:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(made, self).__setattr__(name, value)

    def delete_attribute(self: Any, name: str) -> None:
        if type(self) is made or name in known:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(made, self).__delattr__(name)

    _add(made, own, "__setattr__", set_attribute)
    _add(made, own, "__delattr__", delete_attribute)
    if "__slots__" in vars(made) and "__getstate__" not in own and "__setstate__" not in own:

        def state(self: Any) -> list[Any]:
            return [getattr(self, field.name) for field in dataclasses.fields(self)]

        def take_state(self: Any, state: list[Any]) -> None:
            for field, value in zip(dataclasses.fields(self), state, strict=True):
                object.__setattr__(self, field.name, value)

        _add(made, own, "__getstate__", state)
        _add(made, own, "__setstate__", take_state)


def _constructor(made: Any, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """For fields `a: int` and `b: list = field(default_factory=list)`, with slots:

    def __init__(self, a, b=_none):
        _set_a(self, a)
        _set_b(self, _default_b() if b is _none else b)
    """
    known: dict[str, Any] = {"_none": _GIVEN_BY_NOBODY}
    positional: list[str] = []
    named: list[str] = []
    lines: list[str] = []
    for field in fields:
        name, value = field.name, field.name
        if field.default is not dataclasses.MISSING:
            known[f"_default_{name}"], parameter = field.default, f"{name}=_default_{name}"
            value = value if field.init else f"_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            known[f"_default_{name}"], parameter = field.default_factory, f"{name}=_none"
            value = (
                f"_default_{name}() if {name} is _none else {name}" if field.init else f"_default_{name}()"
            )
        elif field.init:
            parameter = name
        else:
            continue  # `__post_init__` sets it
        if field.init:
            (named if field.kw_only else positional).append(parameter)
        known[f"_set_{name}"] = _setter(made, name)
        lines.append(f"_set_{name}(self, {value})")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join(["self", *positional, *(["*", *named] if named else [])])
    body = "\n    ".join(lines or ["pass"])
    exec(f"def __init__({parameters}):\n    {body}", known)  # noqa: S102  as the standard library does
    function: Callable[..., None] = known["__init__"]
    annotations = {field.name: field.type for field in fields if field.init}
    function.__annotations__ = {**annotations, "return": None}
    return function


def _setter(made: Any, name: str) -> Callable[[Any, Any], None]:
    slot: Any = getattr(made, name, None)
    if type(slot).__name__ == "member_descriptor":
        return slot.__set__  # type: ignore[no-any-return]
    return lambda value, part: object.__setattr__(value, name, part)
