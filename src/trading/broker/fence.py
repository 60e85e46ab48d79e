"""Which process may still place orders: the one that took the account over last.

What is claimed beside a journal is a file, and a person may remove it while its process is stopped. The fence
lies in the account itself: a number for each part of the work, counted up by whoever takes it over. It is
compared in the transaction that places an order, so that nothing comes between the question and the order.
"""

from trading.database import Connection

TABLE = "CREATE TABLE IF NOT EXISTS fence (part TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID"
HAS_TABLE = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'fence')"
EPOCHS = "SELECT part, epoch FROM fence"
RAISE_ALL = "UPDATE fence SET epoch = epoch + 1"
RAISE_PART = "INSERT INTO fence VALUES (?, 1) ON CONFLICT (part) DO UPDATE SET epoch = epoch + 1"
WHOLE = "whole"


class Fence:
    """One process' place in the order of those that took an account over."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._parts: frozenset[str] | None = None
        self._taken: dict[str, int] | None = None

    def take_over(self, parts: tuple[str, ...] | None) -> None:
        """Put whoever had these parts before behind the fence; None is all parts. Within a transaction."""
        self._connection.execute(TABLE)
        if parts is None:
            self._connection.execute(RAISE_ALL)
        self._connection.executemany(RAISE_PART, [(part,) for part in (parts or (WHOLE,))])
        self._parts = None if parts is None else frozenset(parts)
        self._taken = self._epochs()

    def is_passed(self) -> bool:
        """Whether another process took over since, or before this one ever did. Within a transaction."""
        [(there,)] = self._connection.execute(HAS_TABLE).fetchall()
        return bool(there) and self._epochs() != self._taken

    def _epochs(self) -> dict[str, int]:
        """Of what this process works on: a part may be taken over alone, or with all others."""
        return {
            str(part): int(epoch)
            for part, epoch in self._connection.execute(EPOCHS)
            if self._parts is None or part in self._parts
        }
