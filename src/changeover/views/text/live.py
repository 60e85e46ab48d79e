"""A screen that is written anew where it stands; on anything but a terminal one below the other."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from typing import TextIO

from changeover.values.safe_text import beginning, columns_of, visible_lines
from changeover.views.layout import Screen

_OPEN = "\x1b[?1049h\x1b[?7l\x1b[?25l"  # another screen, no line goes on in the next one, no cursor
_CLOSE = "\x1b[?25h\x1b[?7h\x1b[?1049l"
_BEGIN, _END = "\x1b[?2026h\x1b[H", "\x1b[J\x1b[?2026l"  # shown at once by terminals that know how
_REST = "\x1b[K"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ROWS = 24
ENDS = "Ctrl-C ends it"


class LiveScreen:
    """Shows a text when it has changed; on a terminal also when that has another size.

    What does not fit on a terminal is left out, and counted.
    """

    def __init__(self, stream: TextIO, now: Callable[[], datetime]) -> None:
        self._stream, self._now = stream, now
        self._is_terminal = stream.isatty()
        self._text = ""
        self._shown: tuple[str, int, int] | None = None
        self._changed = ""

    def show(self, text: str, screen: Screen) -> None:
        """The text as it is now, laid out for that screen."""
        rows = self._rows()
        shown = (text, screen.width, rows)
        if shown == self._shown:
            return
        if self._shown is None or text != self._text:
            self._changed = f"{self._now():%Y-%m-%d %H:%M:%SZ}"
        if self._is_terminal:
            opening = _OPEN if self._shown is None else ""
            lines = (_whole(line, screen) for line in self._fitted(text, screen, rows))
            self._write(opening + _BEGIN + "\r\n".join(lines) + _END)
        elif text != self._text:
            gap = "" if self._shown is None else "\n"
            self._write(f"{gap}as of {self._changed}\n\n{visible_lines(text, coloured=screen.coloured)}")
        self._text, self._shown = text, shown

    def close(self) -> None:
        """Give the terminal back, with the last screen on it."""
        if self._is_terminal and self._shown is not None:
            self._write(_CLOSE + visible_lines(self._text, coloured="\x1b[" in self._text))
            self._shown = None

    def _fitted(self, text: str, screen: Screen, rows: int) -> list[str]:
        lines = visible_lines(text, coloured=screen.coloured).rstrip("\n").split("\n")
        room = max(1, rows - 2)
        left_out = len(lines) - room
        more = f"   {left_out:,} lines more: changeover status" if left_out > 0 else ""
        end = f"{ENDS}   changed {self._changed[-9:]}{more}"
        return [*lines[:room], "", beginning(end, screen.width)]

    def _rows(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).lines or ROWS
        except (OSError, ValueError, AttributeError):
            return ROWS

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _whole(line: str, screen: Screen) -> str:
    """A line that leaves nothing of an earlier one behind it; a full one would lose its last letter."""
    return line if columns_of(_COLOUR.sub("", line)) >= screen.width else line + _REST
