"""Warnings and worse that only one path logged: often they name the cause of a difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from changeover.values.log_line import LogLine
from changeover.values.observation import Observation
from changeover.views.layout import INDENT, Screen, and_more, cut

LINES_SHOWN_MAX = 5
_SIDE = 12


def logged_by_one(
    legacy: Observation | None, candidate: Observation | None, screen: Screen, indent: str = INDENT
) -> Iterator[str]:
    """What only one of both logged; nothing where one is not known. Loggers may have other names."""
    if legacy is None or candidate is None:
        return
    lines = [
        (side, line)
        for side, other in ((legacy, candidate), (candidate, legacy))
        for line in _only(side, other)
    ]
    if lines:
        yield f"{indent}logged by one path only"
    for side, line in lines[:LINES_SHOWN_MAX]:
        yield f"{indent}  {side.path:<{_SIDE}}{cut(str(line), screen.width - len(indent) - _SIDE - 2)}"
    yield from and_more(len(lines) - LINES_SHOWN_MAX, "line", f"{indent}  and")


def _only(side: Observation, other: Observation) -> Iterator[LogLine]:
    others = Counter((line.level, line.text) for line in other.logged)
    for line in side.logged:
        key = line.level, line.text
        if line.is_loud and not others[key]:
            yield line
        others[key] -= 1
