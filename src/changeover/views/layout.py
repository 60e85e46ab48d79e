"""The hand in which all screens are written: numbers, cut paths, values, colour."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, TextIO

from changeover.values.divergence import ABSENT
from changeover.values.safe_text import visible

WIDTH = 100
INDENT = "    "
ZERO = "·"
VALUE_SHOWN_MAX = 32
CHANGE_LOOKED_AT_MAX = 10_000
_COLOURS = {
    "match": "32",
    "tolerated": "33",
    "inconclusive": "33",
    "diverged": "31",
    "UNSAFE": "1;31",
    "PASS": "32",
    "INCONCLUSIVE": "33",
    "FAIL": "31",
    "->": "2",
}


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours a verdict word or an arrow, or leaves it as it is."""

    coloured: bool = False

    def __call__(self, word: str) -> str:
        """The word, coloured or not."""
        code = _COLOURS.get(word)
        return f"\x1b[{code}m{word}\x1b[0m" if self.coloured and code else word


def ink_for(stream: TextIO, environment: Mapping[str, str] | None = None) -> Ink:
    """Colour only on a terminal, and only where NO_COLOR is unset or empty."""
    named = os.environ if environment is None else environment
    return Ink(stream.isatty() and not named.get("NO_COLOR"))


def count(number: int) -> str:
    """Thousands with commas; zero is a dot, so that what is not zero is seen."""
    return f"{number:,}" if number else ZERO


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 run`, `2 runs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def cut(text: str, width: int) -> str:
    """The text on one line in so many columns, cut in the middle where it is longer."""
    text = visible(text)
    if len(text) <= width:
        return text
    left = (width - 1 + 1) // 2
    return f"{text[:left]}…{text[len(text) - (width - 1 - left) :]}"


def value_text(value: Any, width: int = VALUE_SHOWN_MAX) -> str:
    """One value as a person reads it; its beginning where it is long."""
    text = visible(_told(_beginning(value, 2 * width)))
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _beginning(value: Any, length: int) -> Any:
    """Of a long text only what may be shown: to make all of it visible would take seconds."""
    if type(value) in (str, bytes, Bare) and len(value) > length:
        return type(value)(value[: length + 1])
    return value


def change_text(legacy: Any, candidate: Any, width: int = 2 * VALUE_SHOWN_MAX + 4) -> str:
    """`legacy -> candidate`, always that way round; where the texts are alike, the types say what differs."""
    told = (
        visible(_told(_beginning(legacy, CHANGE_LOOKED_AT_MAX))),
        visible(_told(_beginning(candidate, CHANGE_LOOKED_AT_MAX))),
    )
    if told[0] == told[1] and type(legacy) is not type(candidate):
        told = f"{told[0]} ({type(legacy).__name__})", f"{told[1]} ({type(candidate).__name__})"
    # The shorter text leaves its room to the other.
    half = (width - 4) // 2
    left = max(half, width - 4 - len(told[1]))
    right = max(half, width - 4 - len(told[0]))
    if all(len(text) > half for text in told):
        told = around_difference(*told, half)
    return f"{value_text(Bare(told[0]), left)} -> {value_text(Bare(told[1]), right)}"


def around_difference(legacy: str, candidate: str, width: int) -> tuple[str, str]:
    """Long texts that begin alike, from a little before the place where they part."""
    pairs = zip(legacy, candidate, strict=False)
    same = next(
        (at for at, (one, other) in enumerate(pairs) if one != other), min(len(legacy), len(candidate))
    )
    start = max(0, min(same - width // 2, max(len(legacy), len(candidate)) - width + 1))
    if not start:
        return legacy, candidate
    return f"…{legacy[start:]}", f"…{candidate[start:]}"


class Bare(str):
    """A text that stands without quotes."""

    __slots__ = ()


def _told(value: Any) -> str:
    if value is ABSENT:
        return "nothing"
    if isinstance(value, Bare):
        return str(value)
    if isinstance(value, Enum):
        return value.name or str(value.value)
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_told(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_told, value)) + "]"
    return str(value)


def call_text(method: str, arguments: Mapping[str, Any], width: int) -> str:
    """A port call as it was asked: the first argument bare, the others by name."""
    shown = [
        value_text(value) if number == 0 else f"{name}={value_text(value)}"
        for number, (name, value) in enumerate(arguments.items())
    ]
    return cut(f"{method}({', '.join(shown)})", width)


def aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The first cell to the left, the others to the right of their columns."""
    first, *rest = zip(cells, widths, strict=True)
    return (
        f"{cut(first[0], first[1]):<{first[1]}}" + "".join(f"{cell:>{width}}" for cell, width in rest)
    ).rstrip()


def wrapped(text: str, width: int, indent: str) -> list[str]:
    """Prose in lines; the first without the indent."""
    lines, line = [], ""
    for word in map(visible, text.split()):
        if line and len(line) + 1 + len(word) > width - len(indent):
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [text if number == 0 else indent + text for number, text in enumerate([*lines, line])]
