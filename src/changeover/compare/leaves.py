"""The judge of two scalars at one place: equal, equal by a rule, or what kind of difference it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, ROUND_UP, Context, Decimal
from pathlib import PurePath
from typing import Any
from uuid import UUID

from changeover.compare.rule import Rule
from changeover.compare.rule_matcher import Node
from changeover.values.divergence import Kind
from changeover.values.reading import Shape, reading_of
from changeover.values.scalars import Types, is_aware, is_number, number, token

# Wide enough for the exact difference of any two floats. Between numbers further apart than that, the
# difference is rounded up and the allowance down, so that no rounding ever accepts anything.
_DIFFERENCE = Context(prec=2_500, rounding=ROUND_UP, traps=[])
_ALLOWANCE = Context(prec=2_500, rounding=ROUND_DOWN, traps=[])

Judgement = tuple[Kind | None, Rule | None, Decimal | None]
"""Kind of the difference, None if it is accepted; the rule that accepted it; the size of what it accepted."""

MUST_BE: dict[str, Callable[[Any], bool]] = {
    "bool": lambda value: isinstance(value, bool),
    "bytes": lambda value: isinstance(value, (bytes, bytearray)),
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "datetime": lambda value: isinstance(value, datetime),
    "aware-datetime": lambda value: isinstance(value, datetime) and is_aware(value),
    "decimal": lambda value: isinstance(value, Decimal),
    "float": lambda value: isinstance(value, float),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "list": lambda value: reading_of(type(value)).shape is Shape.ITEMS,
    "mapping": lambda value: reading_of(type(value)).shape is Shape.NAMES,
    "number": is_number,
    "path": lambda value: isinstance(value, PurePath),
    "set": lambda value: reading_of(type(value)).shape is Shape.BAG,
    "str": lambda value: isinstance(value, str),
    "time": lambda value: isinstance(value, time),
    "timedelta": lambda value: isinstance(value, timedelta),
    "uuid": lambda value: isinstance(value, UUID),
}
"""What an ignored value may be required to be."""

_EQUAL: Judgement = (None, None, None)


def judge(legacy: Any, candidate: Any, node: Node) -> Judgement:
    """How two scalars compare at a place with these settings."""
    if _same(legacy, candidate, "strict"):
        return _EQUAL
    if node.types != "strict" and _same(legacy, candidate, node.types):
        return None, node.types_rule, None
    if node.tolerates and _comparable_numbers(legacy, candidate, node.types):
        return _tolerance(number(legacy), number(candidate), node)
    if legacy is None or candidate is None or type(legacy) is type(candidate):
        return Kind.VALUE, None, None
    if node.types != "strict" and is_number(legacy) and is_number(candidate):
        return Kind.VALUE, None, None
    return (Kind.VALUE if node.types == "loose" else Kind.TYPE), None, None


def _same(legacy: Any, candidate: Any, types: Types) -> bool:
    left, right = reading_of(type(legacy)).scalar, reading_of(type(candidate)).scalar
    return token(legacy, left or type(legacy), types) == token(candidate, right or type(candidate), types)


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
