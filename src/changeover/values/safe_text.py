"""Text with nothing in it that acts where it is shown, or that cannot be seen."""

from __future__ import annotations

import re

_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_BLANK_LETTERS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0]")
"""Printable by their category, and yet nothing is seen of them."""


def visible(text: str) -> str:
    """The text on one line, with nothing in it that a terminal obeys or that cannot be seen.

    Controls, escapes, line ends, marks of direction, zero-width characters and halves of surrogate pairs
    are written as Python would write them (`\\x1b`); letters of all scripts stay.
    """
    if text.isascii() and text.isprintable():
        return text
    written = "".join(letter if letter.isprintable() else _written(letter) for letter in text)
    return _BLANK_LETTERS.sub(lambda found: _written(found[0]), written)


def _written(letter: str) -> str:
    number = ord(letter)
    if letter in _NAMED:
        return _NAMED[letter]
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
