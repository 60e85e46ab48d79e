"""Warnings and worse that only one path logged: often they name the cause of a difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.values.observation import LoggedBy, Observation
from changeover.values.observation import logged_by_one as by_one
from changeover.views.layout import INDENT, Screen, and_more, cut, wrapped

LINES_SHOWN_MAX = 5
ROWS_SHOWN_MAX = 4
"""Of one line: what was raised stands at its end."""
_SIDE = 12


def logged_by_one(
    legacy: Observation | None, candidate: Observation | None, screen: Screen, indent: str = INDENT
) -> Iterator[str]:
    """What only one of both logged; nothing where one is not known."""
    if legacy is not None and candidate is not None:
        yield from logged_lines(by_one(legacy, candidate), screen, indent)


def logged_lines(lines: Sequence[LoggedBy], screen: Screen, indent: str = INDENT) -> Iterator[str]:
    """Each line with its path."""
    if lines:
        yield f"{indent}logged by one path only"
    for side, line in lines[:LINES_SHOWN_MAX]:
        before = f"{indent}  {side:<{_SIDE}}"
        room = screen.width - len(before)
        for text in wrapped(cut(str(line), ROWS_SHOWN_MAX * room), room, ""):
            yield before + text
            before = " " * len(before)
    yield from and_more(len(lines) - LINES_SHOWN_MAX, "line", f"{indent}  and")
