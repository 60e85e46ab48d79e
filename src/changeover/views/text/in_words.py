"""How two wholes differ, in words: for a divergence whose values are lists, mappings or objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.evidence.store.run_contents import value_data
from changeover.values.divergence import Divergence
from changeover.views.layout import plural

LINES_SHOWN_MAX = 8
_NO_VALUE = {"not kept"}


def in_words(divergence: Divergence) -> list[str]:
    """A sentence for each difference inside; nothing where one of the values is a leaf or is not there."""
    legacy, candidate = divergence.legacy, divergence.candidate
    if not (_is_whole(legacy) and _is_whole(candidate)):
        return []
    from changeover.compare.explain_text import explain

    found = explain(value_data(legacy), value_data(candidate))
    left_out = found.left_out + max(0, len(found.lines) - LINES_SHOWN_MAX)
    more = [f"and {plural(left_out, 'difference')} more"] if left_out else []
    return [*found.lines[:LINES_SHOWN_MAX], *more]


def _is_whole(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, Mapping) and set(value) != _NO_VALUE)
