"""Two files of recorded outputs compared row by row: the same rules and clusters, and no wiring.

Rows are joined by the values of one or more fields. To the rules the old file's rows are legacy's list at
`result`, so `result[*].price` is a column. Each key is a run of its own, so a cluster says in how many rows
it is found.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from changeover.compare.clusters import Cluster, Clusters, RunFound
from changeover.compare.comparison import comparer_error
from changeover.compare.findings import Accepted, Bijection, Findings
from changeover.compare.rows import paired_by_key, row_key
from changeover.compare.rules import Rules
from changeover.compare.walk import Walk
from changeover.errors import ConfigurationError, describe_os_error
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.limits import NotComparable
from changeover.values.place import RowKey, render

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
        raise RowsError(path.name, f"cannot be read: {describe_os_error(error)}") from None
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
    found = ((number, _parsed(f"{name} line {number}", line)) for number, line in lines if line.strip())
    return _objects(name, "line", found)


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


@dataclass(frozen=True, slots=True)
class FilesDiff:
    """What differs between two files.

    `old_rows` = `equal` + `differing` + `only_old` + `not_compared`, and likewise for the new file.
    `repeated` counts rows beyond the first of their key; they are joined in the order in which they stand.
    """

    old_rows: int
    new_rows: int
    equal: int
    differing: int
    only_old: int
    only_new: int
    not_compared: int
    repeated: int
    divergences: tuple[Divergence, ...]
    left_out: int
    clusters: tuple[Cluster, ...]
    accepted: tuple[Accepted, ...]

    @property
    def exit_code(self) -> int:
        """0 no row differs, 1 some do, 3 some could not be compared, or there is none."""
        if self.differing or self.only_old or self.only_new:
            return 1
        return 3 if self.not_compared or not (self.old_rows or self.new_rows) else 0


def diff_files(old: Path, new: Path, by: Sequence[str], rules: Rules) -> FilesDiff:
    """Compare two files; raises `RowsError` where one cannot be read or has a row without a key."""
    return diff_rows(_keyed(old.name, read_rows(old), by), _keyed(new.name, read_rows(new), by), by, rules)


def diff_rows(old: Sequence[Row], new: Sequence[Row], by: Sequence[str], rules: Rules) -> FilesDiff:
    """Compare rows that have been read; every one has the fields of `by`."""
    names = tuple(by)
    node = rules.for_seam("").root.name("result")
    ours = [row_key(row, names, node.item(0)) for row in old]
    theirs = [row_key(row, names, node.item(0)) for row in new]
    pairing = paired_by_key([key for key, _ in ours], [key for key, _ in theirs])
    total, clusters, bijection = Findings(), Clusters(), Bijection()
    counts: Counter[str] = Counter()

    def note(values: tuple[Any, ...], findings: Findings, found: str) -> None:
        run = ",".join(RowKey.of(values).parts)
        clusters.add(RunFound(run, "", tuple(findings.divergences)))
        failed = any(divergence.kind is Kind.COMPARER_ERROR for divergence in findings.divergences)
        counts["not compared" if failed else found] += 1
        total.take(findings)

    for index, other in pairing.pairs:
        findings = _pair(old[index], new[other], RowKey.of(ours[index][1]), rules, bijection)
        note(ours[index][1], findings, "differing" if findings.count else "equal")
    for kind, rows, keys, indexes in (
        (Kind.ROW_MISSING, old, ours, pairing.only_legacy),
        (Kind.ROW_EXTRA, new, theirs, pairing.only_candidate),
    ):
        for index in indexes:
            findings = Findings()
            row, place = rows[index], ("result", RowKey.of(keys[index][1]))
            sides = (row, ABSENT) if kind is Kind.ROW_MISSING else (ABSENT, row)
            findings.add(kind, place, *sides)
            note(keys[index][1], findings, kind)
    repeated = sum(len(keys) - len({key for key, _ in keys}) for keys in (ours, theirs))
    return FilesDiff(
        len(old),
        len(new),
        counts["equal"],
        counts["differing"],
        counts[Kind.ROW_MISSING],
        counts[Kind.ROW_EXTRA],
        counts["not compared"],
        repeated,
        tuple(total.divergences),
        total.left_out,
        clusters.found,
        total.accepted,
    )


def _pair(old: Row, new: Row, key: RowKey, rules: Rules, bijection: Bijection) -> Findings:
    findings = Findings()
    node = rules.for_seam("").root.name("result").item(key)
    place = ("result", key)
    try:
        Walk(findings, bijection).visit(old, new, place, node)
    except NotComparable as reason:
        findings.keep(comparer_error(render(place), str(reason)))
    return findings


def _keyed(name: str, rows: list[Row], by: Sequence[str]) -> list[Row]:
    for number, row in enumerate(rows, start=1):
        for field in by:
            if field not in row:
                found = ", ".join(list(row)[:20]) or "nothing"
                raise RowsError(f"{name} row {number}", f'has no "{field}" to be joined by, found: {found}')
    return rows
