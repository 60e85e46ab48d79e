"""asyncpg: pools give a replay connections that reach nothing."""

from __future__ import annotations

from typing import Any

from changeover.packs.asyncpg.asked_here import Followed, Function, followed_by
from changeover.packs.asyncpg.connection_calls import opened
from changeover.packs.asyncpg.statements import AsyncpgPath
from changeover.packs.database.timed import timed
from changeover.packs.host import apart
from changeover.packs.patches import replace


def patch(module: Any) -> None:
    """Every pool, also one that is open already."""
    for name, followed in _FOLLOWED.items():
        replace(module.Pool, name, followed_by(followed))


async def _acquire(found: AsyncpgPath, original: Function, self: Any, timeout: float | None) -> Any:
    if not found.replaying:
        return await opened(found, lambda: original(self, timeout))
    from changeover.packs.asyncpg.taped_connection import taped_proxy

    return taped_proxy(self, found.new_connection(self._connection_class, self._record_class))


async def _release(
    found: AsyncpgPath, original: Function, self: Any, connection: Any, *, timeout: float | None = None
) -> Any:
    if found.replaying:
        from changeover.packs.asyncpg.taped_connection import give_back

        return give_back(self, connection)
    found.dropped(getattr(connection, "_con", None))
    with timed(found):
        return await apart(lambda: original(self, connection, timeout=timeout))


async def _begin(found: AsyncpgPath, original: Function, self: Any) -> Any:
    if not found.replaying:
        return await opened(found, lambda: original(self))
    self._initialized = True
    return self


async def _end(found: AsyncpgPath, original: Function, self: Any) -> Any:
    if found.replaying:
        return None
    with timed(found):
        return await apart(lambda: original(self))


def _terminate(found: AsyncpgPath, original: Function, self: Any) -> None:
    if not found.replaying:
        original(self)


_FOLLOWED: dict[str, Followed] = {
    "_acquire": _acquire,
    "release": _release,
    "_async__init__": _begin,
    "close": _end,
    "expire_connections": _end,
    "terminate": _terminate,
}
