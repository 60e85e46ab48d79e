"""How all screens are written: their width and colour, numbers, cut paths, prose in lines."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, TextIO

from changeover.quick_dataclass import dataclass
from changeover.values.safe_text import beginning, columns_of, ending, visible
from changeover.values.value_text import value_text

WIDTH = 100
"""Of what is written to a file or to another program, and the widest a sentence gets."""
WIDTH_MIN = 60
INDENT = "    "
GAP = "   "
MARGIN = 12
"""Of the labels at the left of a screen."""
ZERO = "·"
_COLOURS = {"UNSAFE": "1;31", "->": "2"}
_COLOURS |= dict.fromkeys(("match", "PASS"), "32")
_COLOURS |= dict.fromkeys(("tolerated", "inconclusive", "INCONCLUSIVE"), "33")
_COLOURS |= dict.fromkeys(("diverged", "FAIL"), "31")
_GAPS = re.compile("( {3,})")
_COLUMNS_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Screen:
    """How wide a screen is, and whether it has colours."""

    width: int = WIDTH
    coloured: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether what stands side by side elsewhere may have to stand one below the other."""
        return self.width < WIDTH

    @property
    def prose(self) -> int:
        """The width of sentences: longer lines are hard to read."""
        return min(self.width, WIDTH)

    @property
    def spare(self) -> int:
        """The columns that it has beyond the usual ones."""
        return max(0, self.width - WIDTH)

    def paint(self, word: str) -> str:
        """A verdict word or an arrow in its colour."""
        code = _COLOURS.get(word)
        return f"\x1b[{code}m{word}\x1b[0m" if self.coloured and code else word


def screen_for(stream: TextIO, environment: Mapping[str, str] | None = None) -> Screen:
    """As wide as COLUMNS says, else as the terminal; colour only there, and only without NO_COLOR."""
    named = os.environ if environment is None else environment
    is_seen = stream.isatty()
    return Screen(max(WIDTH_MIN, _columns_of(stream, named)), coloured=is_seen and not named.get("NO_COLOR"))


def _columns_of(stream: TextIO, named: Mapping[str, str]) -> int:
    """Of this terminal, whichever stream the program calls its standard output; else the usual ones."""
    wanted = named.get("COLUMNS", "")
    if wanted.isdecimal() and len(wanted) <= _COLUMNS_DIGITS and int(wanted):
        return int(wanted)
    if stream.isatty():
        with suppress(OSError, ValueError, AttributeError):
            return os.get_terminal_size(stream.fileno()).columns or WIDTH
    return WIDTH


def count(number: int) -> str:
    """Thousands with commas; zero is a dot, so that what is not zero is seen."""
    return f"{number:,}" if number else ZERO


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 run`, `2 runs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def singular(many: str) -> str:
    """What one of them is called, by how English forms most plurals: a delivery, a batch, a session."""
    for end, one in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if many.endswith(end):
            return many.removesuffix(end) + one
    return many.removesuffix("s")


def and_more(left_out: int, one: str, begin: str = "and", end: str = "more") -> list[str]:
    """`and 3 rows more`, nothing where nothing is left out."""
    return [f"{begin} {plural(left_out, one)} {end}"] if left_out > 0 else []


def cut(text: str, width: int) -> str:
    """The text on one line in so many columns, cut in the middle where it is longer."""
    text = visible(text)
    if columns_of(text) <= width:
        return text
    left = width // 2
    return f"{beginning(text, left)}…{ending(text, width - 1 - left)}"


def padded(text: str, width: int) -> str:
    """`cut`, with blanks up to the width."""
    text = cut(text, width)
    return text + " " * (width - columns_of(text))


def call_text(method: str, arguments: Mapping[str, Any], width: int) -> str:
    """A port call as it was asked: the first argument bare, the others by name."""
    written = [
        value_text(value) if number == 0 else f"{name}={value_text(value)}"
        for number, (name, value) in enumerate(arguments.items())
    ]
    return cut(f"{method}({', '.join(written)})", width)


def wrapped(text: str, width: int, indent: str) -> list[str]:
    """Prose in lines, the first without the indent; too long a word is broken, a path at a slash."""
    room = width - len(indent)
    if "\n" not in text and columns_of(visible(text)) <= room:
        return [visible(text)]  # as it is: in a command every blank counts
    lines, line = [], ""
    for word in map(visible, text.split()):
        if line and columns_of(line) + 1 + columns_of(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
        while columns_of(line) > room:
            start = beginning(line, room)
            lines.append(_to_a_break(start))
            line = line[len(lines[-1]) :]
    return [text if number == 0 else indent + text for number, text in enumerate([*lines, line])]


def _to_a_break(start: str) -> str:
    """Of the beginning of a long word as much as ends where names and paths have their parts."""
    for marks in ("/", "-._:"):
        end = max(map(start.rfind, marks)) + 1
        if end > len(start) // 2:
            return start[:end]
    return start


def labelled(label: str, text: str, width: int, margin: int = MARGIN) -> list[str]:
    """A label in a margin, and prose beside it."""
    margin = max(margin, columns_of(visible(label).rstrip()) + 1)
    lines = flowed(text, width - margin, "")
    return [padded(label if number == 0 else "", margin) + line for number, line in enumerate(lines)]


def listed(label: str, texts: Iterable[str], width: int, margin: int = MARGIN) -> list[str]:
    """Several texts under one label, each beginning a line."""
    lines = []
    for text in texts:
        lines += labelled(label, text, width, margin)
        label = ""
    return lines


def flowed(line: str, width: int, indent: str) -> list[str]:
    """A line whose parts stand three or more blanks apart: what does not fit goes on in the next line."""
    first, *rest = _GAPS.split(line)
    lines = wrapped(first, width, indent) if first else [""]
    for gap, part in zip(rest[::2], rest[1::2], strict=True):
        longer = f"{lines[-1]}{gap}{visible(part)}"
        if columns_of(longer) <= width:
            lines[-1] = longer
        else:
            lines += [indent + text for text in wrapped(part, width - len(indent), "")]
    return lines


def beside(left: str, right: str, at: int, screen: Screen, indent: str) -> list[str]:
    """Two texts, the second from column `at` on; on a narrow screen it may stand below the first."""
    if screen.is_narrow and right and max(at, columns_of(left) + 1) + columns_of(right) > screen.width:
        return [left, indent + cut(right, screen.width - len(indent))]
    return [f"{left}{' ' * max(1, at - columns_of(left))}{right}".rstrip()]
