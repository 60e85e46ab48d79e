"""Text from data made harmless: what a terminal, a browser, Markdown, a shell or a CI log would obey.

All of these are idempotent where it matters: `visible(visible(text)) == visible(text)`, so that a screen may
escape what a part of it has already escaped.
"""

from __future__ import annotations

import json
import re
from typing import Any

from changeover.values.safe_text import visible as visible  # screens take it from here, with the rest

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
    """`visible` for text of several lines: line ends stay, and the colours of our own hand if it has any."""
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


def workflow_text(text: str, *, is_property: bool = False) -> str:
    """Text for the message of a GitHub workflow command, or for one of its properties."""
    escaped = visible(text).replace("%", "%25")
    return escaped.replace(":", "%3A").replace(",", "%2C") if is_property else escaped
