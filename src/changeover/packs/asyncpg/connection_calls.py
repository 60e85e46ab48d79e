"""asyncpg: what connections send, and what is no statement of a path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.asyncpg.statements import NAME, NONE, ROWS, AsyncpgPath, listed
from changeover.packs.database.timed import timed
from changeover.packs.host import apart, cannot_be_followed, follower
from changeover.packs.patches import replace

Function = Callable[..., Any]
_PASSING = ("_get_statement", "close", "reset")
_SETTING = ("set_type_codec", "set_builtin_type_codec", "reset_type_codec", "reload_schema_state")
_MADE_HERE = ("transaction", "cursor", "is_in_transaction", "get_server_pid", "_prepare")
_COPYING = ("copy_from_table", "copy_from_query", "copy_to_table")
_LISTENING = ("add_listener", "remove_listener", "add_log_listener", "remove_log_listener")
COPY = "COPY of asyncpg with a file or a stream ({}): what goes through it is not kept"
LISTEN = "LISTEN of asyncpg ({}): what comes is asked for by nobody"
AWAITED = "arguments of asyncpg that have to be awaited ({}): they are not kept"
NO_CONNECTION = "a connection to the database could not be opened: {}"


def patch(module: Any) -> None:
    """Let every connection ask first, also those that are open already."""
    cls = module.Connection
    replace(cls, "execute", _executing)
    replace(cls, "_execute", _asking)
    replace(cls, "_executemany", _asking_many)
    replace(cls, "copy_records_to_table", _copying_records)
    for name in _PASSING:
        replace(cls, name, _passing)
    for name in _SETTING:
        replace(cls, name, _setting)
    for name in _MADE_HERE:
        replace(cls, name, _made_here)
    for name in _COPYING:
        replace(cls, name, _refusing(COPY))
    for name in _LISTENING:
        replace(cls, name, _refusing(LISTEN))
    replace(cls, "terminate", _terminating)
    replace(module, "connect", _connecting)


def _executing(original: Function) -> Function:
    async def execute(self: Any, query: str, *args: Any, timeout: float | None = None) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, query, *args, timeout=timeout)
        here = found.here(self)
        if args:  # it goes on to `_execute`
            return await original(here, query, *args, timeout=timeout)

        async def send() -> tuple[None, str]:
            return None, await original(here, query, timeout=timeout)

        _check_open(here)
        _, status = await found.ask(here, (query, (), NONE), send)
        return status

    return execute


def _asking(original: Function) -> Function:
    def _execute(
        self: Any, query: str, args: Any, limit: int, timeout: float | None, **options: Any
    ) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return original(self, query, args, limit, timeout, **options)
        return _executed(found, original, found.here(self), query, args, limit, timeout, options)

    return _execute


async def _executed(
    found: AsyncpgPath,
    original: Function,
    here: Any,
    query: str,
    args: Any,
    limit: int,
    timeout: float | None,
    options: dict[str, Any],
) -> Any:
    with_status = options.pop("return_status", False)
    is_whole: list[bool] = []

    async def send() -> tuple[Any, Any]:
        rows, status, whole = await original(
            here, query, args, limit, timeout, return_status=True, **options
        )
        is_whole.append(whole)
        return rows, status

    asked = (query, tuple(args), ROWS.get(limit, str(limit)))
    rows, status = await found.ask(here, asked, send, record_class=options.get("record_class"))
    if not with_status:
        return rows
    return rows, status.encode() if isinstance(status, str) else status, is_whole[0] if is_whole else True


def _asking_many(original: Function) -> Function:
    async def _executemany(self: Any, query: str, args: Any, timeout: float | None, **options: Any) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, query, args, timeout, **options)
        here, known = found.here(self), listed(args)
        if known is None:
            found.refuse(AWAITED.format("executemany"))
            return await original(here, query, args, timeout, **options)
        rows = "of each" if options.get("return_rows") else NONE

        async def send() -> tuple[Any, None]:
            return await original(here, query, known, timeout, **options), None

        cls = options.get("record_class")
        given, _ = await found.ask(here, (query, tuple(known), rows), send, record_class=cls)
        return given

    return _executemany


def _copying_records(original: Function) -> Function:
    async def copy_records_to_table(self: Any, table_name: str, *, records: Any, **options: Any) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, table_name, records=records, **options)
        here, known = found.here(self), listed(records)
        if known is None:
            found.refuse(AWAITED.format("copy_records_to_table"))
            return await original(here, table_name, records=records, **options)
        _check_open(here)

        async def send() -> tuple[None, str]:
            return None, await original(here, table_name, records=known, **options)

        asked = (_copy_text(table_name, options), tuple(map(tuple, known)), NONE)
        _, status = await found.ask(here, asked, send)
        return status

    return copy_records_to_table


def _copy_text(table: str, options: dict[str, Any]) -> str:
    schema, columns, where = (options.get(name) for name in ("schema_name", "columns", "where"))
    named = f"{schema}.{table}" if schema else table
    listed_columns = f" ({', '.join(columns)})" if columns else ""
    return f"COPY {named}{listed_columns} FROM STDIN" + (f" WHERE {where}" if where else "")


def _check_open(connection: Any) -> None:
    """Raise what the library raises where a connection is closed."""
    connection._check_open()


def _passing(original: Function) -> Function:
    """What reaches the server, and is no statement of the path."""

    async def passing(self: Any, *args: Any, **kwargs: Any) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, *args, **kwargs)
        here = found.here(self)
        if here is not self:
            return await getattr(here, original.__name__)(*args, **kwargs)
        if original.__name__ in ("close", "reset"):
            found.dropped(self)
        with timed(found):
            return await apart(lambda: original(self, *args, **kwargs))

    return passing


def _setting(original: Function) -> Function:
    """How values are read and written: on the tape they are read already."""

    async def setting(self: Any, *args: Any, **kwargs: Any) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(self, *args, **kwargs)
        if found.replaying:
            return None
        with timed(found):
            return await apart(lambda: original(self, *args, **kwargs))

    return setting


def _made_here(original: Function) -> Function:
    def made(self: Any, *args: Any, **kwargs: Any) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None or not found.replaying:
            return original(self, *args, **kwargs)
        return original(found.here(self), *args, **kwargs)

    return made


def _terminating(original: Function) -> Function:
    def terminate(self: Any) -> None:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            original(self)
            return
        here = found.here(self)
        if here is not self:
            here.terminate()
            return
        found.dropped(self)
        original(self)

    return terminate


def _refusing(why: str) -> Callable[[Function], Function]:
    def refusing(original: Function) -> Function:
        def refused(self: Any, *args: Any, **kwargs: Any) -> Any:
            found: AsyncpgPath | None = follower(NAME)
            if found is None:
                return original(self, *args, **kwargs)
            found.refuse(why.format(original.__name__))
            return original(self, *args, **kwargs)

        return refused

    return refusing


def _connecting(original: Function) -> Function:
    async def connect(*args: Any, **kwargs: Any) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(*args, **kwargs)
        if found.replaying:
            from asyncpg.connection import Connection

            return found.new_connection(
                kwargs.get("connection_class") or Connection, kwargs.get("record_class")
            )
        return await opened(found, lambda: original(*args, **kwargs))

    return connect


async def opened(found: AsyncpgPath, make: Callable[[], Any]) -> Any:
    """A connection that the answering path opens or takes; one that cannot be had says nothing of a replay."""
    try:
        with timed(found):
            return await apart(make)
    except Exception as error:
        cannot_be_followed(NO_CONNECTION.format(type(error).__name__))
        raise


