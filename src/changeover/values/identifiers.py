"""Identifiers that a program mints, and the new names of such in values and in longer texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import is_
from typing import Any, NamedTuple
from uuid import UUID

from changeover.values.limits import TEXT_MAX, NotComparable
from changeover.values.own_state import is_a
from changeover.values.replaced_parts import Replacing

INSIDE_MIN = 3
"""A shorter identifier is renamed where it stands alone, and not inside of longer texts."""
_BEGINNINGS_MAX = 16
"""Of so many a text is looked through at once; of more it is looked through word by word."""
_EMPTY = (tuple, dict)
_SCALARS = frozenset({str, UUID})
_FLAT: frozenset[type] = frozenset({str, UUID, int, float, bool, Decimal, date, type(None)})
_BEGINNING = re.compile(r"(?<![^\W_])\S")
_IDENTIFIER_MAX = 200
_IDENTIFIERS_KNOWN_MAX = 4_096
# A name with a digit in it and without space: not a word like SELL, not an amount, not a date.
_IDENTIFIER = re.compile(r"(?=.*\d)(?=.*[A-Za-z_])[^\s]{2,200}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def is_identifier(value: Any) -> bool:
    """Whether a value looks minted: a UUID, or a text with letters and digits that is no date or number."""
    cls = type(value)
    if cls is not str:
        return is_a(value, UUID)
    return len(value) <= _IDENTIFIER_MAX and _is_identifier(value)


@lru_cache(_IDENTIFIERS_KNOWN_MAX)
def _is_identifier(value: str) -> bool:
    if not _IDENTIFIER.fullmatch(value) or _DATE.match(value):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


class Renamed(NamedTuple):
    """A value as it was made with new names.

    `changed` are the texts and identifiers in it that became others, `others` those that did not, `texts` the
    texts among these at one look.
    """

    made: Any
    changed: Mapping[Any, Any]
    others: Collection[Any]
    texts: str


def _is_text(value: Any) -> bool:
    return type(value) is str


class Names:
    """New names by old ones, for values that are one and for texts that one stands in."""

    def __init__(self) -> None:
        self._names: dict[Any, Any] = {}
        self._lengths: dict[str, list[int]] = {}

    def knows(self, name: Any) -> bool:
        """Whether it has a new name."""
        return name in self._names

    def add(self, name: Any, new: Any) -> None:
        """Give it a new name; the first one stays."""
        if name in self._names:
            return
        self._names[name] = new
        if type(name) is str and len(name) >= INSIDE_MIN:
            lengths = self._lengths.setdefault(name[:INSIDE_MIN], [])
            if len(name) not in lengths:
                lengths.append(len(name))
                lengths.sort(reverse=True)

    def __bool__(self) -> bool:
        return bool(self._names)

    def applied(self, value: Any) -> Any:
        """The value with new names: the same object where it has none, else another one."""
        if not self._names or (type(value) in _EMPTY and not value):
            return value
        if type(value) is tuple and _FLAT.issuperset(map(type, value)):  # as most arguments are
            parts = [self._renamed(part) if type(part) in _SCALARS else part for part in value]
            return value if all(map(is_, parts, value)) else tuple(parts)
        try:
            return Replacing(self._renamed, _SCALARS).value(value)
        except NotComparable:
            return value

    def renamed(self, value: Any) -> Renamed:
        """The same, with all that was looked at for it."""
        names: dict[Any, Any] = {}

        def renamed(part: Any) -> Any:
            names[part] = self._renamed(part)
            return names[part]

        try:
            made = Replacing(renamed, _SCALARS).value(value)
        except NotComparable:
            made = value
        changed = {name: new for name, new in names.items() if new != name}
        others = names.keys() - changed.keys()
        return Renamed(made, changed, others, "\0".join(filter(_is_text, others)))

    def are_those_of(self, before: Renamed) -> bool:
        """Whether that would be made of its value again; False says nothing."""
        if len(self._lengths) > _BEGINNINGS_MAX or any(map(before.texts.__contains__, self._lengths)):
            return False
        if not self._names.keys().isdisjoint(before.others):
            return False
        return all(self._renamed(name) == new for name, new in before.changed.items())

    def _renamed(self, value: Any) -> Any:
        new = self._names.get(value)
        if new is not None:
            return new
        if type(value) is not str or len(value) <= INSIDE_MIN or len(value) > TEXT_MAX:
            return value
        if len(self._lengths) <= _BEGINNINGS_MAX and not any(map(value.__contains__, self._lengths)):
            return value
        made: list[str] = []
        done = 0
        for found in _BEGINNING.finditer(value):
            at = found.start()
            name = None if at < done else self._at(value, at)
            if name is not None:
                made += value[done:at], self._names[name]
                done = at + len(name)
        return value if not done else "".join((*made, value[done:]))

    def _at(self, text: str, at: int) -> str | None:
        """The longest name that stands alone here: `order-1`, but not in `order-17`."""
        for length in self._lengths.get(text[at : at + INSIDE_MIN], ()):
            end = at + length
            if text[at:end] in self._names and not (end < len(text) and text[end].isalnum()):
                return text[at:end]
        return None
