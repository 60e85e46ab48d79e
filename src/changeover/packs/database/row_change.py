"""One row that a path changed: what it was before, and what it is after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from changeover.quick_dataclass import dataclass

Row = dict[str, Any]
RowKey = tuple[Any, ...]


class NotComparable(Exception):
    """What was changed in a database cannot be told, or not be turned back; the text says why."""


@dataclass(frozen=True)
class RowChange:
    """The net change of one row.

    Args:
        table: the name of its table.
        key: the values of its primary key.
        before: its columns; None where there was no such row.
        after: its columns; None where there is none any more.
    """

    table: str
    key: RowKey
    before: Row | None
    after: Row | None

    @property
    def turned(self) -> RowChange:
        """The change that takes this one back."""
        return RowChange(self.table, self.key, self.after, self.before)


def same_row(one: Row | None, other: Row | None) -> bool:
    """Whether two rows hold the same values of the same types: 1, 1.0 and True are three."""
    if one is None or other is None:
        return one is other
    return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())


def net(steps: Iterable[RowChange]) -> list[RowChange]:
    """The steps of one path as one change per row: the first `before`, the last `after`.

    A row that is what it was is no change. The order is that in which the rows were first touched.
    """
    rows: dict[tuple[str, RowKey], RowChange] = {}
    for step in steps:
        place = (step.table, step.key)
        first = rows.get(place)
        if first is not None and first.after is None and first.before is None:
            del rows[place]
        rows[place] = RowChange(step.table, step.key, first.before if first else step.before, step.after)
    return [change for change in rows.values() if not same_row(change.before, change.after)]


def since(earlier: Iterable[RowChange], now: Iterable[RowChange]) -> list[RowChange]:
    """What changed between two moments of one transaction, from what each differs from its beginning."""
    base = {(change.table, change.key): change for change in earlier}
    changes = []
    for change in now:
        known = base.pop((change.table, change.key), None)
        before = change.before if known is None else known.after
        changes.append(RowChange(change.table, change.key, before, change.after))
    changes += [change.turned for change in base.values()]
    return [change for change in changes if not same_row(change.before, change.after)]


def unlike(expected: Iterable[RowChange], found: Iterable[RowChange]) -> list[tuple[str, RowKey]]:
    """The rows on which two lists of changes disagree."""
    one = {(change.table, change.key): change for change in expected}
    other = {(change.table, change.key): change for change in found}
    return [place for place in {**one, **other} if not _agree(one.get(place), other.get(place))]


def _agree(one: RowChange | None, other: RowChange | None) -> bool:
    if one is None or other is None:
        return one is other
    return same_row(one.before, other.before) and same_row(one.after, other.after)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and (one == other or (one != one and other != other))
