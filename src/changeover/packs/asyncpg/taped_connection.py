"""What a replay has in the place of a connection: the library's own object over what sends nothing.

So transactions, prepared statements and cursors are those of the library. What would reach the server is
asked of the tape before it comes here.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from asyncpg import Record
from asyncpg.connection import Connection
from asyncpg.exceptions import InterfaceError

VERSION = "17.0"
"""That of the server, where nobody knows it."""
DESCRIBED = "the parameters and columns of a prepared statement are described by the server alone"


class TapedSettings:
    """Those of the server, as far as they are known."""

    def __init__(self, version: str) -> None:
        self.server_version = version

    def clear_type_cache(self) -> None:
        """No type is known here."""


class TapedProtocol:
    """In the place of the protocol of a connection.

    Args:
        path: the follower of the replay; None for a connection that no path has yet.
        version: of the server.
        record_class: of the records that the connection gives.
    """

    def __init__(self, path: Any, version: str, record_class: type) -> None:
        self.path = path
        self.queries_count = 0
        self.is_ssl = False
        self.is_over = False
        self.connection: Any = None
        self._settings = TapedSettings(version)
        self._record_class = record_class

    def get_settings(self) -> TapedSettings:
        """The settings of the server."""
        return self._settings

    def get_record_class(self) -> type:
        """The class of records."""
        return self._record_class

    def get_server_pid(self) -> int:
        """No process of a server."""
        return 0

    def is_connected(self) -> bool:
        """Until it is closed."""
        return not self.is_over

    def is_closed(self) -> bool:
        """The inverse."""
        return self.is_over

    def is_in_transaction(self) -> bool:
        """Whether the path has begun one, or was given one."""
        return self.path is not None and bool(self.path.is_open(self.connection))

    def abort(self) -> None:
        """Nothing is there."""
        self.is_over = True

    async def close(self, timeout: float | None = None) -> None:
        """Nothing is there."""
        self.is_over = True

    def _get_timeout(self, timeout: float | None) -> float | None:
        return timeout

    def _is_cancelling(self) -> bool:
        return False


class TapedState:
    """In the place of a statement that the server has prepared."""

    closed = False
    name = "changeover"

    def __init__(self, query: str, record_class: type, path: Any) -> None:
        self.query = query
        self.record_class = record_class
        self._path = path

    def attach(self) -> None:
        """Nobody counts."""

    def detach(self) -> None:
        """Nobody counts."""

    def mark_closed(self) -> None:
        """It can be used no more."""
        self.closed = True

    def mark_unprepared(self) -> None:
        """It never was."""

    def _get_parameters(self) -> Any:
        return self._path.refuse(DESCRIBED)

    def _get_attributes(self) -> Any:
        return self._path.refuse(DESCRIBED)


class Taped:
    """What a stand-in has before the class of the program's connections."""

    __slots__: tuple[str, ...] = ()
    _protocol: Any
    _top_xact: Any

    def __del__(self) -> None:
        """It was never open."""

    async def _get_statement(
        self, query: str, timeout: float | None, *, record_class: type | None = None, **_: Any
    ) -> TapedState:
        return TapedState(query, record_class or self._protocol.get_record_class(), self._protocol.path)

    async def close(self, *, timeout: float | None = None) -> None:
        """Close it; what was not committed is undone."""
        self.terminate()

    def terminate(self) -> None:
        """The same."""
        if self._protocol.path is not None:
            self._protocol.path.dropped(self)
        self._protocol.is_over = True

    async def reset(self, *, timeout: float | None = None) -> None:
        """What was not committed is undone."""
        self._let_go()

    async def _reset(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if self._protocol.path is not None:
            self._protocol.path.dropped(self)
        self._top_xact = None

    def _maybe_gc_stmt(self, stmt: Any) -> None:
        """No statement is prepared."""


class _ManagedElsewhere:
    """A transaction of the caller, around what the path does."""

    _isolation = None
    _managed = True


def taped_connection(cls: type, path: Any, *, like: Any = None, record_class: type | None = None) -> Any:
    """A stand-in of a class of connections.

    Args:
        cls: that of the program's connection.
        path: the follower of the replay; None for one that is exchanged before it is used.
        like: the program's connection, whose server has a version; None where there is none.
        record_class: of the records that it gives.
    """
    version = VERSION if like is None else like._protocol.get_settings().server_version
    if record_class is None:
        record_class = Record if like is None else like._protocol.get_record_class()
    protocol = TapedProtocol(path, version, record_class)
    config = SimpleNamespace(
        statement_cache_size=0,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
        command_timeout=None,
    )
    if path is None:
        made = _class_for(cls).__new__(_class_for(cls))
        made._protocol, made._aborted, made._pool_release_ctr = protocol, False, 0
        return made
    made = _class_for(cls)(protocol, None, asyncio.get_running_loop(), None, config, SimpleNamespace())
    protocol.connection = made
    return made


def give_block(connection: Any) -> None:
    """Let a stand-in have the transaction of the path's caller."""
    connection._protocol.path.open_for_caller(connection)
    connection._top_xact = _ManagedElsewhere()


def is_taped(connection: Any) -> bool:
    """Whether it is a stand-in."""
    return isinstance(connection, Taped)


@lru_cache(maxsize=64)
def _class_for(cls: type) -> Any:
    base = next((one for one in cls.__mro__ if Taped not in one.__mro__), Connection)
    return type(base.__name__, (Taped, base), {"__slots__": ("__dict__",), "__module__": base.__module__})


class TapedHolder:
    """In the place of a pool's holder of a connection.

    Args:
        pool: whose connection a replay has acquired.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._timeout = None

    def _release_on_close(self) -> None:
        """The pool has nothing of it."""


def taped_proxy(pool: Any, connection: Any) -> Any:
    """What a pool gives a replay."""
    from asyncpg.pool import PoolConnectionProxy

    return PoolConnectionProxy(TapedHolder(pool), connection)


def give_back(pool: Any, proxy: Any) -> None:
    """A replay gives it back; raises what the library raises for what is none of the pool."""
    if not hasattr(proxy, "_holder") or proxy._holder._pool is not pool:
        raise InterfaceError(
            f"Pool.release() received invalid connection: {proxy!r} is not a member of this pool"
        )
    connection = proxy._con
    if connection is not None:
        connection._on_release()
        proxy._detach()
        connection._let_go()
