"""`migration.use("asyncpg")`: statements that change something are effects, and reach the server once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from changeover.errors import DeclarationError
from changeover.packs.asyncpg.statements import NAME, AsyncpgPath, derived
from changeover.packs.database.compared_in_traffic import compared_in_traffic
from changeover.packs.database.driver_answer import DriverAnswer
from changeover.packs.database.named_port import PORT, channel_of_database
from changeover.packs.database.statement_path import DRIVER_OPERATIONS
from changeover.packs.host import Host, Operation
from changeover.record.port import CallClass

NO_ROWS = (
    "rows are compared of what SQLAlchemy, Django or sqlite3 sends; of asyncpg the statements are: "
    "leave rows out"
)
_HANDLES = ("asyncpg.connection.Connection", "asyncpg.pool.Pool", "asyncpg.pool.PoolConnectionProxy")


class AsyncpgPack:
    """The port `db` of all connections and pools of asyncpg.

    Args:
        rows: cannot be asked for; statements are compared.
        port: the name of the port, where another pack has `db`.
    """

    name = NAME

    def __init__(self, *, rows: bool = False, port: str = PORT) -> None:
        self._rows = rows
        self._port = port

    def install(self, host: Host) -> None:
        """Open the channel, and cover connections and pools when the program imports the library."""
        if self._rows is not False:
            raise DeclarationError(f'use("{NAME}")', NO_ROWS)
        read = Operation("read", CallClass.READ, ("statement", "parameters", "rows"), derive=derived)
        self._channel = channel_of_database(host, self._port, [read, *DRIVER_OPERATIONS], NAME)
        host.keeps(DriverAnswer)
        host.handle(*_HANDLES)
        for module, patch in _PATCHES.items():
            host.when_imported(module, patch)
        host.when_imported("asyncpg.pool", lambda module: _remake(host, module))

    def compares(self) -> str:
        """What `doctor` says of it where nothing is wrong."""
        return compared_in_traffic(self._port, False, has_rows=False)

    def follow(self, session: Any, *, waits: bool, stays: bool) -> Any:
        """What is done around one path: its statements stand on the tape."""
        return AsyncpgPath(self._channel, session)


def _remake(host: Host, module: Any) -> None:
    from changeover.packs.asyncpg.remade_pools import describe, make

    classes = [module.Pool, module.PoolConnectionProxy, module.connection.Connection]
    host.remakes(NAME, classes, describe, make)


def _patch(place: str, function: str) -> Any:
    def patch(module: Any) -> None:
        getattr(import_module(f"changeover.packs.asyncpg.{place}"), function)(module)

    return patch


_PATCHES = {
    "asyncpg.connection": _patch("connection_calls", "patch"),
    "asyncpg.prepared_stmt": _patch("statement_calls", "patch_statements"),
    "asyncpg.cursor": _patch("statement_calls", "patch_cursors"),
    "asyncpg.transaction": _patch("statement_calls", "patch_transactions"),
    "asyncpg.connresource": _patch("statement_calls", "patch_resources"),
    "asyncpg.pool": _patch("pool_calls", "patch"),
}
