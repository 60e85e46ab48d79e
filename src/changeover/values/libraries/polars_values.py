"""Tables and columns of polars: names and types of the columns, and what they hold.

A lazy table is not read: what it will give is not known before it is run.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import polars

from changeover.values import limits
from changeover.values.added_state import with_state
from changeover.values.own_state import mro
from changeover.values.shapes import UNREADABLE, Handle, Reading, Shape, State

_FRAME, _SERIES = polars.DataFrame, polars.Series


_OWN = frozenset({"_df", "_s", "_accessors"})
"""What polars itself keeps in its objects."""


def reading_for(cls: type) -> Reading | None:
    """The reading of a class of polars or derived from one."""
    bases = mro(cls)
    if polars.LazyFrame in bases or polars.Expr in bases:
        return UNREADABLE
    found = next((reading for base, reading in _READINGS.items() if base in bases), None)
    return found if found is None or cls in _READINGS else with_state(found, cls, _OWN)


def _columns(frame: Any) -> list[Any]:
    return [*_FRAME.get_columns(frame)]


def _values(series: Any) -> list[Any]:
    if _SERIES.len(series) > limits.LEAVES_MAX:
        raise limits.too_many()
    return [*_SERIES.to_list(series)]


def _name(series: Any) -> str:
    return str(_SERIES.name.__get__(series))


def _dtype(series: Any) -> str:
    return str(_SERIES.dtype.__get__(series))


def _frame_parts(frame: Any) -> State:
    columns = _columns(frame)
    return {
        "columns": [*map(_name, columns)],
        "dtypes": {_name(column): _dtype(column) for column in columns},
        "values": {_name(column): _values(column) for column in columns},
    }


def _series_parts(series: Any) -> State:
    return {"name": _name(series), "dtype": _dtype(series), "values": _values(series)}


def _frame_made(cls: type, parts: State, _: State) -> Any:
    made = _FRAME.deserialize(BytesIO(parts["data"]))
    if cls is _FRAME:
        return made
    derived: Any = object.__new__(cls)
    derived.__dict__.update(made.__dict__)
    return derived


def _series_made(_cls: type, parts: State, _: State) -> Any:
    return _FRAME.deserialize(BytesIO(parts["data"])).to_series(0)


_READINGS: dict[type, Reading] = {
    _FRAME: Reading(
        Shape.NAMES,
        _frame_parts,
        copied=lambda frame: {"data": _FRAME.serialize(frame)},
        make=_frame_made,
    ),
    _SERIES: Reading(
        Shape.NAMES,
        _series_parts,
        copied=lambda series: {"data": _FRAME.serialize(_SERIES.to_frame(series))},
        make=_series_made,
    ),
    polars.DataType: Reading(Shape.SCALAR, str, scalar=Handle, is_atom=True),
}
