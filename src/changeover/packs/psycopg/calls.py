"""psycopg: what connections, cursors and transactions send, whether they are awaited or not."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from changeover.packs.database.timed import timed
from changeover.packs.host import apart, cannot_be_followed, outside
from changeover.packs.patches import replace
from changeover.packs.psycopg.awaited import as_awaited
from changeover.packs.psycopg.statements import ALL, NONE, PsycopgPath, follower_of, text_of
from changeover.packs.psycopg.transaction_calls import ending, patch_transaction

Function = Callable[..., Any]
READ_BY_IT_ALONE = "a statement of psycopg that is a template"
NOT_FOLLOWED = {
    "stream": "rows that are streamed by psycopg",
    "copy": "COPY of psycopg: what goes through it is not kept",
    "notifies": "LISTEN of psycopg: what comes is asked for by nobody",
    "add_notify_handler": "LISTEN of psycopg: what comes is asked for by nobody",
    "pipeline": "a pipeline of psycopg: answers come later than they are asked for",
    "tpc_begin": "a transaction in two phases: who ends it, and how, is not seen here",
    "tpc_recover": "a transaction in two phases: who ends it, and how, is not seen here",
    "tpc_commit": "a transaction in two phases: who ends it, and how, is not seen here",
    "tpc_rollback": "a transaction in two phases: who ends it, and how, is not seen here",
}
NAMED = "a cursor of psycopg with a name: its rows are streamed by the server"
NO_CONNECTION = "a connection to the database could not be opened: {}"


def patch(module: Any) -> None:
    """Let every connection and cursor ask first, also those that are open already."""
    for is_async, prefix in ((False, ""), (True, "Async")):
        connection, cursor = getattr(module, f"{prefix}Connection"), getattr(module, f"{prefix}Cursor")
        replace(cursor, "execute", _executing(is_async, _one))
        replace(cursor, "executemany", _executing(is_async, _many))
        for name in ("stream", "copy"):
            replace(cursor, name, _refusing(NOT_FOLLOWED[name]))
        named = getattr(module, f"{prefix}ServerCursor")
        for name in ("execute", "executemany"):
            replace(named, name, _refusing(NAMED))
        for name in sorted(NOT_FOLLOWED.keys() - {"stream", "copy"}):
            if hasattr(connection, name):
                replace(connection, name, _refusing(NOT_FOLLOWED[name]))
        for name in ("cursor", "execute", "transaction"):
            replace(connection, name, _made_here)
        for name in ("commit", "rollback", "close"):
            replace(connection, name, ending(is_async, name))
        ends = "__aexit__" if is_async else "__exit__"
        replace(connection, ends, _made_here)
        for name in ("autocommit", "isolation_level", "read_only", "deferrable"):
            replace(connection, f"set_{name}", _made_here)
        patch_transaction(getattr(module, f"{prefix}Transaction"), is_async)
        _patch_connect(module, connection, is_async)


def patch_sql(module: Any) -> None:
    """What makes a text of a composed statement asks libpq how, which a replay has not."""
    for cls in [one for one in vars(module).values() if isinstance(one, type)]:
        for name in ("as_bytes", "as_string"):
            if name in vars(cls) and not inspect.isabstract(cls):
                replace(cls, name, _composing)


def _composing(original: Function) -> Function:
    def composed(self: Any, context: Any = None) -> Any:
        inner = getattr(context, "_conn", context)
        if type(getattr(inner, "pgconn", None)).__name__ == "TapedPgConn":
            context = context.adapters
        return original(self, context)

    return composed


def _connection_of(owner: Any) -> Any:
    return getattr(owner, "_conn", owner)


def _one(found: PsycopgPath, cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:
    """What is asked, and with what the library's function is called."""
    text = text_of(query, cursor._conn)
    if text is None:
        found.refuse(READ_BY_IT_ALONE)
    return (text or "", () if params is None else params, ALL), (query, params), options


def _many(found: PsycopgPath, cursor: Any, query: Any, params_seq: Any, **options: Any) -> Any:
    known = params_seq if isinstance(params_seq, (list, tuple)) else [*params_seq]
    text = text_of(query, cursor._conn)
    if text is None:
        found.refuse(READ_BY_IT_ALONE)
    rows = ALL if options.get("returning") else NONE
    return (text or "", tuple(known), rows), (query, known), options


def _executing(is_async: bool, read: Function) -> Callable[[Function], Function]:
    def make(original: Function) -> Function:
        def executed(found: PsycopgPath, self: Any, args: Any, kwargs: Any) -> Any:
            asked, given, options = read(found, self, *args, **kwargs)
            connection = found.own_cursor(self)
            found.before(connection)
            try:
                found.run(self, asked, lambda: original(self, *given, **options))
            except Exception:
                _failed(connection)
                raise
            return self if read is _one else None

        async def executed_async(found: PsycopgPath, self: Any, args: Any, kwargs: Any) -> Any:
            asked, given, options = read(found, self, *args, **kwargs)
            connection = found.own_cursor(self)
            found.before(connection)
            try:
                await found.run_async(self, asked, lambda: original(self, *given, **options))
            except Exception:
                _failed(connection)
                raise
            return self if read is _one else None

        follow = executed_async if is_async else executed

        def execute(self: Any, *args: Any, **kwargs: Any) -> Any:
            found = follower_of(self._conn)
            if found is None or hasattr(self, "_name"):  # those with a name have functions of their own
                return original(self, *args, **kwargs)
            return follow(found, self, args, kwargs)

        return as_awaited(original, execute)

    return make


def _failed(connection: Any) -> None:
    """A transaction of a replay in which a statement was refused goes on to nothing."""
    if hasattr(connection.pgconn, "has_failed"):
        connection.pgconn.has_failed = True


def _refusing(why: str) -> Callable[[Function], Function]:
    def make(original: Function) -> Function:
        def refused(self: Any, *args: Any, **kwargs: Any) -> Any:
            found = follower_of(_connection_of(self))
            if found is not None:
                found.refuse(why)
            return original(self, *args, **kwargs)

        return as_awaited(original, refused)

    return make


def _made_here(original: Function) -> Function:
    def made(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = follower_of(self)
        if found is None or not found.replaying:
            return original(self, *args, **kwargs)
        here = found.here(self)
        if here is self:
            return original(self, *args, **kwargs)
        return getattr(here, original.__name__)(*args, **kwargs)

    return as_awaited(original, made)


def _patch_connect(module: Any, cls: Any, is_async: bool) -> None:
    """`connect` is a function of the class, and one of the module that is bound to it."""
    bare = vars(cls)["connect"].__func__
    if hasattr(bare, "changeover_followed"):
        return

    def opened(owner: Any, found: PsycopgPath, args: Any, kwargs: Any) -> Any:
        if found.replaying:
            return found.new_connection(owner, kwargs)
        try:
            with timed(found), outside():
                return bare(owner, *args, **kwargs)
        except Exception as error:
            cannot_be_followed(NO_CONNECTION.format(type(error).__name__))
            raise

    async def opened_async(owner: Any, found: PsycopgPath, args: Any, kwargs: Any) -> Any:
        if found.replaying:
            return found.new_connection(owner, kwargs)
        try:
            with timed(found):
                return await apart(lambda: bare(owner, *args, **kwargs))
        except Exception as error:
            cannot_be_followed(NO_CONNECTION.format(type(error).__name__))
            raise

    follow = opened_async if is_async else opened

    def connect(owner: Any, *args: Any, **kwargs: Any) -> Any:
        found = follower_of(None)
        return bare(owner, *args, **kwargs) if found is None else follow(owner, found, args, kwargs)

    made = as_awaited(bare, connect)
    made.__doc__, made.__name__, made.__qualname__ = bare.__doc__, bare.__name__, bare.__qualname__
    made.changeover_followed = True  # type: ignore[attr-defined]
    cls.connect = classmethod(made)
    if not is_async:
        bound = cls.connect
        replace(module, "connect", lambda _: lambda *args, **kwargs: bound(*args, **kwargs))
