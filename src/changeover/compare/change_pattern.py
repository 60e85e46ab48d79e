"""The pattern of a change, never its values: two runs whose values change alike belong together.

A pattern is a `Change` with what it is about: `Decimal became float` is TYPE with the parts `Decimal` and
`float`. It is kept and shown as its text, which is part of a cluster's fingerprint; `read_pattern` reads the
text of a stored cluster back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from changeover.compare.findings import abs_difference
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import ABSENT, Kind
from changeover.values.form import type_name
from changeover.values.scalars import base_of, content_of, is_aware, is_number, number


class Change(StrEnum):
    """How a value changes; each is the text of its pattern, with `{}` for every part."""

    PERMUTATION = "permutation"
    NOT_COMPARABLE = "not comparable"
    ONLY_LEGACY = "only in legacy"
    ONLY_CANDIDATE = "only in candidate"
    NONE_TO_VALUE = "none became value"
    VALUE_TO_NONE = "value became none"
    ZERO_TO_NUMBER = "0 became non-zero"
    NUMBER_TO_ZERO = "non-zero became 0"
    SAME_NUMBER = "same number"
    OTHER_SIGN = "other sign"
    OTHER_SIGN_AND_SIZE = "other sign and size"
    ONE_MORE = "+1"
    ONE_LESS = "-1"
    POWER_OF_TEN = "ratio 10^{}"
    ROUNDED = "rounded to {} places"
    NO_LONGER_ROUNDED = "no longer rounded to {} places"
    LARGER = "larger"
    SMALLER = "smaller"
    CASE = "case"
    SPACE = "space"
    EMPTY_TO_TEXT = "empty became text"
    TEXT_TO_EMPTY = "text became empty"
    TEXT = "text"
    NAIVE_TO_AWARE = "naive became aware"
    AWARE_TO_NAIVE = "aware became naive"
    OFFSET = "offset {} h"
    NEXT_DAY = "+1 day"
    DAY_BEFORE = "-1 day"
    LATER = "later"
    EARLIER = "earlier"
    CHANGED = "changed"
    TYPE = "{} became {}"
    OTHER = "{}"

    @property
    def is_one_sided(self) -> bool:
        """Whether one side has no value at all, which the kind of its divergence says as well."""
        return self in (Change.ONLY_LEGACY, Change.ONLY_CANDIDATE)


@dataclass(frozen=True, slots=True)
class ChangePattern:
    """`parts` are what the change is about: numbers, or the names of both types."""

    change: Change
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.change.format(*self.parts)


def read_pattern(text: str) -> ChangePattern:
    """The pattern that has this text; OTHER with the text as its part for one that nobody writes any more."""
    for change, form in _forms():
        if found := form.fullmatch(text):
            return ChangePattern(change, found.groups())
    return ChangePattern(Change.OTHER, (text,))


@cache
def _forms() -> list[tuple[Change, re.Pattern[str]]]:
    """TYPE comes last: other patterns have its form too."""
    return [
        (change, re.compile("(.+)".join(map(re.escape, change.split("{}"))), re.DOTALL))
        for change in Change
        if change is not Change.OTHER
    ]


_OFFSET_STEP = timedelta(minutes=15)
_OFFSET_MAX = timedelta(hours=26)
_PLACES_MAX = 12
_POWERS_MAX = 12
_TEXT_LOOKED_AT_MAX = 10_000


def pattern_of(legacy: Any, candidate: Any, kind: Kind = Kind.VALUE) -> ChangePattern:
    """How legacy's value became the candidate's, in words that hold for other values as well."""
    found = _change(legacy, candidate, kind)
    return found if isinstance(found, ChangePattern) else ChangePattern(found)


def _change(legacy: Any, candidate: Any, kind: Kind) -> Change | ChangePattern:
    if kind in (Kind.ORDER, Kind.EFFECT_ORDER, Kind.EVENT_ORDER):
        return Change.PERMUTATION
    if kind is Kind.COMPARER_ERROR:
        return Change.NOT_COMPARABLE
    if legacy is ABSENT or candidate is ABSENT:
        return Change.ONLY_LEGACY if candidate is ABSENT else Change.ONLY_CANDIDATE
    if legacy is None or candidate is None:
        return Change.NONE_TO_VALUE if legacy is None else Change.VALUE_TO_NONE
    if is_number(legacy) and is_number(candidate) and type(legacy) is type(candidate):
        return _numbers(number(legacy), number(candidate), whole=isinstance(legacy, int))
    if type(legacy) is not type(candidate):
        return _became(_type(legacy), _type(candidate))
    compare = _OF_SCALARS.get(base_of(type(legacy)) or Any)
    return Change.CHANGED if compare is None else compare(content_of(legacy), content_of(candidate))


def _became(old: str, new: str) -> ChangePattern:
    return ChangePattern(Change.TYPE, (old, new))


def _type(value: Any) -> str:
    name = type_name(type(value))
    return {"list": "list", "dict": "mapping", "PlainSet": "set"}.get(name.rpartition(".")[2], name)


def _numbers(legacy: Decimal, candidate: Decimal, *, whole: bool) -> Change | ChangePattern:
    if not (legacy.is_finite() and candidate.is_finite()):
        return _became(_finiteness(legacy), _finiteness(candidate))
    if not legacy or not candidate:
        return Change.ZERO_TO_NUMBER if not legacy else Change.NUMBER_TO_ZERO
    if legacy == candidate:
        return Change.SAME_NUMBER
    if legacy == candidate.copy_negate():
        return Change.OTHER_SIGN
    if (legacy < 0) != (candidate < 0):
        return Change.OTHER_SIGN_AND_SIZE
    if abs_difference(legacy, candidate) == 1:
        return Change.ONE_MORE if candidate > legacy else Change.ONE_LESS
    found = _power_of_ten(legacy, candidate) or (None if whole else _rounded(legacy, candidate))
    if found is not None:
        return found
    return Change.LARGER if candidate > legacy else Change.SMALLER


def _finiteness(value: Decimal) -> str:
    if value.is_nan():
        return "NaN"
    return "number" if value.is_finite() else "infinity"


def _power_of_ten(legacy: Decimal, candidate: Decimal) -> ChangePattern | None:
    power = candidate.adjusted() - legacy.adjusted()
    if power == 0 or abs(power) > _POWERS_MAX or _digits(legacy) != _digits(candidate):
        return None
    return ChangePattern(Change.POWER_OF_TEN, (str(power),))


def _digits(value: Decimal) -> str:
    return "".join(map(str, value.as_tuple().digits)).rstrip("0")


def _rounded(legacy: Decimal, candidate: Decimal) -> ChangePattern | None:
    for places in range(_PLACES_MAX + 1):
        half = Decimal(5).scaleb(-places - 1)
        step = Decimal(1).scaleb(-places)
        near = abs_difference(legacy, candidate) <= half
        if near and _is_multiple(candidate, step) and not _is_multiple(legacy, step):
            return ChangePattern(Change.ROUNDED, (str(places),))
        if near and _is_multiple(legacy, step) and not _is_multiple(candidate, step):
            return ChangePattern(Change.NO_LONGER_ROUNDED, (str(places),))
    return None


def _is_multiple(value: Decimal, step: Decimal) -> bool:
    # By digits, not by remainder, which no context is wide enough for with every number.
    last_digit = value.adjusted() - len(_digits(value)) + 1
    return last_digit >= step.adjusted()


def _texts(legacy: str, candidate: str) -> Change:
    if max(len(legacy), len(candidate)) > _TEXT_LOOKED_AT_MAX:
        return Change.TEXT
    if legacy.casefold() == candidate.casefold():
        return Change.CASE
    if "".join(legacy.split()) == "".join(candidate.split()):
        return Change.SPACE
    if not legacy or not candidate:
        return Change.EMPTY_TO_TEXT if not legacy else Change.TEXT_TO_EMPTY
    return Change.TEXT


def _moments(legacy: datetime, candidate: datetime) -> Change | ChangePattern:
    if is_aware(legacy) != is_aware(candidate):
        return Change.NAIVE_TO_AWARE if is_aware(candidate) else Change.AWARE_TO_NAIVE
    apart = candidate - legacy
    steps = round(apart / _OFFSET_STEP)
    if steps and apart == steps * _OFFSET_STEP and abs(apart) < _OFFSET_MAX:
        hours = Decimal(steps) / 4
        return ChangePattern(Change.OFFSET, (f"{hours:+f}",))
    return Change.LATER if apart > timedelta(0) else Change.EARLIER


def _days(legacy: date, candidate: date) -> Change:
    days = (candidate - legacy).days
    if abs(days) == 1:
        return Change.NEXT_DAY if days > 0 else Change.DAY_BEFORE
    return Change.LATER if days > 0 else Change.EARLIER


_OF_SCALARS: dict[Any, Callable[[Any, Any], Change | ChangePattern]] = {
    bool: lambda legacy, candidate: _became(str(legacy).lower(), str(candidate).lower()),
    str: _texts,
    datetime: _moments,
    date: _days,
    timedelta: lambda legacy, candidate: Change.LARGER if candidate > legacy else Change.SMALLER,
}
"""By the type that a class extends: a class of the program may say otherwise of its own length and order."""
