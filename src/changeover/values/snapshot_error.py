"""Why a value cannot be copied, and at which part of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from changeover.values.own_state import layout_base
from changeover.values.place import Key, Place, Segment, key_text, render
from changeover.values.reading import Shape, reading_of

IS_HANDLE = "is a handle: declare its class as a port, or pass what is needed of it"
LOOKED_AT_MAX = 20_000


class SnapshotError(Exception):
    """The value cannot be kept: it holds a handle, is too deep or too large, or has no copy that is alike.

    `place` leads from the value to the part that is the problem, `type_name` is its class, `problem` says
    what is wrong with it.
    """

    def __init__(self, problem: str, part: Any = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.part = part
        self.place: Place = ()
        self.type_name = type(part).__qualname__

    def __str__(self) -> str:
        where = f"`{render(self.place)}` ({self.type_name})" if self.place else self.type_name
        return f"{where} {self.problem}"

    def of(self, word: str, place: Place) -> str:
        """The same sentence about a part that its owner calls otherwise: "argument `db` (Session) ..."."""
        return f"{word} `{render(place)}` ({self.type_name}) {self.problem}"


def place_of(root: Any, part: Any) -> Place:
    """The way from a value to one of its parts."""
    return next((place for place, value in parts_below(root) if value is part), ())


def parts_below(root: Any) -> Iterator[tuple[Place, Any]]:
    """A value and its parts with their places, the nearest first; each once, and at most so many."""
    waiting: list[tuple[Place, Any]] = [((), root)]
    seen: dict[int, Any] = {}
    for place, value in waiting:
        yield place, value
        if id(value) in seen or len(seen) > LOOKED_AT_MAX:
            continue
        seen[id(value)] = value
        waiting += [((*place, segment), below) for segment, below in _parts_of(value)]


def _parts_of(value: Any) -> list[tuple[Segment, Any]]:
    reading = reading_of(type(value))
    found: list[tuple[Segment, Any]] = []
    if reading.shape not in (Shape.SCALAR, Shape.UNREADABLE):
        whole = reading.copied if layout_base(type(value)) is object else None
        parts = (whole or reading.parts)(value)
        if type(parts) is dict:
            found = [(_segment(name), part) for name, part in parts.items()]
            found += [(_segment(name), name) for name in parts if type(name) is not str]
        else:
            found = [*enumerate(parts or ())]
    if reading.state is not None:
        found += [(_segment(name), part) for name, part in reading.state(value).items()]
    return found


def _segment(name: Any) -> Segment:
    return Key(name if type(name) is str else key_text(name))
