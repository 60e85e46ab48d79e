"""Digests of large answers that were met before: the same history is asked for by every path of every run.

A tuple is known again by the very parts that it holds, where all of them are leaves that print the same for
ever. Nothing is compared, and nothing is written out twice.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from operator import is_
from typing import Any
from uuid import UUID

from changeover.values.content_key import text_digest
from changeover.values.identity import identity_of

PARTS_KEPT_MAX = 100_000
"""So many parts of all tuples together are remembered; with one more all are forgotten."""
PARTS_MIN = 8
"""A shorter tuple is written as fast as it is found."""
_PRINT_THE_SAME = frozenset({Decimal, date, timedelta, UUID, float, int, str, bytes, bool, type(None)})
_Known = tuple[tuple[Any, ...], str]


class RememberedDigests:
    """Gives what `text_digest` gives, sooner for a tuple of the same parts."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int], _Known] = {}
        self._parts = 0

    def of(self, value: Any) -> str:
        """The digest of how a value prints itself."""
        if type(value) is not tuple or len(value) < PARTS_MIN:
            return text_digest(value)
        place = (len(value), identity_of(value[0]), identity_of(value[-1]))
        known = self._known.get(place)
        if known is not None and (known[0] is value or all(map(is_, known[0], value))):
            return known[1]
        found = text_digest(value)
        if len(value) <= PARTS_KEPT_MAX and _PRINT_THE_SAME.issuperset(map(type, value)):
            self._keep(place, value, found)
        return found

    def _keep(self, place: tuple[int, int, int], value: tuple[Any, ...], digest: str) -> None:
        if self._parts + len(value) > PARTS_KEPT_MAX:
            self._known, self._parts = {}, 0
        if place not in self._known:
            self._parts += len(value)
        self._known[place] = value, digest
