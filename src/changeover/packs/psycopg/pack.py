"""`migration.use("psycopg")`: statements that change something are effects, and reach the server once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from changeover.packs.database.driver_pack import DriverPack
from changeover.packs.host import Host
from changeover.packs.psycopg.statements import NAME, PsycopgPath

_HANDLES = (
    *("psycopg.Connection", "psycopg.AsyncConnection"),
    *("psycopg_pool.pool.ConnectionPool", "psycopg_pool.pool_async.AsyncConnectionPool"),
    *("psycopg_pool.ConnectionPool", "psycopg_pool.AsyncConnectionPool"),
)


class PsycopgPack(DriverPack):
    """The port `db` of all connections of psycopg, sync and async."""

    name = NAME

    def install(self, host: Host) -> None:
        """Open the channel, and cover connections when the program imports the library."""
        self._channel = self.open_channel(host, *_HANDLES)
        host.when_imported("psycopg", _patch)
        host.when_imported("psycopg.sql", _patch_sql)
        host.when_imported("psycopg_pool.pool", _patch_pool)
        host.when_imported("psycopg_pool.pool_async", _patch_awaited_pool)
        host.when_imported("psycopg", lambda module: _remake(host, module))

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
