"""Where a value was seen before: among the leaves of a run's inputs and of the answers it read.

`312 is broker.positions()["SPY"].quantity, read 4`. Numbers are looked up by value, whatever their type.
What every program is full of (0, 1, True, None, "", small whole numbers) is never said to have been seen.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.values.form import leaves
from changeover.values.limits import NotComparable
from changeover.values.observation import PortCall, Returned
from changeover.values.place import Key, Place, TypedKey
from changeover.values.reading import reading_of
from changeover.values.scalars import base_of, content_of, is_number, number, token
from changeover.values.scalars import text as scalar_text


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where a value was seen: `where` in an input, or in what a read answered.

    `method` and `position` are those of the read (`broker.positions`, its place on the tape), None for an
    input.
    """

    value: str
    where: str
    method: str | None = None
    position: int | None = None

    def __str__(self) -> str:
        read = "" if self.position is None else f", read {self.position}"
        return f"{self.value} is {self.where}{read}"


LEAVES_INDEXED_MAX = 50_000
SMALL_NUMBER_MAX = 10
ARGUMENTS_SHOWN_MAX = 60
VALUE_SHOWN_MAX = 60


_Seen = tuple[str, str | None, int | None]
"""Where, the method of the read, its position."""


class Provenance:
    """Looks values up in what one run saw, as far as `LEAVES_INDEXED_MAX` goes."""

    def __init__(self, inputs: Mapping[str, Any], reads: Sequence[PortCall]) -> None:
        self._inputs = inputs
        self._reads = reads
        self._index: dict[Hashable, _Seen] | None = None

    def first(self, value: Any) -> Sighting | None:
        """Where the value was seen first; None for trivial values and for what was not seen."""
        key = _looked_up_as(value)
        if key is None:
            return None
        if self._index is None:
            self._index = self._indexed()
        seen = self._index.get(key)
        if seen is None:
            return None
        text = scalar_text(value)
        shown = text if len(text) <= VALUE_SHOWN_MAX else f"{text[:VALUE_SHOWN_MAX]}…"
        return Sighting(shown, *seen)

    def _indexed(self) -> dict[Hashable, _Seen]:
        index: dict[Hashable, _Seen] = {}
        for (where, method, position), place, leaf in islice(self._every_leaf(), LEAVES_INDEXED_MAX):
            key = _looked_up_as(leaf)
            if key is not None and key not in index:
                index[key] = (f"{where}{_below(place)}", method, position)
        return index

    def _every_leaf(self) -> Iterator[tuple[_Seen, Place, Any]]:
        for name, value in self._inputs.items():
            for place, leaf in _readable_leaves(value):
                yield (f"argument {name}", None, None), place, leaf
        for call in self._reads:
            if isinstance(call.outcome, Returned):
                where = f"{call.name}({_arguments(call.arguments)})"
                for place, leaf in _readable_leaves(call.outcome.value):
                    yield (where, call.name, call.position), place, leaf


def _readable_leaves(value: Any) -> Iterator[tuple[Place, Any]]:
    with suppress(NotComparable):
        yield from leaves(value)


def _looked_up_as(value: Any) -> Hashable | None:
    """What a leaf is looked up by, None where finding it again would mean nothing."""
    scalar = reading_of(type(value)).scalar
    if scalar is None or scalar in (bool, type(None), Enum, type):
        return None
    try:
        if is_number(value):
            size = number(value)
            small = abs(size) <= SMALL_NUMBER_MAX and size == size.to_integral_value()
            return None if not size.is_finite() or small else (Decimal, size)
        if scalar in (str, bytes) and len(content_of(value)) < 2:
            return None
        return token(value, scalar, "strict")
    except (NotComparable, ArithmeticError):
        return None


def _below(place: Place) -> str:
    parts: list[str] = []
    for segment in place:
        if isinstance(segment, Key):
            parts.append(f'["{segment}"]')
        elif isinstance(segment, TypedKey):
            parts.append(f"[{segment.text}]")
        elif isinstance(segment, int):
            parts.append(f"[{segment}]")
        else:
            parts.append(f".{segment}")
    return "".join(parts)


def _arguments(arguments: Mapping[str, Any]) -> str:
    shown = ", ".join(
        f'"{scalar_text(value)}"' if base_of(type(value)) is str else scalar_text(value)
        for value in arguments.values()
        if reading_of(type(value)).scalar is not None
    )
    shown = shown if all(reading_of(type(value)).scalar for value in arguments.values()) else f"{shown} …"
    return shown if len(shown) <= ARGUMENTS_SHOWN_MAX else f"{shown[: ARGUMENTS_SHOWN_MAX - 1]}…"
