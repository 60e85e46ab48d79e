"""Two values side by side: long ones around the place where they part, texts of several lines as a diff."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.compare.text_diff import TextDiff, text_diff
from changeover.values.divergence import Divergence
from changeover.values.observation import Side
from changeover.values.safe_text import columns_of, visible
from changeover.values.value_text import around_difference, value_text
from changeover.views.layout import and_more, cut, plural, wrapped

LOOKED_AT_MAX = 10_000
LINES_SHOWN_MAX = 20


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


def line_diff(found: Divergence, width: int, lines_max: int = LINES_SHOWN_MAX) -> Iterator[str]:
    """What differs in two texts of several lines, or in several places of one; nothing for any others."""
    diff = text_diff(found.legacy, found.candidate, lines_max=lines_max)
    if diff is None or ("\n" not in f"{found.legacy}{found.candidate}".strip() and not _is_scattered(diff)):
        return
    yield "-legacy"
    yield "+candidate"
    for line in diff.lines:
        if line.skipped:
            yield f"  {plural(line.skipped, 'line')} alike"
        sign = " " if line.side is None else "-" if line.side is Side.LEGACY else "+"
        yield from wrapped(f"{sign}{visible(line.text)}", width, " ")
    yield from and_more(diff.left_out, "line")
    if diff.is_cut:
        yield "the texts go on"


def _is_scattered(diff: TextDiff) -> bool:
    """Whether a line changed in several places, which one look around the first does not show."""
    return any(sum(part.differs for part in line.parts) > 1 for line in diff.lines)
