"""Which values SQLite made by itself while a path ran."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from changeover.packs.database.sqlite_capture import SqliteCapture
from changeover.packs.database.statement import Connection, run
from changeover.packs.database.table import Column, Table

_SECONDS = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\Z")
_TICK = timedelta(seconds=1)


class SqliteMade:
    """Ids that no statement gave, and times of the clock of SQLite between start and end."""

    def __init__(self, connection: Connection) -> None:
        self._ids: set[tuple[str, Any]] = set()
        self._started = self._ended = _now(connection)

    def note(self, connection: Connection, capture: SqliteCapture) -> None:
        """Changes were captured: up to now they were made."""
        self._ids |= capture.made
        self._ended = _now(connection)

    def counted(self, table: Table, column: Column, value: Any) -> bool:
        """Whether SQLite gave this id."""
        return (table.name, value) in self._ids

    def is_now(self, column: Column, value: Any) -> bool:
        """Whether this is text as CURRENT_TIMESTAMP writes it, or a time in a column with such a default."""
        if not isinstance(value, str) or not (_SECONDS.match(value) or column.made_by == "time"):
            return False
        if len(value) == len("2026-01-01"):
            return value in (str(self._started.date()), str(self._ended.date()))
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return False
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        return self._started - _TICK <= moment <= self._ended + _TICK


def _now(connection: Connection) -> datetime:
    return datetime.fromisoformat(run(connection, "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")[0][0])
