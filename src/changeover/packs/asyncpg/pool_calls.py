"""asyncpg: pools give a replay connections that reach nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.asyncpg.connection_calls import opened
from changeover.packs.asyncpg.statements import NAME, AsyncpgPath
from changeover.packs.database.timed import timed
from changeover.packs.host import apart, follower
from changeover.packs.patches import replace

Function = Callable[..., Any]


def patch(module: Any) -> None:
    """Every pool, also one that is open already."""
    replace(module.Pool, "_acquire", _acquiring)
    replace(module.Pool, "release", _releasing)
    replace(module.Pool, "_async__init__", _beginning)
    replace(module.Pool, "close", _ending)
    replace(module.Pool, "expire_connections", _ending)
    replace(module.Pool, "terminate", _terminating)


def _acquiring(original: Function) -> Function:
    async def _acquire(self: Any, timeout: float | None) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, timeout)
        if not found.replaying:
            return await opened(found, lambda: original(self, timeout))
        from changeover.packs.asyncpg.taped_connection import taped_proxy

        made = found.new_connection(self._connection_class, self._record_class)
        return taped_proxy(self, made)

    return _acquire


def _releasing(original: Function) -> Function:
    async def release(self: Any, connection: Any, *, timeout: float | None = None) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, connection, timeout=timeout)
        if found.replaying:
            from changeover.packs.asyncpg.taped_connection import give_back

            return give_back(self, connection)
        found.dropped(getattr(connection, "_con", None))
        with timed(found):
            return await apart(lambda: original(self, connection, timeout=timeout))

    return release


def _beginning(original: Function) -> Function:
    async def begin(self: Any) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self)
        if not found.replaying:
            return await opened(found, lambda: original(self))
        self._initialized = True
        return self

    return begin


def _ending(original: Function) -> Function:
    async def end(self: Any) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self)
        if found.replaying:
            return None
        with timed(found):
            return await apart(lambda: original(self))

    return end


def _terminating(original: Function) -> Function:
    def terminate(self: Any) -> None:
        found: AsyncpgPath | None = follower(NAME)
        if found is None or not found.replaying:
            original(self)

    return terminate
