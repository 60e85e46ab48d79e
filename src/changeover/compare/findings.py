"""What a comparison has found so far: divergences up to a limit, and what rules accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from changeover.compare import limits
from changeover.compare.places import Place, normalise, render
from changeover.compare.rule import Rule
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.form import plain


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
