"""Tables, columns, labels and moments of pandas, by type of element, labels and content.

Only methods of pandas itself are used, of its own classes: a class of the program that is derived from
one is read by them as well. An array of a type that the program defined is read by its attributes.
"""

from __future__ import annotations

from typing import Any

import numpy
import pandas
from pandas.api.extensions import ExtensionArray
from pandas.tseries.offsets import BaseOffset

from changeover.values import limits
from changeover.values.added_state import with_state
from changeover.values.libraries.pandas_scalars import SCALARS, type_of_elements
from changeover.values.own_state import module_of, mro, own_state
from changeover.values.shapes import Reading, Shape, State

_ARROW = getattr(pandas.arrays, "ArrowExtensionArray", None)
_FRAME, _SERIES, _INDEX = pandas.DataFrame, pandas.Series, pandas.Index
_OWN = frozenset(
    {
        *("_mgr", "_attrs", "_flags", "_item_cache", "_name", "_is_copy", "_cacher", "_cache"),
        *("_data", "_id", "_references", "_engine"),
    }
)
"""What pandas itself keeps in its objects; the rest are attributes of a class of the program."""


def reading_for(cls: type) -> Reading | None:
    """The reading of a class of pandas or derived from one."""
    bases = mro(cls)
    for base, reading in _READINGS.items():
        if base in bases:
            is_own = module_of(cls).partition(".")[0] == "pandas" or base in (_FRAME, _SERIES)
            return reading if is_own else with_state(reading, cls, _OWN)
    if ExtensionArray in bases and module_of(cls).partition(".")[0] == "pandas":
        return _ARRAY
    return None


def _size_checked(size: int) -> None:
    if size > limits.LEAVES_MAX:
        raise limits.too_many()


def _extra(value: Any) -> State:
    return {name: part for name, part in own_state(value).items() if name not in _OWN}


def items_of(array: Any) -> Any:
    """What an array holds; that of a class of the program is read by its attributes."""
    if module_of(type(array)).partition(".")[0] != "pandas" and not isinstance(array, numpy.ndarray):
        return array
    _size_checked(len(array))
    if isinstance(array, numpy.ndarray):
        return array.tolist()
    return [*array]


def _array_of(series: Any) -> Any:
    array = _SERIES.array.__get__(series)
    return array.to_numpy() if type(array).__name__ in ("NumpyExtensionArray", "PandasArray") else array


def _columns(frame: Any) -> list[Any]:
    return [_FRAME._ixs(frame, at, axis=1) for at in range(len(_FRAME.columns.__get__(frame)))]


def _frame_parts(frame: Any) -> State:
    columns, index = _FRAME.columns.__get__(frame), _FRAME.index.__get__(frame)
    _size_checked(len(index) * max(1, len(columns)))
    names = [*columns]
    arrays = [_array_of(column) for column in _columns(frame)]
    parts = {
        **_extra(frame),
        "index": index,
        "columns": columns,
        "dtypes": _by_name(names, [type_of_elements(array.dtype) for array in arrays]),
        "values": _by_name(names, [*map(items_of, arrays)]),
    }
    return _with_metadata(frame, parts)


def _by_name(names: list[Any], parts: list[Any]) -> Any:
    """Columns by their names; in order where two have the same."""
    made = dict(zip(names, parts, strict=True)) if _all_differ(names) else None
    return parts if made is None else made


def _all_differ(names: list[Any]) -> bool:
    return all(type(name) in (str, int) for name in names) and len({*names}) == len(names)


def _with_metadata(value: Any, parts: State) -> State:
    state = own_state(value)
    if state.get("_attrs"):
        parts["attrs"] = state["_attrs"]
    flags = state.get("_flags")
    if flags is not None and not flags.allows_duplicate_labels:
        parts["allows_duplicate_labels"] = False
    return parts


def _series_parts(series: Any) -> State:
    array = _array_of(series)
    parts = {
        **_extra(series),
        "index": _SERIES.index.__get__(series),
        "name": own_state(series).get("_name"),
        "dtype": type_of_elements(array.dtype),
        "values": items_of(array),
    }
    return _with_metadata(series, parts)


def _index_parts(index: Any) -> State:
    _size_checked(len(index))
    parts: State = {"kind": type(index).__name__, "names": [*index.names], "values": [*index]}
    if isinstance(index, pandas.MultiIndex):
        parts["dtype"] = [type_of_elements(level.dtype) for level in index.levels]
        return parts
    parts["dtype"] = str(index.dtype)
    freq = getattr(index, "freq", None)
    if freq is not None:
        parts["freq"] = freq.freqstr if isinstance(freq, BaseOffset) else str(freq)
    if isinstance(index, pandas.CategoricalIndex):
        parts |= {"categories": index.categories, "ordered": bool(index.ordered)}
    return parts


def _array_parts(array: Any) -> State:
    parts: State = {"dtype": str(array.dtype), "values": items_of(array)}
    if isinstance(array, pandas.Categorical):
        parts |= {"categories": array.categories, "ordered": bool(array.ordered)}
    return parts


def _frame_copied(frame: Any) -> State:
    state = own_state(frame)
    return {
        "index": _FRAME.index.__get__(frame),
        "columns": _FRAME.columns.__get__(frame),
        "arrays": [_array_of(column) for column in _columns(frame)],
        "attrs": state.get("_attrs") or {},
        "duplicates": bool(_FRAME.flags.__get__(frame).allows_duplicate_labels),
        "state": _extra(frame),
    }


def _frame_made(cls: type, parts: State, _: State) -> Any:
    index = parts["index"]
    columns = {at: _column(array, index) for at, array in enumerate(parts["arrays"])}
    made = _FRAME(columns, index=index)
    made.columns = parts["columns"]
    return _dressed(cls, made, parts)


def _column(array: Any, index: Any) -> Any:
    return _SERIES(array, index=index, dtype=array.dtype, copy=True)


def _series_copied(series: Any) -> State:
    state = own_state(series)
    return {
        "index": _SERIES.index.__get__(series),
        "name": state.get("_name"),
        "array": _array_of(series),
        "attrs": state.get("_attrs") or {},
        "duplicates": bool(_SERIES.flags.__get__(series).allows_duplicate_labels),
        "state": _extra(series),
    }


def _series_made(cls: type, parts: State, _: State) -> Any:
    made = _column(parts["array"], parts["index"])
    made.name = parts["name"]
    return _dressed(cls, made, parts)


def _dressed(cls: type, made: Any, parts: State) -> Any:
    """With the class and the attributes of the original; no `__init__` of the program is called."""
    if cls not in (_FRAME, _SERIES):
        bare: Any = object.__new__(cls)
        bare.__dict__.update(made.__dict__)
        bare.__dict__.update(parts["state"])
        bare.__dict__["_flags"] = pandas.Flags(bare, allows_duplicate_labels=True)
        made = bare
    made.__dict__["_attrs"] = dict(parts["attrs"])
    if not parts["duplicates"]:
        made.flags.allows_duplicate_labels = False
    return made


def _index_copied(index: Any) -> State:
    if isinstance(index, pandas.MultiIndex):
        return {
            "names": [*index.names],
            "levels": [*index.levels],
            "codes": [[int(code) for code in codes] for codes in index.codes],
        }
    if isinstance(index, pandas.RangeIndex):
        return {"names": [*index.names], "start": index.start, "stop": index.stop, "step": index.step}
    array = index.array
    plain = array.to_numpy() if type(array).__name__ in ("NumpyExtensionArray", "PandasArray") else array
    freq = getattr(index, "freq", None)
    return {"names": [*index.names], "array": plain, "freq": freq}


def _index_made(cls: Any, parts: State, _: State) -> Any:
    if "levels" in parts:
        return pandas.MultiIndex(parts["levels"], parts["codes"], names=parts["names"])
    name = parts["names"][0]
    if "start" in parts:
        return pandas.RangeIndex(parts["start"], parts["stop"], parts["step"], name=name)
    array = parts["array"]
    made = _INDEX(array, dtype=array.dtype, name=name, copy=True)
    if parts["freq"] is not None and getattr(made, "freq", None) is None:
        made = made._with_freq(parts["freq"])
    return made


def _array_copied(array: Any) -> State:
    if isinstance(array, pandas.Categorical):
        parts: State = {"codes": [int(code) for code in array.codes], "categories": array.categories}
        return {**parts, "ordered": bool(array.ordered)}
    data, mask = getattr(array, "_data", None), getattr(array, "_mask", None)
    if isinstance(data, numpy.ndarray) and isinstance(mask, numpy.ndarray):
        return {"data": data, "mask": mask}
    _size_checked(len(array))
    if isinstance(array, pandas.arrays.IntervalArray):
        return {"left": array.left, "right": array.right, "closed": array.closed}
    if isinstance(array, pandas.arrays.DatetimeArray | pandas.arrays.TimedeltaArray):
        ticks = array.asi8.copy().view(f"{'M' if array.dtype.kind == 'M' else 'm'}8[{array.unit}]")
        return {"ticks": ticks, "zone": getattr(array, "tz", None), "freq": getattr(array, "freq", None)}
    if isinstance(array, pandas.arrays.SparseArray):
        return {"values": [*array], "dtype": str(array.dtype.subtype), "fill": array.fill_value}
    return {"values": [*array], "dtype": str(array.dtype)}


def _array_made(cls: Any, parts: State, _: State) -> Any:
    if "codes" in parts:
        return pandas.Categorical.from_codes(
            parts["codes"], categories=parts["categories"], ordered=parts["ordered"]
        )
    if "mask" in parts:
        return cls(parts["data"], parts["mask"])
    if "left" in parts:
        return cls.from_arrays(parts["left"], parts["right"], closed=parts["closed"])
    if "ticks" in parts:
        made: Any = _INDEX(parts["ticks"])
        if parts["zone"] is not None:
            made = made.tz_localize("UTC").tz_convert(parts["zone"])
        if parts["freq"] is not None:
            made = made._with_freq(parts["freq"])
        return made.array
    if "fill" in parts:
        return pandas.arrays.SparseArray(parts["values"], fill_value=parts["fill"], dtype=parts["dtype"])
    return pandas.array(parts["values"], dtype=parts["dtype"])


_ARRAY = Reading(Shape.NAMES, _array_parts, copied=_array_copied, make=_array_made)
_READINGS: dict[type, Reading] = {
    _FRAME: Reading(Shape.NAMES, _frame_parts, copied=_frame_copied, make=_frame_made),
    _SERIES: Reading(Shape.NAMES, _series_parts, copied=_series_copied, make=_series_made),
    _INDEX: Reading(Shape.NAMES, _index_parts, copied=_index_copied, make=_index_made),
    **SCALARS,
}
