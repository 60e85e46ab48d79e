"""The pattern of a change, never its values: two runs whose values change alike belong together."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from changeover.compare.leaves import abs_difference
from changeover.values.divergence import ABSENT, Kind
from changeover.values.form import type_name
from changeover.values.scalars import is_aware, is_number, number

_OFFSET_STEP = timedelta(minutes=15)
_OFFSET_MAX = timedelta(hours=26)
_PLACES_MAX = 12
_POWERS_MAX = 12
_TEXT_LOOKED_AT_MAX = 10_000


def pattern_of(legacy: Any, candidate: Any, kind: Kind = Kind.VALUE) -> str:
    """How legacy's value became the candidate's, in words that hold for other values as well."""
    if kind in (Kind.ORDER, Kind.EFFECT_ORDER):
        return "permutation"
    if kind is Kind.COMPARER_ERROR:
        return "not comparable"
    if legacy is ABSENT or candidate is ABSENT:
        return "only in legacy" if candidate is ABSENT else "only in candidate"
    if legacy is None or candidate is None:
        return "none became value" if legacy is None else "value became none"
    if is_number(legacy) and is_number(candidate) and type(legacy) is type(candidate):
        return _numbers(number(legacy), number(candidate), whole=isinstance(legacy, int))
    if type(legacy) is not type(candidate):
        return f"{_type(legacy)} became {_type(candidate)}"
    if isinstance(legacy, bool):
        return f"{str(legacy).lower()} became {str(candidate).lower()}"
    if isinstance(legacy, str) and not isinstance(legacy, Enum):
        return _texts(legacy, candidate)
    if isinstance(legacy, datetime):
        return _moments(legacy, candidate)
    if isinstance(legacy, date):
        return _days(legacy, candidate)
    if isinstance(legacy, timedelta):
        return "larger" if candidate > legacy else "smaller"
    return "changed"


def _type(value: Any) -> str:
    name = type_name(type(value))
    return {"list": "list", "dict": "mapping", "PlainSet": "set"}.get(name.rpartition(".")[2], name)


def _numbers(legacy: Decimal, candidate: Decimal, *, whole: bool) -> str:
    if not (legacy.is_finite() and candidate.is_finite()):
        return f"{_finiteness(legacy)} became {_finiteness(candidate)}"
    if not legacy or not candidate:
        return "0 became non-zero" if not legacy else "non-zero became 0"
    if legacy == candidate:
        return "same number"
    if legacy == candidate.copy_negate():
        return "other sign"
    if (legacy < 0) != (candidate < 0):
        return "other sign and size"
    if abs_difference(legacy, candidate) == 1:
        return "+1" if candidate > legacy else "-1"
    power = _power_of_ten(legacy, candidate)
    if power is not None:
        return f"ratio 10^{power}"
    rounded = None if whole else _rounded(legacy, candidate)
    if rounded is not None:
        return rounded
    return "larger" if candidate > legacy else "smaller"


def _finiteness(value: Decimal) -> str:
    if value.is_nan():
        return "NaN"
    return "number" if value.is_finite() else "infinity"


def _power_of_ten(legacy: Decimal, candidate: Decimal) -> int | None:
    power = candidate.adjusted() - legacy.adjusted()
    if power == 0 or abs(power) > _POWERS_MAX:
        return None
    return power if _digits(legacy) == _digits(candidate) else None


def _digits(value: Decimal) -> str:
    return "".join(map(str, value.as_tuple().digits)).rstrip("0")


def _rounded(legacy: Decimal, candidate: Decimal) -> str | None:
    for places in range(_PLACES_MAX + 1):
        half = Decimal(5).scaleb(-places - 1)
        step = Decimal(1).scaleb(-places)
        near = abs_difference(legacy, candidate) <= half
        if near and _is_multiple(candidate, step) and not _is_multiple(legacy, step):
            return f"rounded to {places} places"
        if near and _is_multiple(legacy, step) and not _is_multiple(candidate, step):
            return f"no longer rounded to {places} places"
    return None


def _is_multiple(value: Decimal, step: Decimal) -> bool:
    # By digits, not by remainder, which no context is wide enough for with every number.
    last_digit = value.adjusted() - len(_digits(value)) + 1
    return last_digit >= step.adjusted()


def _texts(legacy: str, candidate: str) -> str:
    if max(len(legacy), len(candidate)) > _TEXT_LOOKED_AT_MAX:
        return "text"
    if legacy.casefold() == candidate.casefold():
        return "case"
    if "".join(legacy.split()) == "".join(candidate.split()):
        return "space"
    if not legacy or not candidate:
        return "empty became text" if not legacy else "text became empty"
    return "text"


def _moments(legacy: datetime, candidate: datetime) -> str:
    if is_aware(legacy) != is_aware(candidate):
        return "naive became aware" if is_aware(candidate) else "aware became naive"
    apart = candidate - legacy
    steps = round(apart / _OFFSET_STEP)
    if steps and apart == steps * _OFFSET_STEP and abs(apart) < _OFFSET_MAX:
        hours = Decimal(steps) / 4
        return f"offset {hours:+f} h"
    return "later" if apart > timedelta(0) else "earlier"


def _days(legacy: date, candidate: date) -> str:
    days = (candidate - legacy).days
    if abs(days) == 1:
        return f"{days:+d} day"
    return "later" if days > 0 else "earlier"
