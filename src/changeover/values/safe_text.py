"""Text as it may be shown: nothing in it acts or cannot be seen, and how many columns it takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from unicodedata import east_asian_width

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


_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_COLOUR = re.compile("(\x1b\\[(?:0|2|31|32|33|1;31)m)")
_BREAK = "&#8203;"
"""Shown as nothing: it parts what a renderer would otherwise join to a link, a mention or a command."""
_MARKDOWN = re.compile(r"[\\`*_\[\]|~$]")
_LIVE_MARKDOWN = re.compile(r"(?<=:)(?=:|//)|(?<=@)|(?<=#)|(?<=[wW]{3})(?=\.)")
_LIST_OR_RULE = re.compile(r"([+\-=]|\d{1,9}(?=[.)]))")
_SHELL_WORD = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


def visible_lines(text: str, *, coloured: bool = False) -> str:
    """`visible` for text of several lines: line ends stay, and with `coloured` the toolkit's own colours."""
    if coloured:
        parts = _COLOUR.split(text)
        return "".join(part if number % 2 else visible_lines(part) for number, part in enumerate(parts))
    return "\n".join(map(visible, text.split("\n")))


def json_text(content: Any) -> str:
    """JSON over several lines; what cannot be seen in it is escaped, as JSON allows."""
    written = json.dumps(content, indent=2, ensure_ascii=False)
    if written.isascii() and "\x7f" not in written:  # the one such letter that JSON leaves as it is
        return written
    return "".join(map(_in_json, written))


def _in_json(letter: str) -> str:
    return letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1]


def pasted(name: str) -> str:
    """A name as it stands in a command that people paste: whatever a shell would act on is quoted."""
    shown = visible(name)
    return shown if _SHELL_WORD.fullmatch(shown) else "'" + shown.replace("'", "'\"'\"'") + "'"


def xml_text(text: str) -> str:
    """Text for XML or HTML, in an element or in an attribute that stands in quotes."""
    return visible(text).translate(_XML)


def markdown_text(text: str) -> str:
    """Text for one line or one cell of GitHub's Markdown: it is shown as it is, and nothing of it acts.

    No markup, no HTML, no link, mention or reference, no end of a cell, no workflow command.
    """
    escaped = _LIVE_MARKDOWN.sub("\x00", visible(text))
    escaped = _MARKDOWN.sub(lambda found: f"\\{found[0]}", escaped.translate(_HTML))
    first = _LIST_OR_RULE.match(escaped)
    if first is not None:
        escaped = _start_escaped(first[0]) + escaped[first.end() :]
    elif escaped.startswith(" "):
        escaped = f"&#32;{escaped[1:]}"
    return escaped.replace("\x00", _BREAK)


def _start_escaped(start: str) -> str:
    return f"{start}{_BREAK}" if start.isdigit() else f"\\{start}"


def markdown_code(text: str) -> str:
    """Inline code of Markdown: longer fences than any run of backquotes inside, so that nothing closes it."""
    shown = visible(text)
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def workflow_text(text: str, *, is_property: bool = False) -> str:
    """Text for the message of a GitHub workflow command, or for one of its properties."""
    escaped = visible(text).replace("%", "%25")
    return escaped.replace(":", "%3A").replace(",", "%2C") if is_property else escaped


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
