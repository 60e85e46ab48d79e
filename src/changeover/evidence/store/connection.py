"""What is asked of a connection to a store, whoever made it. Statements are SQL that every store knows.

Values stand as `?`. A row that has to be found in the order in which it was written is ordered by `rowid`,
which SQLite has by itself, and PostgreSQL as a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from changeover.quick_dataclass import dataclass


class Connection(Protocol):
    """One transaction; only `sqlite_file` and `postgres` know whose it is."""

    def execute(self, query: str, values: Sequence[object] = ..., /) -> Any:
        """Run one statement."""

    def executemany(self, query: str, rows: Any, /) -> Any:
        """Run one statement for many rows."""

    def batches(
        self, query: str, values: Sequence[object] = ..., most: int = ...
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of one question, at most so many at once, so that they need not fit into memory."""

    def used_bytes(self, *, exact: bool = False) -> int:
        """Without the space that was given back within the store.

        Unless it has to be `exact`, 0 where finding out takes long.
        """


@dataclass(frozen=True, slots=True)
class Types:
    """The words of one database for what SQL calls differently everywhere.

    `order` declares the column by which rows are found in the order in which they were written, where that
    needs one. Indexes hold long texts by `digest` of them and for `lookup` alone, where they must.
    """

    number: str
    text: str
    integer: str
    real: str
    blob: str
    order: str = ""
    digest: str = ""
    lookup: str = ""
