"""What a comparison has found so far: divergences up to a limit, and what rules accepted."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from changeover.compare.rule import Rule
from changeover.values import limits
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.form import plain, token
from changeover.values.place import Place, normalise, render


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one rule accepted in one comparison.

    `largest` is the largest difference between two numbers. `differs` says that different values or another
    order were accepted, not only other names or types.
    """

    rule: Rule
    hits: int
    largest: Decimal | None
    differs: bool


class Findings:
    """Collects; knows how many more there were than it keeps."""

    def __init__(self) -> None:
        self.divergences: list[Divergence] = []
        self.left_out = 0
        self._accepted: dict[int, Accepted] = {}

    @property
    def count(self) -> int:
        """All divergences, the ones left out as well."""
        return len(self.divergences) + self.left_out

    def add(
        self,
        kind: Kind,
        place: Place,
        legacy: Any,
        candidate: Any,
        *,
        detail: Kind | None = None,
        position: int | None = None,
    ) -> None:
        """One difference; its values are kept in plain form."""
        if len(self.divergences) >= limits.DIVERGENCES_KEPT_MAX:
            self.left_out += 1
            return
        self.keep(
            Divergence(
                render(place),
                kind,
                legacy if legacy is ABSENT else plain(legacy),
                candidate if candidate is ABSENT else plain(candidate),
                position,
                detail=detail,
                normal_place=normalise(place),
            )
        )

    def keep(self, divergence: Divergence) -> None:
        """One difference that was noted elsewhere."""
        if len(self.divergences) >= limits.DIVERGENCES_KEPT_MAX:
            self.left_out += 1
        else:
            self.divergences.append(divergence)

    def accept(self, rule: Rule | None, *, differs: bool, difference: Decimal | None = None) -> None:
        """A rule accepted something; what the defaults accept is not counted."""
        if rule is None:
            return
        self.accept_all([Accepted(rule, 1, difference, differs)])

    def accept_all(self, accepted: Iterable[Accepted]) -> None:
        """What was accepted in a part of the comparison."""
        for part in accepted:
            before = self._accepted.get(part.rule.number)
            if before is None:
                self._accepted[part.rule.number] = part
                continue
            sizes = [size for size in (before.largest, part.largest) if size is not None]
            self._accepted[part.rule.number] = Accepted(
                part.rule,
                before.hits + part.hits,
                max(sizes, default=None),
                before.differs or part.differs,
            )

    @property
    def accepted(self) -> tuple[Accepted, ...]:
        """What each rule accepted, in the order of the rules."""
        return tuple(self._accepted[number] for number in sorted(self._accepted))


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
