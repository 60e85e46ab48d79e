"""What a comparison has found so far, and the judge of two scalars at one place.

Divergences are kept up to a limit, and what rules accepted is added up.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, ROUND_UP, Context, Decimal
from pathlib import PurePath
from typing import Any
from uuid import UUID

from changeover.compare.rule import Rule
from changeover.compare.rules import Node
from changeover.quick_dataclass import dataclass
from changeover.values import limits
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.form import Unreadable, plain, token, type_name
from changeover.values.identifiers import Names, is_identifier
from changeover.values.limits import LimitReached
from changeover.values.observation import Side
from changeover.values.own_state import is_a
from changeover.values.place import Place, normalise, render
from changeover.values.reading import Shape, reading_of
from changeover.values.scalars import Types, class_key, is_aware, is_number, number, same_instant
from changeover.values.scalars import token as scalar_token


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
    """Collects; knows how many more there were than it keeps. `shadowed` is the path that was replayed."""

    def __init__(self, shadowed: Side | None = None) -> None:
        self.shadowed = shadowed
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
        replayed_at: int | None = None,
    ) -> None:
        """One difference; its values are kept in plain form."""
        if len(self.divergences) >= limits.DIVERGENCES_KEPT_MAX:
            self.left_out += 1
            return
        self.keep(
            Divergence(
                render(place),
                kind,
                legacy if legacy is ABSENT else _shown(legacy),
                candidate if candidate is ABSENT else _shown(candidate),
                position,
                detail=detail,
                normal_place=normalise(place),
                replayed_at=replayed_at,
            )
        )

    def keep(self, divergence: Divergence) -> None:
        """One difference that was noted elsewhere."""
        if len(self.divergences) >= limits.DIVERGENCES_KEPT_MAX:
            self.left_out += 1
        else:
            self.divergences.append(divergence)

    def take(self, part: Findings, changed: Callable[[Divergence], Divergence] | None = None) -> None:
        """What was found in a part of the comparison, each divergence as `changed` makes it."""
        for divergence in part.divergences:
            self.keep(divergence if changed is None else changed(divergence))
        self.left_out += part.left_out
        self.accept_all(part.accepted)

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


def _shown(value: Any) -> Any:
    """The value in plain form; a difference is no less one where its values are too large to be written."""
    try:
        return plain(value)
    except LimitReached as reason:
        return Unreadable(f"{type_name(type(value))}: {reason}")


class Bijection:
    """The pairs seen so far in one run. The first pair of an identifier stands; a later one must agree.

    `names` are the candidate's by legacy's, for texts that one stands in; `rule` is the one that pairs.
    """

    def __init__(self, names: Names | None = None, rule: Rule | None = None) -> None:
        self.names = names or Names()
        self.rule = rule
        self._to_candidate: dict[Hashable, Hashable] = {}
        self._to_legacy: dict[Hashable, Hashable] = {}

    def pair(self, legacy: Any, candidate: Any, rule: Rule | None = None) -> bool:
        """Note a pair; False where either is already paired with another."""
        left, right = token(legacy), token(candidate)
        is_so = (
            self._to_candidate.setdefault(left, right) == right
            and self._to_legacy.setdefault(right, left) == left
        )
        if is_so and left != right and is_identifier(legacy) and is_identifier(candidate):
            self.names.add(legacy, candidate)
            self.rule = self.rule or rule
        return is_so

    def same_text(self, legacy: Any, candidate: Any) -> bool:
        """Whether two texts are the same but for identifiers that stand in them and are paired."""
        if not (type(legacy) is str and type(candidate) is str and self.names):
            return False
        if self.names.knows(legacy):
            return False  # it stands alone, at a place of which the rule says nothing
        return bool(self.names.applied(legacy) == candidate)

    def renamed(self, legacy: Hashable) -> Hashable:
        """The token of the candidate's identifier for a token of legacy's; the token itself where unknown."""
        if legacy in self._to_candidate:
            return self._to_candidate[legacy]
        if isinstance(legacy, tuple):
            return tuple(self.renamed(part) for part in legacy)
        return legacy


# Wide enough for the exact difference of any two floats. Between numbers further apart than that, the
# difference is rounded up and the allowance down, so that no rounding ever accepts anything.
_DIFFERENCE = Context(prec=2_500, rounding=ROUND_UP, traps=[])
_ALLOWANCE = Context(prec=2_500, rounding=ROUND_DOWN, traps=[])

Judgement = tuple[Kind | None, Rule | None, Decimal | None]
"""Kind of the difference, None if it is accepted; the rule that accepted it; the size of what it accepted."""

MUST_BE: dict[str, Callable[[Any], bool]] = {
    "bool": lambda value: is_a(value, bool),
    "bytes": lambda value: is_a(value, bytes, bytearray),
    # Asked of the classes: a library of tests may stand in for them, and says then what is one.
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "datetime": lambda value: isinstance(value, datetime),
    "aware-datetime": lambda value: isinstance(value, datetime) and is_aware(value),
    "decimal": lambda value: is_a(value, Decimal),
    "float": lambda value: is_a(value, float),
    "int": lambda value: is_a(value, int) and not is_a(value, bool),
    "list": lambda value: reading_of(type(value)).shape is Shape.ITEMS,
    "mapping": lambda value: reading_of(type(value)).shape is Shape.NAMES,
    "number": is_number,
    "path": lambda value: is_a(value, PurePath),
    "set": lambda value: reading_of(type(value)).shape is Shape.BAG,
    "str": lambda value: is_a(value, str),
    "time": lambda value: is_a(value, time),
    "timedelta": lambda value: is_a(value, timedelta),
    "uuid": lambda value: is_a(value, UUID),
}
"""What an ignored value may be required to be."""

_EQUAL: Judgement = (None, None, None)


def judge(legacy: Any, candidate: Any, node: Node) -> Judgement:
    """How two scalars compare at a place with these settings."""
    if _same(legacy, candidate, "strict"):
        return _EQUAL
    if node.types != "strict" and _same(legacy, candidate, node.types):
        return None, node.types_rule, None
    if same_instant(legacy, candidate):
        return (None, node.zones_rule, None) if node.any_zone else (Kind.ZONE, None, None)
    if node.tolerates and _comparable_numbers(legacy, candidate, node.types):
        return _tolerance(number(legacy), number(candidate), node)
    if legacy is None or candidate is None or class_key(type(legacy)) == class_key(type(candidate)):
        return Kind.VALUE, None, None
    if node.types != "strict" and is_number(legacy) and is_number(candidate):
        return Kind.VALUE, None, None
    return (Kind.VALUE if node.types == "loose" else Kind.TYPE), None, None


def _same(legacy: Any, candidate: Any, types: Types) -> bool:
    left, right = reading_of(type(legacy)).scalar, reading_of(type(candidate)).scalar
    return scalar_token(legacy, left or type(legacy), types) == scalar_token(
        candidate, right or type(candidate), types
    )


def _comparable_numbers(legacy: Any, candidate: Any, types: Types) -> bool:
    if types == "strict" and type(legacy) is not type(candidate):
        return False
    return is_number(legacy) and is_number(candidate)


def _tolerance(legacy: Decimal, candidate: Decimal, node: Node) -> Judgement:
    if not (legacy.is_finite() and candidate.is_finite()):
        return Kind.VALUE, None, None
    difference = abs_difference(legacy, candidate)
    if node.absolute is not None and difference <= node.absolute:
        return None, node.absolute_rule, difference
    if node.relative is not None:
        size = max(legacy.copy_abs(), candidate.copy_abs())
        if difference <= _ALLOWANCE.multiply(node.relative, size):
            return None, node.relative_rule, difference
    return Kind.TOLERANCE_EXCEEDED, None, None


def abs_difference(legacy: Decimal, candidate: Decimal) -> Decimal:
    """How far apart two finite numbers are; never less than they are."""
    return _DIFFERENCE.subtract(legacy, candidate).copy_abs()
