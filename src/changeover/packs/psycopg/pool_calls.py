"""psycopg_pool: pools give a replay connections that reach nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from changeover.packs.database.timed import timed
from changeover.packs.host import apart, cannot_be_followed, outside
from changeover.packs.patches import replace
from changeover.packs.psycopg.calls import NO_CONNECTION
from changeover.packs.psycopg.statements import PsycopgPath, follower_of

Function = Callable[..., Any]


def patch_sync(module: Any) -> None:
    """Every pool, also one that is open already."""
    replace(module.ConnectionPool, "getconn", _getting)
    replace(module.ConnectionPool, "putconn", _putting)
    replace(module.ConnectionPool, "connection", _lending)


def patch_async(module: Any) -> None:
    """The same of pools that are awaited."""
    replace(module.AsyncConnectionPool, "getconn", _getting_async)
    replace(module.AsyncConnectionPool, "putconn", _putting_async)
    replace(module.AsyncConnectionPool, "connection", _lending_async)


def _given(found: PsycopgPath, pool: Any) -> Any:
    """What a pool gives a replay; it belongs to the pool, so that no block closes it."""
    options = pool.kwargs if isinstance(getattr(pool, "kwargs", None), dict) else {}
    made = found.new_connection(pool.connection_class, options)
    made._pool = pool
    return made


def _getting(original: Function) -> Function:
    def getconn(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = follower_of(None)
        if found is None:
            return original(self, *args, **kwargs)
        if found.replaying:
            return _given(found, self)
        try:
            with timed(found), outside():
                return original(self, *args, **kwargs)
        except Exception as error:
            cannot_be_followed(NO_CONNECTION.format(type(error).__name__))
            raise

    return getconn


def _getting_async(original: Function) -> Function:
    async def getconn(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = follower_of(None)
        if found is None:
            return await original(self, *args, **kwargs)
        if found.replaying:
            return _given(found, self)
        try:
            with timed(found):
                return await apart(lambda: original(self, *args, **kwargs))
        except Exception as error:
            cannot_be_followed(NO_CONNECTION.format(type(error).__name__))
            raise

    return getconn


def _putting(original: Function) -> Function:
    def putconn(self: Any, conn: Any) -> None:
        found = follower_of(None)
        if found is None:
            original(self, conn)
            return
        found.dropped(conn)
        if not found.replaying:
            with timed(found), outside():
                original(self, conn)

    return putconn


def _putting_async(original: Function) -> Function:
    async def putconn(self: Any, conn: Any) -> None:
        found = follower_of(None)
        if found is None:
            await original(self, conn)
            return
        found.dropped(conn)
        if not found.replaying:
            with timed(found):
                await apart(lambda: original(self, conn))

    return putconn


def _lending(original: Function) -> Function:
    def connection(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = follower_of(None)
        if found is None or not found.replaying:
            return original(self, *args, **kwargs)
        return _lent(found, self)

    return connection


def _lending_async(original: Function) -> Function:
    def connection(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = follower_of(None)
        if found is None or not found.replaying:
            return original(self, *args, **kwargs)
        return _lent_async(found, self)

    return connection


@contextmanager
def _lent(found: PsycopgPath, pool: Any) -> Iterator[Any]:
    made = _given(found, pool)
    try:
        with made:
            yield made
    finally:
        found.dropped(made)


@asynccontextmanager
async def _lent_async(found: PsycopgPath, pool: Any) -> AsyncIterator[Any]:
    made = _given(found, pool)
    try:
        async with made:
            yield made
    finally:
        found.dropped(made)
