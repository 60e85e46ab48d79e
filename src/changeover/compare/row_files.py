"""Rows of recorded outputs from JSON lines, JSON and CSV files, read exactly as they are written.

Numbers with a fraction or exponent become `Decimal`, whole ones `int`; cells of CSV are text.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError

FILE_BYTES_MAX = 1_000_000_000
ROWS_MAX = 1_000_000

Row = dict[str, Any]


class RowsError(ConfigurationError):
    """A file of rows cannot be read as such."""


def read_rows(path: Path) -> list[Row]:
    """The rows of a file, by its ending: `.csv`, `.json` (a list of objects), else JSON lines."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise RowsError(path.name, f"larger than FILE_BYTES_MAX, allowed: {FILE_BYTES_MAX:,} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RowsError(path.name, f"cannot be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError as error:
        raise RowsError(path.name, f"is not UTF-8 at byte {error.start}") from None
    readers: dict[str, Callable[[str, str], list[Row]]] = {".csv": _csv, ".json": _json}
    rows = readers.get(path.suffix.lower(), _json_lines)(path.name, text)
    if len(rows) > ROWS_MAX:
        raise RowsError(path.name, f"has {len(rows):,} rows, allowed (ROWS_MAX): {ROWS_MAX:,}")
    return rows


def _csv(name: str, text: str) -> list[Row]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    header: list[str] | None = None
    try:
        for cells in reader:
            if header is None:
                header = cells
                if len(set(header)) < len(header):
                    raise RowsError(f"{name} line 1", "two columns have the same name")
            elif len(cells) != len(header):
                raise RowsError(
                    f"{name} line {reader.line_num}", f"found {len(cells)} cells, allowed: {len(header)}"
                )
            else:
                rows.append(dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise RowsError(f"{name} line {reader.line_num}", f"is not CSV: {error}") from None
    return rows


def _json(name: str, text: str) -> list[Row]:
    found = _parsed(name, text)
    if not isinstance(found, list):
        raise RowsError(name, f"found {type(found).__name__}, allowed: a list of objects")
    return _objects(name, "row", enumerate(found, start=1))


def _json_lines(name: str, text: str) -> list[Row]:
    lines = enumerate(text.split("\n"), start=1)
    return _objects(
        name,
        "line",
        ((number, _parsed(f"{name} line {number}", line)) for number, line in lines if line.strip()),
    )


def _objects(name: str, unit: str, found: Iterable[tuple[int, Any]]) -> list[Row]:
    rows: list[Row] = []
    for number, row in found:
        if not isinstance(row, dict):
            raise RowsError(f"{name} {unit} {number}", f"found {type(row).__name__}, allowed: an object")
        rows.append(row)
    return rows


def _parsed(where: str, text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise RowsError(where, f"is not JSON: {reason}") from None


def _unique(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the name "{twice}" stands twice in one object')
    return row
