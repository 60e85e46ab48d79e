"""Moments, spans, offsets and types of elements of pandas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import numpy
import pandas
from pandas.api.extensions import ExtensionDtype
from pandas.tseries.offsets import BaseOffset

from changeover.values.scalar_values import plain_datetime, plain_timedelta
from changeover.values.shapes import Handle, Reading, Shape, State


def type_of_elements(dtype: Any) -> Any:
    """What says the type: its name, of categories the type itself, whose name says nothing of them."""
    return dtype if isinstance(dtype, pandas.CategoricalDtype) else str(dtype)


def _categories(dtype: Any) -> State:
    return {"categories": dtype.categories, "ordered": dtype.ordered}


def _categories_made(_cls: Any, parts: State, _: State) -> Any:
    return pandas.CategoricalDtype(parts["categories"], parts["ordered"])


def _dtype_copied(dtype: Any) -> State:
    return {"name": str(dtype)}


def _dtype_made(_cls: Any, parts: State, _: State) -> Any:
    return pandas.api.types.pandas_dtype(parts["name"])


def _moment_state(moment: Any) -> State:
    """What a moment of pandas has beyond one of Python: nanoseconds, and a year far away."""
    state = {"nanosecond": moment.nanosecond} if moment.nanosecond else {}
    if moment.year != plain_datetime(moment).year:
        state["year"] = moment.year
    return state


def _moment_copied(moment: Any) -> State:
    return {"ticks": int(moment._value), "unit": moment.unit, "zone": moment.tzinfo}


def _moment_made(_cls: Any, parts: State, _: State) -> Any:
    made = pandas.Timestamp(numpy.datetime64(parts["ticks"], parts["unit"]))
    return made if parts["zone"] is None else made.tz_localize("UTC").tz_convert(parts["zone"])


_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_MICROSECOND = timedelta(microseconds=1)


def _period_state(period: Any) -> State:
    """What a span of pandas has beyond one of Python: nanoseconds, and a length far beyond."""
    microseconds = plain_timedelta(period) // _MICROSECOND
    nanoseconds = int(period._value) * (10**9 // _PER_SECOND[period.unit])
    over = nanoseconds - 1_000 * microseconds
    return {"nanoseconds": over} if over else {}


def _period_copied(period: Any) -> State:
    return {"ticks": int(period._value), "unit": period.unit}


def _period_made(_cls: Any, parts: State, _: State) -> Any:
    return pandas.Timedelta(numpy.timedelta64(parts["ticks"], parts["unit"]))


def _constant(value: Any) -> Callable[[Any], str]:
    text = "NaT" if value is pandas.NaT else "NA"
    return lambda _value: text


def _offset_parts(offset: Any) -> State:
    return {"n": offset.n, "normalize": offset.normalize, "kwds": dict(offset.kwds)}


def _offset_made(cls: Any, parts: State, _: State) -> Any:
    return cls(parts["n"], normalize=parts["normalize"], **parts["kwds"])


def _itself(one: Any, _cls: type, _parts: Any, _state: State) -> Any:
    return one


SCALARS: dict[type, Reading] = {
    **{
        type(one): Reading(
            Shape.SCALAR,
            _constant(one),
            scalar=Handle,
            copied=lambda value: {},
            make=partial(_itself, one),
            is_atom=True,
        )
        for one in (pandas.NaT, pandas.NA)
    },
    pandas.Timestamp: Reading(
        Shape.SCALAR,
        plain_datetime,
        scalar=plain_datetime(pandas.Timestamp(0)).__class__,
        state=_moment_state,
        copied=_moment_copied,
        make=_moment_made,
        is_atom=True,
    ),
    pandas.Timedelta: Reading(
        Shape.SCALAR,
        plain_timedelta,
        scalar=timedelta,
        state=_period_state,
        copied=_period_copied,
        make=_period_made,
        is_atom=True,
    ),
    pandas.Period: Reading(
        Shape.NAMES,
        lambda value: {"ordinal": value.ordinal, "freq": value.freqstr},
        make=lambda cls, parts, _: pandas.Period(ordinal=parts["ordinal"], freq=parts["freq"]),
        is_atom=True,
    ),
    pandas.Interval: Reading(
        Shape.NAMES,
        lambda value: {"left": value.left, "right": value.right, "closed": value.closed},
        make=lambda cls, parts, _: pandas.Interval(**parts),
        is_frozen=True,
    ),
    BaseOffset: Reading(
        Shape.NAMES,
        lambda offset: {"offset": type(offset).__name__, **_offset_parts(offset)},
        copied=_offset_parts,
        make=_offset_made,
        is_atom=True,
    ),
    pandas.CategoricalDtype: Reading(
        Shape.NAMES, _categories, copied=_categories, make=_categories_made, is_atom=True
    ),
    ExtensionDtype: Reading(
        Shape.SCALAR,
        str,
        scalar=Handle,
        copied=_dtype_copied,
        make=_dtype_made,
        is_atom=True,
    ),
}
