"""`migration.use("asyncpg")`: statements that change something are effects, and reach the server once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from changeover.packs.asyncpg.statements import NAME, AsyncpgPath, derived
from changeover.packs.database.driver_pack import DriverPack
from changeover.packs.host import Host

_HANDLES = ("asyncpg.connection.Connection", "asyncpg.pool.Pool", "asyncpg.pool.PoolConnectionProxy")


class AsyncpgPack(DriverPack):
    """The port `db` of all connections and pools of asyncpg."""

    name = NAME

    def install(self, host: Host) -> None:
        """Open the channel, and cover connections and pools when the program imports the library."""
        self._channel = self.open_channel(host, *_HANDLES, derive=derived)
        for module, patch in _PATCHES.items():
            host.when_imported(module, patch)
        host.when_imported("asyncpg.pool", lambda module: _remake(host, module))

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
