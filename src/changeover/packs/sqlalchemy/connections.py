"""Connections of an engine that belong to the toolkit: made as the program's own are, and gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def own_connection(engine: Any, *, autocommit: bool) -> Iterator[Any]:
    """A connection that nobody else has, made with the listeners of the engine's pool; closed at the end.

    It comes from a pool of its own: what the program's pool has left is never waited for.
    """
    pool = engine.pool.recreate()
    fairy = pool.connect()
    try:
        connection = fairy.dbapi_connection
        if autocommit:
            engine.dialect.set_isolation_level(connection, "AUTOCOMMIT")
        yield connection
    finally:
        if fairy.dbapi_connection is not None:
            fairy.invalidate()
        pool.dispose()


def has_one_connection(engine: Any) -> bool:
    """Whether the database lives in a connection of the program: in memory, it has no second one."""
    database = engine.url.database
    is_memory = engine.dialect.name == "sqlite" and (not database or ":memory:" in database)
    return is_memory or type(engine.pool).__name__ == "StaticPool"
