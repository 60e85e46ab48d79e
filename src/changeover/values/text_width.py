"""How many columns of a terminal a text takes, and its beginning and end in so many columns."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import east_asian_width


def columns_of(text: str) -> int:
    """The columns that a visible text takes at most: letters of East Asian width take two."""
    if text.isascii():
        return len(text)
    return len(text) + sum(map(_is_wide, text))


def beginning(text: str, columns: int) -> str:
    """As much of the beginning as fits."""
    return text[:columns] if text.isascii() else text[: _fitting(text, columns)]


def ending(text: str, columns: int) -> str:
    """As much of the end as fits."""
    kept = columns if text.isascii() else _fitting(reversed(text), columns)
    return text[max(0, len(text) - kept) :]


def _fitting(letters: Iterable[str], columns: int) -> int:
    number = 0
    for letter in letters:
        columns -= 1 + _is_wide(letter)
        if columns < 0:
            break
        number += 1
    return number


def _is_wide(letter: str) -> bool:
    return letter > "\u10ff" and east_asian_width(letter) in "WF"
