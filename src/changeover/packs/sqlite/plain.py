"""What `sqlite3` itself does, past what stands in its place: functions and attributes of its classes in C."""

from __future__ import annotations

import sqlite3
from typing import Any

CURSOR: Any = sqlite3.Connection.cursor
BACKUP: Any = sqlite3.Connection.backup
IN_TRANSACTION: Any = vars(sqlite3.Connection)["in_transaction"]
TOTAL_CHANGES: Any = vars(sqlite3.Connection)["total_changes"]
"""It raises where the connection is closed."""
TEXT_FACTORY: Any = vars(sqlite3.Connection)["text_factory"]
CONNECTION: Any = vars(sqlite3.Cursor)["connection"]
EXECUTE: Any = sqlite3.Cursor.execute
EXECUTE_MANY: Any = sqlite3.Cursor.executemany
FETCH_ONE: Any = sqlite3.Cursor.fetchone
FETCH_ALL: Any = sqlite3.Cursor.fetchall
NEXT: Any = sqlite3.Cursor.__next__
