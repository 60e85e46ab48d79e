"""Two values side by side: long ones around the place where they part, texts of several lines as a diff."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from changeover.values.divergence import Divergence
from changeover.values.safe_text import columns_of, visible
from changeover.values.value_text import around_difference, value_text
from changeover.views.layout import cut

LOOKED_AT_MAX = 10_000
LINES_SHOWN_MAX = 20
_AROUND = 2


def both_sides(found: Divergence, width: int) -> list[str]:
    """Legacy's value and the candidate's, each in so many columns."""
    legacy, candidate = (value_text(side, LOOKED_AT_MAX) for side in (found.legacy, found.candidate))
    shown = [cut(legacy, width), cut(candidate, width)]
    if shown[0] != shown[1] or legacy == candidate:
        return shown
    return [_begun(text, width) for text in around_difference(legacy, candidate, width)]


def _begun(text: str, width: int) -> str:
    """The beginning: it is where two texts part."""
    return text if columns_of(text) <= width else f"{text[: max(1, width - 1)]}…"


def line_diff(found: Divergence, width: int) -> Iterator[str]:
    """What differs in two texts of several lines, a line each; nothing for any others."""
    legacy, candidate = found.legacy, found.candidate
    if type(legacy) is not str or type(candidate) is not str or "\n" not in f"{legacy}{candidate}".strip():
        return
    sides = legacy.splitlines(), candidate.splitlines()
    lines = [*unified_diff(*sides, "legacy", "candidate", n=_AROUND, lineterm="")]
    for line in lines[:LINES_SHOWN_MAX]:
        yield cut(visible(line), width)
    if len(lines) > LINES_SHOWN_MAX:
        yield f"and {len(lines) - LINES_SHOWN_MAX:,} lines more"
