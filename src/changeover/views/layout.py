"""The hand in which all screens are written: numbers, cut paths, values, colour."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from changeover.values.safe_text import visible
from changeover.values.value_text import value_text

WIDTH = 100
INDENT = "    "
ZERO = "·"
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
