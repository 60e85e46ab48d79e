"""asyncpg: what connections send, and what is no statement of a path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.asyncpg.asked_here import Followed, Function, followed_by
from changeover.packs.asyncpg.statements import NAME, NONE, ROWS, AsyncpgPath, listed
from changeover.packs.database.timed import timed
from changeover.packs.host import apart, cannot_be_followed, follower
from changeover.packs.patches import replace

COPY = "COPY of asyncpg with a file or a stream ({}): what goes through it is not kept"
LISTEN = "LISTEN of asyncpg ({}): what comes is asked for by nobody"
AWAITED = "arguments of asyncpg that have to be awaited ({}): they are not kept"
NO_CONNECTION = "a connection to the database could not be opened: {}"


def patch(module: Any) -> None:
    """Let every connection ask first, also those that are open already."""
    for name, followed in _FOLLOWED.items():
        replace(module.Connection, name, followed_by(followed))
    replace(module, "connect", _connecting)


async def _execute_one(
    found: AsyncpgPath, original: Function, self: Any, query: str, *args: Any, timeout: float | None = None
) -> Any:
    here = found.here(self)
    if args:  # it goes on to `_execute`
        return await original(here, query, *args, timeout=timeout)
    here._check_open()

    async def send() -> tuple[None, str]:
        return None, await original(here, query, timeout=timeout)

    _, status = await found.rows_of(here, (query, (), NONE), send)
    return status


async def _execute(
    found: AsyncpgPath,
    original: Function,
    self: Any,
    query: str,
    args: Any,
    limit: int,
    timeout: float | None,
    *,
    return_status: bool = False,
    **options: Any,
) -> Any:
    here, is_whole = found.here(self), list[bool]()

    async def send() -> tuple[Any, Any]:
        rows, status, whole = await original(here, query, args, limit, timeout, return_status=True, **options)
        is_whole.append(whole)
        return rows, status

    asked = (query, tuple(args), ROWS.get(limit, str(limit)))
    rows, status = await found.rows_of(here, asked, send, record_class=options.get("record_class"))
    if not return_status:
        return rows
    return rows, status.encode() if isinstance(status, str) else status, is_whole[0] if is_whole else True


async def _execute_many(
    found: AsyncpgPath,
    original: Function,
    self: Any,
    query: str,
    args: Any,
    timeout: float | None,
    **options: Any,
) -> Any:
    here, known = found.here(self), listed(args)
    if known is None:
        found.refuse(AWAITED.format("executemany"))
        return await original(here, query, args, timeout, **options)
    rows = "of each" if options.get("return_rows") else NONE

    async def send() -> tuple[Any, None]:
        return await original(here, query, known, timeout, **options), None

    cls = options.get("record_class")
    given, _ = await found.rows_of(here, (query, tuple(known), rows), send, record_class=cls)
    return given


async def _copy_records(
    found: AsyncpgPath, original: Function, self: Any, table_name: str, *, records: Any, **options: Any
) -> Any:
    here, known = found.here(self), listed(records)
    if known is None:
        found.refuse(AWAITED.format("copy_records_to_table"))
        return await original(here, table_name, records=records, **options)
    here._check_open()

    async def send() -> tuple[None, str]:
        return None, await original(here, table_name, records=known, **options)

    asked = (_copy_text(table_name, options), tuple(map(tuple, known)), NONE)
    _, status = await found.rows_of(here, asked, send)
    return status


def _copy_text(table: str, options: dict[str, Any]) -> str:
    schema, columns, where = (options.get(name) for name in ("schema_name", "columns", "where"))
    named = f"{schema}.{table}" if schema else table
    listed_columns = f" ({', '.join(columns)})" if columns else ""
    return f"COPY {named}{listed_columns} FROM STDIN" + (f" WHERE {where}" if where else "")


async def _pass(found: AsyncpgPath, original: Function, self: Any, *args: Any, **kwargs: Any) -> Any:
    """What reaches the server, and is no statement of the path."""
    here = found.here(self)
    if here is not self:
        return await getattr(here, original.__name__)(*args, **kwargs)
    if original.__name__ != "_get_statement":
        found.dropped(self)
    with timed(found):
        return await apart(lambda: original(self, *args, **kwargs))


async def _set(found: AsyncpgPath, original: Function, self: Any, *args: Any, **kwargs: Any) -> Any:
    """How values are read and written: on the tape they are read already."""
    if found.replaying:
        return None
    with timed(found):
        return await apart(lambda: original(self, *args, **kwargs))


def _make_here(found: AsyncpgPath, original: Function, self: Any, *args: Any, **kwargs: Any) -> Any:
    return original(found.here(self) if found.replaying else self, *args, **kwargs)


def _terminate(found: AsyncpgPath, original: Function, self: Any) -> None:
    here = found.here(self)
    if here is not self:
        here.terminate()
        return
    found.dropped(self)
    original(self)


def _refuse(why: str) -> Followed:
    def refused(found: AsyncpgPath, original: Function, self: Any, *args: Any, **kwargs: Any) -> Any:
        found.refuse(why.format(original.__name__))
        return original(self, *args, **kwargs)

    return refused


_FOLLOWED: dict[str, Followed] = {
    "execute": _execute_one,
    "_execute": _execute,
    "_executemany": _execute_many,
    "copy_records_to_table": _copy_records,
    **dict.fromkeys(("_get_statement", "close", "reset"), _pass),
    **dict.fromkeys(
        ("set_type_codec", "set_builtin_type_codec", "reset_type_codec", "reload_schema_state"), _set
    ),
    **dict.fromkeys(("transaction", "cursor", "is_in_transaction", "get_server_pid", "_prepare"), _make_here),
    **dict.fromkeys(("copy_from_table", "copy_from_query", "copy_to_table"), _refuse(COPY)),
    **dict.fromkeys(("add_listener", "remove_listener"), _refuse(LISTEN)),
    **dict.fromkeys(("add_log_listener", "remove_log_listener"), _refuse(LISTEN)),
    "terminate": _terminate,
}


def _connecting(original: Function) -> Function:
    async def connect(*args: Any, **kwargs: Any) -> Any:
        found: AsyncpgPath | None = follower(NAME)
        if found is None:
            return await original(*args, **kwargs)
        if not found.replaying:
            return await opened(found, lambda: original(*args, **kwargs))
        from asyncpg.connection import Connection

        return found.new_connection(kwargs.get("connection_class") or Connection, kwargs.get("record_class"))

    return connect


async def opened(found: AsyncpgPath, make: Callable[[], Any]) -> Any:
    """A connection that the answering path opens; one that cannot be had says nothing of a replay."""
    try:
        with timed(found):
            return await apart(make)
    except Exception as error:
        cannot_be_followed(NO_CONNECTION.format(type(error).__name__))
        raise
