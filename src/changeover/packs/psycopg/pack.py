"""`migration.use("psycopg")`: statements that change something are effects, and reach the server once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from changeover.errors import DeclarationError
from changeover.packs.database.compared_in_traffic import compared_in_traffic
from changeover.packs.database.driver_answer import DriverAnswer
from changeover.packs.database.named_port import PORT, channel_of_database
from changeover.packs.database.statement_path import DRIVER_OPERATIONS
from changeover.packs.host import Host, Operation
from changeover.packs.psycopg.statements import NAME, PsycopgPath
from changeover.record.port import CallClass

NO_ROWS = (
    "rows are compared of what SQLAlchemy, Django or sqlite3 sends; of psycopg the statements are: "
    "leave rows out"
)
_HANDLES = (
    *("psycopg.Connection", "psycopg.AsyncConnection"),
    *("psycopg_pool.pool.ConnectionPool", "psycopg_pool.pool_async.AsyncConnectionPool"),
    *("psycopg_pool.ConnectionPool", "psycopg_pool.AsyncConnectionPool"),
)


class PsycopgPack:
    """The port `db` of all connections of psycopg, sync and async.

    Args:
        rows: cannot be asked for; statements are compared.
        port: the name of the port, where another pack has `db`.
    """

    name = NAME

    def __init__(self, *, rows: bool = False, port: str = PORT) -> None:
        self._rows = rows
        self._port = port

    def install(self, host: Host) -> None:
        """Open the channel, and cover connections when the program imports the library."""
        if self._rows is not False:
            raise DeclarationError(f'use("{NAME}")', NO_ROWS)
        read = Operation("read", CallClass.READ, ("statement", "parameters", "rows"))
        self._channel = channel_of_database(host, self._port, [read, *DRIVER_OPERATIONS], NAME)
        host.keeps(DriverAnswer)
        host.handle(*_HANDLES)
        host.when_imported("psycopg", _patch)
        host.when_imported("psycopg.sql", _patch_sql)
        host.when_imported("psycopg_pool.pool", _patch_pool)
        host.when_imported("psycopg_pool.pool_async", _patch_awaited_pool)
        host.when_imported("psycopg", lambda module: _remake(host, module))

    def compares(self) -> str:
        """What `doctor` says of it where nothing is wrong."""
        return compared_in_traffic(self._port, False, has_rows=False)

    def follow(self, session: Any, *, waits: bool, stays: bool) -> Any:
        """What is done around one path: its statements stand on the tape."""
        return PsycopgPath(self._channel, session)


def _patch(module: Any) -> None:
    import_module("changeover.packs.psycopg.calls").patch(module)


def _patch_sql(module: Any) -> None:
    import_module("changeover.packs.psycopg.calls").patch_sql(module)


def _patch_pool(module: Any) -> None:
    import_module("changeover.packs.psycopg.pool_calls").patch_sync(module)


def _patch_awaited_pool(module: Any) -> None:
    import_module("changeover.packs.psycopg.pool_calls").patch_async(module)


def _remake(host: Host, module: Any) -> None:
    remade = import_module("changeover.packs.psycopg.remade_connections")
    host.remakes(NAME, (module.Connection, module.AsyncConnection), remade.describe, remade.make)
