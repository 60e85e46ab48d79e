"""The text that a digest is made of, written straight from a value.

It is the text of the value's key, `canonical(Tokens(question=True, by_name=True).of(value))`, and takes a
third of the time, since no key is made. Where order has to be found by comparing (sets), or where a value
contains itself, the key is made after all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sized
from decimal import Decimal
from typing import Any

from changeover.values import limits
from changeover.values.form import Tokens, open_by_name
from changeover.values.key_text import bounded, canonical, decimal_text
from changeover.values.own_state import class_name, has_dict
from changeover.values.reading import Shape, reading_of, remembered


def digest_text(value: Any) -> str:
    """The text; raises NotComparable where the value is too large."""
    try:
        return _Writing().text(value)
    except _NeedsKey:
        return canonical(Tokens(question=True, by_name=True).of(value))


class _NeedsKey(Exception):
    """The text cannot be written without the key."""


def _str(value: str) -> str:
    if len(value) > limits.TEXT_MAX:
        raise limits.too_long()
    return repr(value)


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise _NeedsKey
    return bounded(f"('Decimal',{decimal_text(value)})")


_QUICK: dict[type, Callable[[Any], str]] = {
    str: _str,
    int: hex,
    bool: lambda value: f"('bool',{value!r})",
    type(None): lambda _value: "('NoneType',None)",
    Decimal: _decimal,
}


class _Record:
    """How values of a class are written whose fields can be had at once."""

    __slots__ = ("label", "openings", "values")

    def __init__(self, cls: type, fields: Iterable[str], values: Callable[[Any], tuple[Any, ...]]) -> None:
        self.label = canonical((Shape.NAMES, class_name(cls)))
        self.openings = [f"({name!r}," for name in fields]
        self.values = values


@remembered
def _record_of(cls: type) -> _Record | None:
    reading = reading_of(cls)
    plain = reading.shape is Shape.NAMES and reading.state is None and not reading.mapping
    # With a `__dict__` a field that was never set may be had from the class all the same.
    if not plain or not reading.fields or reading.values is None or has_dict(cls):
        return None
    return _Record(cls, reading.fields, reading.values)


class _Writing:
    """Writes one text; a part that is met again is not written again. Limits are those of `Tokens`."""

    def __init__(self) -> None:
        self._done: dict[int, str] = {}
        self._kept: list[Any] = []  # so that no identity is used twice
        self._inside: set[int] = set()
        self._left = limits.LEAVES_MAX

    def text(self, value: Any) -> str:
        cls = type(value)
        write = _QUICK.get(cls)
        if write is not None:
            return write(value)
        identity = id(value)
        done = self._done.get(identity)
        if done is None:
            if identity in self._inside:
                raise _NeedsKey
            done = self._done[identity] = self._written(value, cls)
        return done

    def _written(self, value: Any, cls: type) -> str:
        record = _record_of(cls)
        if record is not None:
            try:
                values = record.values(value)
            except AttributeError:  # one was never set
                pass
            else:
                self._enter(value, values)
                pairs = [
                    bounded(f"{opening}{self.text(part)})")
                    for opening, part in zip(record.openings, values, strict=True)
                ]
                return self._closed(value, record.label, bounded(f"{{{','.join(sorted(pairs))}}}"))
        shape, parts = open_by_name(value)
        if shape is Shape.SCALAR or shape is Shape.UNREADABLE:
            return canonical(Tokens(question=True, by_name=True).of(value))
        if shape is Shape.BAG and parts:
            raise _NeedsKey
        self._enter(value, parts)
        if isinstance(parts, dict):
            pairs = [bounded(f"({_name(name)},{self.text(part)})") for name, part in parts.items()]
            inside = f"{{{','.join(sorted(pairs))}}}"
        elif shape is Shape.ITEMS:
            inside = f"({','.join([self.text(part) for part in parts])})"
        else:
            inside = "{}"
        is_object = shape is Shape.NAMES and not reading_of(cls).mapping
        label = canonical((shape, class_name(cls)) if is_object else shape)
        return self._closed(value, label, bounded(inside))

    def _enter(self, value: Any, parts: Sized) -> None:
        if len(self._inside) >= limits.DEPTH_MAX:
            raise limits.too_deep()
        self._left -= len(parts)
        if self._left < 0:
            raise limits.too_many()
        self._inside.add(id(value))
        self._kept.append((value, parts))

    def _closed(self, value: Any, label: str, inside: str) -> str:
        self._inside.discard(id(value))
        return bounded(f"({label},{inside})")


def _name(name: Any) -> str:
    return repr(name) if type(name) is str else canonical(name)
