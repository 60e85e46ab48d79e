"""Identifiers that each path mints for itself: `order-17` on the tape is `order-3` in the replay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from changeover.values.form import open_value
from changeover.values.limits import DEPTH_MAX, TEXT_MAX, NotComparable
from changeover.values.reading import Shape
from changeover.values.remaking import Replacing

INSIDE_MIN = 3
"""A shorter identifier is renamed where it stands alone, and not inside of longer texts."""
_SCALARS = frozenset({str, UUID})
_BEGINNING = re.compile(r"(?<![^\W_])\S")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
# A name with a digit in it and without space: not a word like SELL, not an amount, not a date.
_IDENTIFIER = re.compile(r"(?=.*\d)(?=.*[A-Za-z_])[^\s]{2,200}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def is_identifier(value: Any) -> bool:
    """Whether a value looks minted: a UUID, or a text with letters and digits that is no date or number."""
    if isinstance(value, UUID):
        return True
    if type(value) is not str or not _IDENTIFIER.fullmatch(value) or _DATE.match(value):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


class IdMapping:
    """Pairs of an identifier on the tape and its twin in the replay; the first pair of a name stays."""

    def __init__(self) -> None:
        self._to_tape = _Names()
        self._to_path = _Names()

    def learn(self, on_tape: Any, of_path: Any) -> None:
        """Pair the identifiers that stand at the same places of two values and differ."""
        with suppress(NotComparable):  # what is too large teaches nothing more
            self._learn(on_tape, of_path, set(), 0)

    def _learn(self, on_tape: Any, of_path: Any, seen: set[tuple[int, int]], depth: int) -> None:
        if on_tape is of_path or type(on_tape) is not type(of_path) or depth > DEPTH_MAX:
            return
        if is_identifier(on_tape) and is_identifier(of_path):
            self._pair(on_tape, of_path)
            return
        shape, ours = open_value(on_tape)
        other, theirs = open_value(of_path)
        pair = (id(on_tape), id(of_path))
        if shape is not other or pair in seen or shape in (Shape.SCALAR, Shape.UNREADABLE, Shape.BAG):
            return
        seen.add(pair)
        if isinstance(ours, dict):
            for name in ours:
                if name in theirs:
                    self._learn(ours[name], theirs[name], seen, depth + 1)
        else:
            for one, twin in zip(ours, theirs, strict=False):
                self._learn(one, twin, seen, depth + 1)

    def _pair(self, on_tape: Any, of_path: Any) -> None:
        if on_tape == of_path or self._to_tape.knows(of_path) or self._to_path.knows(on_tape):
            return
        for one, twin in _ways_of_writing(on_tape, of_path):
            self._to_tape.add(twin, one)
            self._to_path.add(one, twin)

    def for_tape(self, value: Any) -> Any:
        """The value with the identifiers of the tape."""
        return self._to_tape.applied(value)

    def for_path(self, value: Any) -> Any:
        """The value with the identifiers of the replayed path."""
        return self._to_path.applied(value)


def _ways_of_writing(on_tape: Any, of_path: Any) -> Iterator[tuple[Any, Any]]:
    """The pair itself; of two UUIDs also as texts, and the other way round."""
    yield on_tape, of_path
    ours, theirs = _uuid(on_tape), _uuid(of_path)
    if ours is not None and theirs is not None:
        yield ours, theirs
        yield str(ours), str(theirs)
        yield ours.hex, theirs.hex


def _uuid(value: Any) -> UUID | None:
    if type(value) is UUID:
        return value
    if type(value) is not str or not _UUID.fullmatch(value):
        return None
    return UUID(value)


class _Names:
    """New names by old ones, for values that are one and for texts that one stands in."""

    def __init__(self) -> None:
        self._names: dict[Any, Any] = {}
        self._lengths: dict[str, list[int]] = {}

    def knows(self, name: Any) -> bool:
        return name in self._names

    def add(self, name: Any, new: Any) -> None:
        if name in self._names:
            return
        self._names[name] = new
        if type(name) is str and len(name) >= INSIDE_MIN:
            lengths = self._lengths.setdefault(name[:INSIDE_MIN], [])
            if len(name) not in lengths:
                lengths.append(len(name))
                lengths.sort(reverse=True)

    def applied(self, value: Any) -> Any:
        """The value with new names: the same object where it has none, else another one."""
        if not self._names:
            return value
        try:
            return Replacing(self._renamed, _SCALARS).value(value)
        except NotComparable:
            return value

    def _renamed(self, value: Any) -> Any:
        new = self._names.get(value)
        if new is not None:
            return new
        if type(value) is not str or len(value) <= INSIDE_MIN or len(value) > TEXT_MAX:
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
