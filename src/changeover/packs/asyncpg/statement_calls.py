"""asyncpg: what prepared statements, cursors and transactions send, whoever has made them."""

from __future__ import annotations

from typing import Any

from changeover.packs.asyncpg.asked_here import Followed, Function, followed_by
from changeover.packs.asyncpg.connection_calls import AWAITED
from changeover.packs.asyncpg.statements import NONE, ROWS, AsyncpgPath, listed
from changeover.packs.database.timed import timed
from changeover.packs.host import apart
from changeover.packs.patches import replace

OLDER = "{} of asyncpg that was made before the path, and is used in a replay"


def patch_statements(module: Any) -> None:
    """Let every prepared statement ask first."""
    replace(module.PreparedStatement, "_PreparedStatement__bind_execute", followed_by(_bind))
    for name in ("executemany", "fetchmany"):
        replace(module.PreparedStatement, name, followed_by(_many))


def patch_cursors(module: Any) -> None:
    """Let every cursor ask first."""
    replace(module.BaseCursor, "_bind_exec", followed_by(_part(is_first=True)))
    replace(module.BaseCursor, "_exec", followed_by(_part(is_first=False)))
    replace(module.BaseCursor, "_bind", followed_by(_open))
    replace(module.BaseCursor, "_close_portal", followed_by(_open))
    replace(module.Cursor, "forward", followed_by(_forward))


def patch_transactions(module: Any) -> None:
    """A replay ends no transaction of the program's own."""
    for name in ("start", "_Transaction__commit", "_Transaction__rollback"):
        replace(module.Transaction, name, followed_by(_own))


def patch_resources(module: Any) -> None:
    """What became of the program's connection meanwhile is nothing to a replay."""
    replace(module.ConnectionResource, "_check_conn_validity", followed_by(_check))


def _check(found: AsyncpgPath, original: Function, self: Any, meth_name: str) -> None:
    if not found.replaying or found.here(self._connection) is self._connection:
        original(self, meth_name)


async def _bind(
    found: AsyncpgPath, original: Function, self: Any, args: Any, limit: int, timeout: float | None
) -> Any:
    async def send() -> tuple[Any, Any]:
        rows = await original(self, args, limit, timeout)
        return rows, self._last_status

    asked = (self._query, tuple(args), ROWS.get(limit, str(limit)))
    cls = self._state.record_class
    rows, status = await found.rows_of(found.here(self._connection), asked, send, record_class=cls)
    self._last_status = status.encode() if isinstance(status, str) else status
    return rows


async def _many(
    found: AsyncpgPath, original: Function, self: Any, args: Any, *, timeout: float | None = None
) -> Any:
    known = listed(args)
    if known is None:
        found.refuse(AWAITED.format(original.__name__))
        return await original(self, args, timeout=timeout)
    rows = NONE if original.__name__ == "executemany" else "of each"

    async def send() -> tuple[Any, None]:
        return await original(self, known, timeout=timeout), None

    asked, cls = (self._query, tuple(known), rows), self._state.record_class
    given, _ = await found.rows_of(found.here(self._connection), asked, send, record_class=cls)
    return given


def _part(*, is_first: bool) -> Followed:
    async def part(found: AsyncpgPath, original: Function, self: Any, n: int, timeout: float | None) -> Any:
        _check_own(found, self)
        self._check_ready()
        given = await found.ask_part(self, n, lambda: original(self, n, timeout), is_first=is_first)
        if found.replaying:
            self._portal_name = "changeover"
        return given

    return part


async def _open(found: AsyncpgPath, original: Function, self: Any, timeout: float | None) -> Any:
    """A cursor begins, or ends."""
    _check_own(found, self)
    found.forget_place(self)
    if not found.replaying:
        with timed(found):
            return await apart(lambda: original(self, timeout))
    self._check_ready()
    self._portal_name = None if original.__name__ == "_close_portal" else "changeover"
    return None


async def _forward(
    found: AsyncpgPath, original: Function, self: Any, n: int, *, timeout: float | None = None
) -> Any:
    _check_own(found, self)
    self._check_ready()
    return await found.ask_part(
        self, n, lambda: original(self, n, timeout=timeout), is_first=False, how="past"
    )


async def _own(found: AsyncpgPath, original: Function, self: Any) -> Any:
    _check_own(found, self)
    return await original(self)


def _check_own(found: AsyncpgPath, resource: Any) -> None:
    if found.replaying and found.here(resource._connection) is not resource._connection:
        found.refuse(OLDER.format(f"a {type(resource).__name__.lower()}"))
