"""One database of Django's settings, as those need it who follow paths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from changeover.packs.database.postgres_tables import KnownTables
from changeover.packs.database.row_effect import RowEffect
from changeover.packs.database.row_operations import tell_rows
from changeover.packs.database.sqlite_capture import SqliteCapture
from changeover.packs.host import Channel, outside

CAPTURE = "changeover_capture"
"""Under which a connection of Django keeps what listens on it, with the connection of the driver."""
STYLE = "pyformat"
"""How psycopg and psycopg2 want values to be named."""


class DjangoDatabase:
    """The database of one alias.

    Args:
        name: of the pack.
        alias: as in DATABASES.
        channel: through which its statements and rows come onto the tape.
        rows_max: PostgreSQL tables with more rows are not read through.
    """

    def __init__(self, name: str, alias: str, channel: Channel, rows_max: int) -> None:
        self.name = name
        self.alias = alias
        self.rows_max = rows_max
        self.known: KnownTables = {}
        self._channel = channel

    @property
    def port(self) -> str:
        """The name of the port."""
        return self._channel.name

    @property
    def connection(self) -> Any:
        """Django's connection of this thread; raises an error of Django without settings for it."""
        from django.db import connections

        return connections[self.alias]

    def put(self, connection: Any) -> None:
        """Make a connection that of this thread."""
        from django.db import connections

        connections[self.alias] = connection

    @property
    def kind(self) -> str:
        """As Django names the maker of the database: sqlite, postgresql."""
        vendor: str = self.connection.vendor
        return vendor

    @property
    def is_in_memory(self) -> bool:
        """Whether the database lives in a connection of the program: it has no second one."""
        return self.kind == "sqlite" and bool(self.connection.is_in_memory_db())

    def another(self) -> Any:
        """A connection like that of the program, which nobody else has and which is not open yet."""
        made = self.connection.copy()
        made.settings_dict["OPTIONS"].pop("pool", None)
        made.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
        made.make_debug_cursor = made.make_cursor
        made.get_connection_params()  # some connections note in it what a transaction of theirs begins with
        return made

    @contextmanager
    def side(self) -> Iterator[Any]:
        """A connection of the driver in autocommit, closed at the end.

        None is kept for the next run: a test database that somebody is connected to cannot be dropped.
        """
        made = self.another()
        with outside():
            made.connect()
            made.set_autocommit(True)
        try:
            yield made.connection
        finally:
            with outside(), suppress(Exception):
                made.close()

    def capture_of(self, connection: Any) -> SqliteCapture:
        """What listens on a connection of Django to SQLite, as long as the driver's own lives."""
        driver = connection.connection
        kept: tuple[Any, SqliteCapture] | None = getattr(connection, CAPTURE, None)
        if kept is None or kept[0] is not driver:
            kept = (driver, SqliteCapture(driver))
            setattr(connection, CAPTURE, kept)
        return kept[1]

    def ask(self, operation: str, arguments: tuple[Any, ...], real: Callable[[], Any]) -> Any:
        """The answer of the database, or that of the tape."""
        return self._channel.ask(operation, arguments, real)

    def tell(self, effects: Iterable[RowEffect]) -> None:
        """Put changed rows on the tape of the path under way, behind the database that it has seen."""
        tell_rows(self._channel, effects)

    def mark(self, operation: str, *what: Any) -> None:
        """Put onto the tape what the path leaves to the transaction of its caller."""
        self._channel.tell(operation, ("the caller", *what))
