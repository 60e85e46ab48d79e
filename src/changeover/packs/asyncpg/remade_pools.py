"""Pools and connections in stored runs: elsewhere a replay gets others of their kind, which reach nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.record.class_lookup import full_name, imported_class

POOL, CONNECTION = "pool", "connection"


def describe(handle: Any) -> Mapping[str, Any] | None:
    """What is written of a pool or connection."""
    from asyncpg.connection import Connection
    from asyncpg.pool import Pool

    if isinstance(handle, Pool):
        return {"kind": POOL, "class": _known(type(handle)), "connections": _known(handle._connection_class)}
    inner = getattr(handle, "_con", handle)
    # One that was given back to its pool since was a connection when the path had it.
    return {"kind": CONNECTION, "class": Connection if inner is None else _known(type(inner))}


def make(data: Mapping[str, Any]) -> Any:
    """One of the same kind; raises ValueError where nothing like that is written."""
    from asyncpg.connection import Connection
    from asyncpg.pool import Pool

    from changeover.packs.asyncpg.taped_connection import taped_connection

    kind, cls = data.get("kind"), data.get("class")
    if kind == CONNECTION and _is_class(cls, Connection):
        return taped_connection(cls, None)  # type: ignore[arg-type]
    connections = data.get("connections")
    if kind != POOL or not _is_class(cls, Pool) or not _is_class(connections, Connection):
        raise ValueError(f"a handle of kind {kind!r} and class {cls!r} is none of asyncpg")
    return taped_pool(cls, connections)


def taped_pool(cls: Any, connections: Any) -> Any:
    """A pool that is open and has no connection."""
    from asyncpg import Record

    made = cls.__new__(cls)
    made._initialized, made._closed, made._closing = True, False, False
    made._connection_class, made._record_class = connections, Record
    made._holders, made._minsize, made._maxsize = [], 0, 0
    return made


def _is_class(found: Any, base: type) -> bool:
    return isinstance(found, type) and issubclass(found, base)


def _known(cls: type) -> type:
    """The nearest one that has a name."""
    named = (one for one in cls.__mro__ if imported_class(full_name(one)) is one)
    return next(one for one in named if not one.__module__.startswith("changeover."))
