"""The line of each key of a TOML file: the standard reader keeps none, and errors should name them."""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str | int, ...]
"""Keys from the outside in; the tables of an array are counted from 0: `("rule", 2, "abs")`."""

_KEY = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}'  # texts of several lines
    r'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''
    r"|[^\s,\]}#]+(?: \d[^\s,\]}#]*)?",  # numbers, words, and times with a space in them
    re.DOTALL,
)


def lines_of(text: str) -> dict[KeyPath, int]:
    """The line of every key, counted from 1; the text is one that `tomllib` has read.

    What cannot be followed ends the list: better no line than a wrong one.
    """
    found = _Lines(text)
    try:
        found.read()
    except (ValueError, RecursionError):
        return {}
    return found.lines


class _Lines:
    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._line, self._counted = 1, 0
        self._sizes: dict[KeyPath, int] = {}  # how many tables an array has so far

    def read(self) -> None:
        table: KeyPath = ()
        self._skip_space()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._heading()
            else:
                self._pair(table)
            self._skip_space()

    def _heading(self) -> KeyPath:
        is_array = self._text.startswith("[[", self._at)
        start = self._at
        self._at += 1 + is_array
        table: KeyPath = ()
        names = self._keys()
        for place, name in enumerate(names, start=1):
            table = (*table, name)
            if is_array and place == len(names):
                self._sizes[table] = self._sizes.get(table, 0) + 1
            if table in self._sizes:
                self._note(table, start)
                table = (*table, self._sizes[table] - 1)
            self._note(table, start)
        self._expect("]]" if is_array else "]")
        return table

    def _pair(self, table: KeyPath) -> None:
        start = self._at
        for name in self._keys():
            table = (*table, name)
            self._note(table, start)
        self._expect("=")
        self._skip_space()
        self._value(table)

    def _value(self, place: KeyPath) -> None:
        opening = self._text[self._at : self._at + 1]
        if opening not in ("[", "{"):
            self._take(_SCALAR)
            return
        self._at += 1
        number = 0
        while True:
            self._skip_space()
            if self._text[self._at] in "]}":
                break
            if opening == "{":
                self._pair(place)
            else:
                self._note((*place, number), self._at)
                self._value((*place, number))
            number += 1
            self._skip_space()
            if self._text[self._at] == ",":
                self._at += 1
        self._at += 1

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip_space()
            key = self._take(_KEY)
            keys.append(next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key)
            self._skip_space()
            if self._text[self._at : self._at + 1] != ".":
                return keys
            self._at += 1

    def _note(self, place: KeyPath, at: int) -> None:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = max(self._counted, at)
        self.lines.setdefault(place, self._line)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(self._at)
        self._at = match.end()
        return match.group()

    def _expect(self, mark: str) -> None:
        if not self._text.startswith(mark, self._at):
            raise ValueError(self._at)
        self._at += len(mark)

    def _skip_space(self) -> None:
        self._take(_SPACE)
