"""Tables, columns and scalars of Arrow: the schema, and what they hold. They do not change."""

from __future__ import annotations

from typing import Any

import pyarrow

from changeover.values import limits
from changeover.values.own_state import mro
from changeover.values.shapes import Handle, Reading, Shape, State


def reading_for(cls: type) -> Reading | None:
    """The reading of a class of Arrow's own values."""
    bases = mro(cls)
    return next((reading for base, reading in _READINGS.items() if base in bases), None)


def _text(value: Any) -> str:
    """A type or schema as Arrow writes it, with its metadata."""
    return str(value.to_string(show_schema_metadata=True) if type(value) is pyarrow.Schema else value)


def _values(column: Any) -> list[Any]:
    if len(column) > limits.LEAVES_MAX:
        raise limits.too_many()
    return [*column.to_pylist()]


def _table_parts(table: Any) -> State:
    names = table.schema.names
    columns = [_values(table.column(at)) for at in range(table.num_columns)]
    same = len({*names}) == len(names)
    return {
        "schema": _text(table.schema),
        "values": dict(zip(names, columns, strict=True)) if same else columns,
    }


def _array_parts(array: Any) -> State:
    return {"type": _text(array.type), "values": _values(array)}


def _written(table: Any) -> State:
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write(table)
    return {"data": sink.getvalue().to_pybytes()}


def _column_written(column: Any) -> State:
    return _written(pyarrow.table({"column": column}))


def _table(parts: State) -> Any:
    return pyarrow.ipc.open_stream(parts["data"]).read_all()


def _batch_made(_cls: type, parts: State, _: State) -> Any:
    return _table(parts).combine_chunks().to_batches()[0]


def _array_made(_cls: type, parts: State, _: State) -> Any:
    return _table(parts).column(0).combine_chunks()


_READINGS: dict[type, Reading] = {
    pyarrow.Table: Reading(
        Shape.NAMES,
        _table_parts,
        copied=_written,
        make=lambda cls, parts, _: _table(parts),
        is_atom=True,
    ),
    pyarrow.RecordBatch: Reading(
        Shape.NAMES,
        _table_parts,
        copied=lambda batch: _written(pyarrow.Table.from_batches([batch])),
        make=_batch_made,
        is_atom=True,
    ),
    pyarrow.ChunkedArray: Reading(
        Shape.NAMES,
        _array_parts,
        copied=_column_written,
        make=lambda cls, parts, _: _table(parts).column(0),
        is_atom=True,
    ),
    pyarrow.Array: Reading(Shape.NAMES, _array_parts, copied=_column_written, make=_array_made, is_atom=True),
    pyarrow.Scalar: Reading(
        Shape.NAMES,
        lambda value: {"type": _text(value.type), "value": value.as_py()},
        copied=lambda value: _column_written(pyarrow.array([value.as_py()], value.type)),
        make=lambda cls, parts, _: _table(parts).column(0)[0],
        is_atom=True,
    ),
    **{
        kind: Reading(Shape.SCALAR, _text, scalar=Handle, is_atom=True)
        for kind in (pyarrow.Schema, pyarrow.DataType, pyarrow.Field)
    },
}
