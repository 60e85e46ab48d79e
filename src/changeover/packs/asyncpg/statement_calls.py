"""asyncpg: what prepared statements, cursors and transactions send, whoever has made them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.asyncpg.statements import NAME, NONE, ROWS, AsyncpgPath, listed
from changeover.packs.database.timed import timed
from changeover.packs.host import apart, follower
from changeover.packs.patches import replace

Function = Callable[..., Any]
OLDER = "{} of asyncpg that was made before the path, and is used in a replay"
AWAITED = "arguments of asyncpg that have to be awaited ({}): they are not kept"


def patch_statements(module: Any) -> None:
    """Let every prepared statement ask first."""
    cls = module.PreparedStatement
    replace(cls, "_PreparedStatement__bind_execute", _binding)
    replace(cls, "executemany", _many)
    if hasattr(cls, "fetchmany"):
        replace(cls, "fetchmany", _many)


def patch_cursors(module: Any) -> None:
    """Let every cursor ask first."""
    replace(module.BaseCursor, "_bind_exec", _part(is_first=True))
    replace(module.BaseCursor, "_exec", _part(is_first=False))
    replace(module.BaseCursor, "_bind", _opening)
    replace(module.BaseCursor, "_close_portal", _opening)
    replace(module.Cursor, "forward", _forward)


def patch_transactions(module: Any) -> None:
    """A replay ends no transaction of the program's own."""
    for name in ("start", "_Transaction__commit", "_Transaction__rollback"):
        replace(module.Transaction, name, _own)


def patch_resources(module: Any) -> None:
    """What became of the program's connection meanwhile is nothing to a replay."""
    replace(module.ConnectionResource, "_check_conn_validity", _checking)


def _checking(original: Function) -> Function:
    def _check_conn_validity(self: Any, meth_name: str) -> None:
        found: AsyncpgPath | None = follower(NAME)
        if found is None or not found.replaying or found.here(self._connection) is self._connection:
            original(self, meth_name)

    return _check_conn_validity


def _binding(original: Function) -> Function:
    async def bind_execute(self: Any, args: Any, limit: int, timeout: float | None) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, args, limit, timeout)

        async def send() -> tuple[Any, Any]:
            rows = await original(self, args, limit, timeout)
            return rows, self._last_status

        asked = (self._query, tuple(args), ROWS.get(limit, str(limit)))
        cls = self._state.record_class
        rows, status = await found.ask(found.here(self._connection), asked, send, record_class=cls)
        self._last_status = status.encode() if isinstance(status, str) else status
        return rows

    return bind_execute


def _many(original: Function) -> Function:
    async def many(self: Any, args: Any, *, timeout: float | None = None) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, args, timeout=timeout)
        known = listed(args)
        if known is None:
            found.refuse(AWAITED.format(original.__name__))
            return await original(self, args, timeout=timeout)
        rows = NONE if original.__name__ == "executemany" else "of each"

        async def send() -> tuple[Any, None]:
            return await original(self, known, timeout=timeout), None

        asked, cls = (self._query, tuple(known), rows), self._state.record_class
        given, _ = await found.ask(found.here(self._connection), asked, send, record_class=cls)
        return given

    return many


def _part(*, is_first: bool) -> Callable[[Function], Function]:
    def asking(original: Function) -> Function:
        async def part(self: Any, n: int, timeout: float | None) -> Any:
            found: AsyncpgPath | None = follower(NAME)
            if found is None:
                return await original(self, n, timeout)
            _check_own(found, self)
            self._check_ready()
            given = await found.ask_part(self, n, lambda: original(self, n, timeout), is_first=is_first)
            if found.replaying:
                self._portal_name = "changeover"
            return given

        return part

    return asking


def _opening(original: Function) -> Function:
    async def opening(self: Any, timeout: float | None) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, timeout)
        _check_own(found, self)
        found.forget_place(self)
        if not found.replaying:
            with timed(found):
                return await apart(lambda: original(self, timeout))
        self._check_ready()
        self._portal_name = None if original.__name__ == "_close_portal" else "changeover"
        return None

    return opening


def _forward(original: Function) -> Function:
    async def forward(self: Any, n: int, *, timeout: float | None = None) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, n, timeout=timeout)
        _check_own(found, self)
        return await found.ask_part(
            self, n, lambda: original(self, n, timeout=timeout), is_first=False, how="past"
        )

    return forward


def _own(original: Function) -> Function:
    async def own(self: Any) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is not None:
            _check_own(found, self)
        return await original(self)

    return own


def _check_own(found: AsyncpgPath, resource: Any) -> None:
    if found.replaying and found.here(resource._connection) is not resource._connection:
        found.refuse(OLDER.format(f"a {type(resource).__name__.lower()}"))
