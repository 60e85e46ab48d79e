"""A few names out of a store, for a line that is being typed: at once, and nothing is written for it.

Only a file is looked into: a database on another machine may take its time. What cannot be read has no names.
"""

from __future__ import annotations

from pathlib import Path

from changeover.evidence.store.place import StorePlace, StoreProblem
from changeover.evidence.store.sqlite_file import rows_at_once

WAIT_S = 0.1
NAMES_MAX = 200
DIGITS = 6


def clusters_of(store: StorePlace, beginning: str = "") -> dict[str, str]:
    """The latest clusters that begin so: as much of each as screens show, with its seam and place."""
    rows = _rows(
        store,
        "SELECT digest, clusters.seam, json_extract(clusters.body, '$.place') FROM clusters"
        " JOIN corpora ON number = corpus WHERE kept = 1 AND substr(digest, 1, ?) = ?"
        " ORDER BY at DESC, number DESC LIMIT ?",
        (len(beginning), beginning, NAMES_MAX),
    )
    digits = max(DIGITS, len(beginning))
    found: dict[str, str] = {}
    for digest, seam, place in rows:
        found.setdefault(digest[:digits], f"{seam} {place}")
    return found


def compared_sources(store: StorePlace) -> list[str]:
    """The sources of the comparisons that are kept."""
    return [name for (name,) in _rows(store, "SELECT DISTINCT source FROM corpora LIMIT ?", (NAMES_MAX,))]


def _rows(store: StorePlace, query: str, values: tuple[object, ...]) -> list[tuple[str, ...]]:
    if not isinstance(store, Path) or not store.is_file():
        return []
    try:
        return rows_at_once(store, query, values, WAIT_S)
    except StoreProblem:
        return []
