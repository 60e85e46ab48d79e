"""What differs between two values, in deepdiff's words. It explains and does not judge.

Called only for values that the walk found different. Where deepdiff sees no difference, the walk is right
and the text says so. This is the only file that knows deepdiff; it is imported when first needed, and none
of its stored forms is ever read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.values.form import Cycle, PlainSet, Unreadable, leaf_count, plain
from changeover.values.limits import NotComparable
from changeover.values.scalars import base_of, content_of
from changeover.values.value_text import written

LEAVES_EXPLAINED_MAX = 2_000
LINES_MAX = 20
LINE_TEXT_MAX = 200
SILENT = "deepdiff sees no difference here; the comparison does, and it is the comparison that counts"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Lines for a person; `agrees` is false where deepdiff saw no difference or could not look."""

    lines: tuple[str, ...]
    left_out: int
    agrees: bool


def explain(legacy: Any, candidate: Any) -> Explanation:
    """Describe how two values that differ, differ."""
    try:
        too_large = leaf_count(legacy) + leaf_count(candidate) > LEAVES_EXPLAINED_MAX
        left, right = _built_in(plain(legacy)), _built_in(plain(candidate))
    except NotComparable as reason:
        return Explanation((str(reason),), 0, agrees=False)
    if too_large:
        return Explanation((f"more than {LEAVES_EXPLAINED_MAX:,} leaves: see the places",), 0, agrees=False)
    lines = list(_lines(left, right))
    if not lines:
        return Explanation((SILENT,), 0, agrees=False)
    return Explanation(tuple(lines[:LINES_MAX]), max(0, len(lines) - LINES_MAX), agrees=True)


def _lines(left: Any, right: Any) -> Iterator[str]:
    from deepdiff import DeepDiff

    found = DeepDiff(
        left,
        right,
        ignore_order=False,
        ignore_private_variables=False,
        ignore_numeric_type_changes=False,
        ignore_string_type_changes=False,
        ignore_type_in_groups=None,
        verbose_level=2,
        view="text",
        threshold_to_diff_deeper=0,
    )
    for line in found.pretty().splitlines():
        yield line if len(line) <= LINE_TEXT_MAX else f"{line[: LINE_TEXT_MAX - 1]}…"


def _built_in(value: Any) -> Any:
    """Plain form in nothing but what deepdiff treats as data."""
    if isinstance(value, Mapping):
        return {key: _built_in(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_built_in(part) for part in value]
    if isinstance(value, PlainSet):
        return {"set": sorted(map(written, value.members))}
    if isinstance(value, Unreadable):
        return str(value)
    if isinstance(value, Cycle):
        return f"<itself, {value.levels} levels up>"
    return value if base_of(type(value)) in (None, type(value)) else content_of(value)
