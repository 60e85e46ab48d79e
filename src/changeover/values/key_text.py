"""A key as one text that is the same in every process: without addresses, without the order of sets.

A part that is longer than `WRITTEN_MAX` stands as its digest, so that a text has a bounded length however
often a part stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Any

from changeover.values.cyclic_token import SharedToken
from changeover.values.own_state import class_name
from changeover.values.place import Key, TypedKey

WRITTEN_MAX = 256


def canonical(key: Hashable) -> str:
    """The text of a key that `token` or `frozen` made."""
    return _Writer().text(key)


def bounded(text: str) -> str:
    """The text of a part that has parts itself, or its digest."""
    if len(text) <= WRITTEN_MAX:
        return text
    return "#" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Writer:
    def __init__(self) -> None:
        self._done: dict[int, tuple[Any, str]] = {}

    def text(self, key: Any) -> str:
        cls = type(key)
        if cls is SharedToken:
            return self.text(key.token)
        if cls is tuple or cls is frozenset:
            done = self._done.get(id(key))
            if done is not None:
                return done[1]
            parts = [self.text(part) for part in key]
            text = f"({','.join(parts)})" if cls is tuple else f"{{{','.join(sorted(parts))}}}"
            if len(text) > WRITTEN_MAX:
                text = bounded(text)
                self._done[id(key)] = key, text  # a shorter one is written again as fast as it is found
            return text
        write = _LEAVES.get(cls)
        return write(key) if write is not None else _leaf(key)


_LEAVES: dict[type, Callable[[Any], str]] = {
    str: repr,
    Key: lambda key: repr(str.__str__(key)),
    int: hex,
    float: lambda key: repr(key + 0.0),
    bool: repr,
    type(None): repr,
    TypedKey: lambda key: f"{key.kind}:{canonical(key.token)}",
    timedelta: lambda key: f"{key.days}d{key.seconds}s{key.microseconds}",
    Decimal: lambda key: decimal_text(key),
}


def _leaf(key: Any) -> str:
    if isinstance(key, Enum):
        return key.name
    if isinstance(key, type):
        return class_name(key)
    return repr(key)


def decimal_text(value: Decimal) -> str:
    """A number as its digits without zeros at the end, and its exponent: equal numbers have one text."""
    if not value or not value.is_finite():
        return "0" if value.is_finite() else str(value)
    written = str(value)
    if "E" in written:
        sign, digits, exponent = value.as_tuple()
        return _scientific("-" * sign, "".join(map(str, digits)), int(exponent))
    whole, _, fraction = written.lstrip("-").partition(".")
    return _scientific("-" if written[0] == "-" else "", f"{whole}{fraction}".lstrip("0"), -len(fraction))


def _scientific(sign: str, digits: str, exponent: int) -> str:
    stripped = digits.rstrip("0")
    return f"{sign}{stripped}E{exponent + len(digits) - len(stripped)}"
