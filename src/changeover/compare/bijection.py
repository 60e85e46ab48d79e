"""One legacy identifier <-> one candidate identifier, in the whole run: results and effects together."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from changeover.values.form import token


class Bijection:
    """The pairs seen so far in one run. The first pair of an identifier stands; a later one must agree."""

    def __init__(self) -> None:
        self._to_candidate: dict[Hashable, Hashable] = {}
        self._to_legacy: dict[Hashable, Hashable] = {}

    def pair(self, legacy: Any, candidate: Any) -> bool:
        """Note a pair; False where either is already paired with another."""
        left, right = token(legacy), token(candidate)
        return (
            self._to_candidate.setdefault(left, right) == right
            and self._to_legacy.setdefault(right, left) == left
        )

    def renamed(self, legacy: Hashable) -> Hashable:
        """The token of the candidate's identifier for a token of legacy's; the token itself where unknown."""
        if legacy in self._to_candidate:
            return self._to_candidate[legacy]
        if isinstance(legacy, tuple):
            return tuple(self.renamed(part) for part in legacy)
        return legacy

    def __bool__(self) -> bool:
        return bool(self._to_candidate)
