"""Which values PostgreSQL made by itself while a path ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from changeover.packs.database.row_change import RowChange
from changeover.packs.database.statement import Connection, run
from changeover.packs.database.table import Column, Table

_SECOND = timedelta(seconds=1)
_CLOCK = """
SELECT extract(epoch FROM now())::text, extract(epoch FROM clock_timestamp())::text,
    extract(epoch FROM localtimestamp)::text, extract(epoch FROM clock_timestamp()::timestamp)::text
"""
_COUNTERS = """
SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename),
    coalesce(last_value, start_value - increment_by)
FROM pg_sequences WHERE schemaname = ANY (current_schemas(false))
"""


class PostgresMade:
    """Numbers that the sequences gave, and times of the server's clock, between start and end.

    Both are asked of the server. A number is a sequence's own where the sequence gave it in this time; a time
    is the server's where it is that of one of the path's transactions, or, in a column that is filled with
    the time, any while the path ran.
    """

    def __init__(self, connection: Connection) -> None:
        self._before = _counters(connection)
        self._after = self._before
        self._transactions: set[Decimal] = set()
        self._spans: list[tuple[Decimal, Decimal]] = []

    def note(self, connection: Connection, changes: Iterable[RowChange], tables: Mapping[str, Table]) -> None:
        """Changes are captured in a transaction of the path: what was made until now."""
        now, clock, local, local_clock = (Decimal(text) for text in run(connection, _CLOCK)[0])
        self._transactions |= {now, local}
        self._spans += [(now, clock), (local, local_clock)]
        new = {change.table for change in changes if change.before is None}
        if any(column.counter for name in new for column in tables[name].columns.values()):
            self._after = _counters(connection)

    @property
    def drawn(self) -> dict[str, int]:
        """By sequence that gave numbers in this time: where it stood before."""
        return {name: before for name, before in self._before.items() if self._after.get(name) != before}

    def counted(self, table: Table, column: Column, value: Any) -> bool:
        """Whether the sequence of this column gave the number in this time; of one out of sight, probably."""
        found = [
            _between(before, int(value), self._after.get(name, before))
            for name, before in self._before.items()
            if is_counter(name, column.counter)
        ]
        return any(found) or not found

    def is_now(self, column: Column, value: Any) -> bool:
        """Whether this is a time that the server gave."""
        if not isinstance(value, str) or not (column.type.startswith("time") or column.type == "date"):
            return False
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return False
        if column.type == "date":
            days = {_moment(seconds).date() for span in self._spans for seconds in span}
            return column.made_by == "time" and moment.date() in days
        seconds = _seconds(moment)
        if seconds in self._transactions:
            return True
        return column.made_by == "time" and any(start <= seconds <= end for start, end in self._spans)


def is_counter(name: str, of_column: str) -> bool:
    """Whether the sequence of this name is that of a column, which may leave the schema out."""
    return name == of_column or name.endswith(f".{of_column}")


def _between(before: int, value: int, after: int) -> bool:
    return before < value <= after or after <= value < before


def _counters(connection: Connection) -> dict[str, int]:
    return {name: int(value) for name, value in run(connection, _COUNTERS)}


def _moment(seconds: Decimal) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _seconds(moment: datetime) -> Decimal:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    whole = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return Decimal(whole // _SECOND) + Decimal(whole.microseconds) / 1_000_000
