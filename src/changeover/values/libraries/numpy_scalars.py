"""Numbers, moments and types of elements of numpy."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy

from changeover.values.shapes import Handle, Reading, Shape, State

NOT_IN_BYTES = "T"
"""The kind of texts of any length, whose elements keep them elsewhere."""


def dtype_text(dtype: Any) -> str:
    """The name of an element type, with its byte order, and its fields."""
    return str(dtype) if dtype.names is not None or dtype.kind == NOT_IN_BYTES else str(dtype.str)


def _dtype_parts(dtype: Any) -> State:
    if dtype.kind == NOT_IN_BYTES:
        return {"text": True}
    described = dtype.str if dtype.names is None and dtype.subdtype is None else dtype.descr
    if dtype.names is not None and numpy.dtype(described) != dtype:
        raise ValueError("the fields of an array overlap or stand apart")
    return {"described": described, "record": dtype.type is numpy.record}


def _dtype_made(_cls: type, parts: State, _: State) -> Any:
    if "text" in parts:
        return numpy.dtypes.StringDType()
    dtype = numpy.dtype(parts["described"])
    return numpy.dtype((numpy.record, dtype)) if parts["record"] else dtype


DTYPE = Reading(Shape.SCALAR, dtype_text, scalar=Handle, copied=_dtype_parts, make=_dtype_made, is_atom=True)


def _void_parts(value: Any) -> State:
    return {"dtype": dtype_text(value.dtype), "value": value.item()}


def _long_float(value: Any) -> Decimal:
    return Decimal(numpy.format_float_scientific(value, unique=True, trim="0"))


def _moment(value: Any) -> str:
    unit = numpy.datetime_data(value.dtype)
    return f"{numpy.datetime_as_string(value)} [{unit[1]}{unit[0]}]"


def _period(value: Any) -> str:
    unit, count = numpy.datetime_data(value.dtype)
    return f"{'NaT' if numpy.isnat(value) else int(value.view('i8'))} [{count}{unit}]"


def _time_parts(value: Any) -> State:
    return {"dtype": value.dtype, "ticks": int(value.view("i8"))}


def _time_made(_cls: type, parts: State, _: State) -> Any:
    return numpy.array(parts["ticks"], "i8").view(parts["dtype"])[()]


def _number_made(cls: type, parts: Any, _: State) -> Any:
    return cls(parts)


def _number(scalar: type, content: Any) -> Reading:
    return Reading(Shape.SCALAR, content, scalar=scalar, make=_number_made, is_atom=True)


SCALARS: dict[type, Reading] = {
    numpy.datetime64: Reading(
        Shape.SCALAR, _moment, scalar=Handle, copied=_time_parts, make=_time_made, is_atom=True
    ),
    numpy.timedelta64: Reading(
        Shape.SCALAR, _period, scalar=Handle, copied=_time_parts, make=_time_made, is_atom=True
    ),
    numpy.bool_: _number(bool, lambda value: bool(numpy.bool_.item(value))),
    numpy.integer: _number(int, lambda value: numpy.generic.item(value)),
    numpy.longdouble: Reading(
        Shape.SCALAR,
        _long_float,
        scalar=Decimal,
        make=lambda cls, parts, _: cls(str(parts)),
        is_atom=True,
    ),
    numpy.clongdouble: Reading(
        Shape.NAMES,
        lambda value: {"real": value.real, "imag": value.imag},
        make=lambda cls, parts, _: cls(parts["real"]) + cls(1j) * cls(parts["imag"]),
        is_atom=True,
    ),
    numpy.floating: _number(float, lambda value: float.__pos__(numpy.generic.item(value))),
    numpy.complexfloating: _number(complex, lambda value: complex.__pos__(numpy.generic.item(value))),
    numpy.str_: _number(str, lambda value: str.__str__(value)),
    numpy.bytes_: _number(bytes, lambda value: bytes.__getitem__(value, slice(None))),
    numpy.void: Reading(
        Shape.NAMES,
        _void_parts,
        copied=lambda value: {"array": numpy.array(value)},
        make=lambda cls, parts, _: parts["array"][()],
    ),
}
