"""The line of each key of a TOML file: the standard reader keeps none, and errors should name them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]
"""Keys from the outside in; the tables of an array are counted from 0: `("rule", 2, "abs")`."""

_SIGN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}'  # texts of several lines
    r'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''
    r"|#[^\n]*|[ \t\r]+|[\n=.,\[\]{}]|[^\s=.,\[\]{}#\"']+",
    re.DOTALL,
)


def lines_of(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of every table and of every key that has a line of its own.

    Args:
        text: A file that `tomllib` has read without an error.
    """
    lines: dict[KeyPath, int] = {}
    sizes: dict[KeyPath, int] = {}  # how many tables an array has so far
    table: KeyPath = ()
    for line, signs in _statements(text):
        is_heading, is_array = signs[0] == "[", signs[:2] == ["[", "["]
        place = () if is_heading else table
        named = map(_name, signs if is_heading else signs[: signs.index("=")])
        names = [name for name in named if name is not None]
        for number, name in enumerate(names, start=1):
            place = (*place, name)
            if is_array and number == len(names):
                sizes[place] = sizes.get(place, 0) + 1
            lines.setdefault(place, line)
            if is_heading and place in sizes:
                place = (*place, sizes[place] - 1)
                lines.setdefault(place, line)
        table = place if is_heading else table
    return lines


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each heading and each pair: the line on which it begins, and all that it consists of."""
    line, begin, depth = 1, 1, 0
    signs: list[str] = []
    for sign in _SIGN.findall(f"{text}\n"):
        if sign == "\n" and not depth and signs:
            yield begin, signs
            signs = []
        elif sign.strip() and sign[0] != "#":
            begin = begin if signs else line
            depth += (sign in "[{") - (sign in "]}")
            signs.append(sign)
        line += sign.count("\n")


def _name(sign: str) -> str | None:
    """The part of a key that it stands for, None for brackets and dots."""
    if sign[0] in "\"'":
        return next(iter(tomllib.loads(f"{sign} = 0")))
    return None if sign in "[]." else sign
