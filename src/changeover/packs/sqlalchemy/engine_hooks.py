"""Where an engine sends statements, commits and connects: the functions of its own dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.database.timed import timed
from changeover.packs.host import cannot_be_given, follower_where, is_replayed
from changeover.packs.patches import replace
from changeover.packs.sqlalchemy.answering_path import CAPTURE
from changeover.packs.sqlalchemy.sent_statement import SentStatement

NAME = "sqlalchemy"
OTHER = "an engine was used that another migration covers, and this one does not"
PACK = "changeover_pack"
"""Where a dialect says that a pack follows it."""
_ALTERS = frozenset({"ALTER", "alter", "Alter"})
"""Temporary triggers that name a column keep SQLite from changing it: they go before."""
_SENDING = ("do_execute", "do_executemany", "do_execute_no_params")


def hook(dialect: Any) -> None:
    """Replace the functions of this dialect alone, once; outside of runs they do what they did."""
    if getattr(dialect, PACK, None) is not None:
        return
    setattr(dialect, PACK, True)
    for function in _SENDING:
        setattr(dialect, function, _sending(dialect, getattr(dialect, function)))
    for function in ("do_commit", "do_rollback"):
        setattr(dialect, function, _ending(dialect, getattr(dialect, function), function.removeprefix("do_")))
    for function in ("set_isolation_level", "reset_isolation_level"):
        setattr(dialect, function, _setting(dialect, getattr(dialect, function)))
    dialect.do_close = _closing(dialect, dialect.do_close)


def hook_pools(pool_class: type) -> None:
    """Let replays connect to their copy, whichever pool an engine has now."""
    replace(pool_class, "connect", _connecting)


def _follower(dialect: Any) -> Any | None:
    """Who follows the path under way here on the database of this dialect."""
    return follower_where(lambda one: getattr(one, "dialect", None) is dialect)


def _sending(dialect: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    def send(cursor: Any, statement: str, *rest: Any, **named: Any) -> Any:
        found = _follower(dialect)
        if found is None and is_replayed():
            cannot_be_given(NAME, OTHER)
        if found is None and statement[:5] not in _ALTERS:
            return original(cursor, statement, *rest, **named)
        context = named.get("context", rest[-1] if rest else None)
        fairy = None if context is None else context.root_connection.connection
        if fairy is None or not _is_of_pool(fairy):
            return original(cursor, statement, *rest, **named)
        if statement[:5] in _ALTERS and fairy.info.get(CAPTURE) is not None:
            fairy.info[CAPTURE].remove()
        if found is None:
            return original(cursor, statement, *rest, **named)
        sent = SentStatement(cursor, statement, rest[0] if len(rest) > 1 else (), context, fairy)
        with timed(found):
            return found.execute(lambda: original(cursor, statement, *rest, **named), sent)

    return send


def _ending(dialect: Any, original: Callable[..., Any], what: str) -> Callable[..., Any]:
    def end(fairy: Any) -> Any:
        found = _follower(dialect)
        if found is None or not _is_of_pool(fairy):
            return original(fairy)
        with timed(found):
            return getattr(found, what)(lambda: original(fairy), fairy)

    return end


def _is_of_pool(fairy: Any) -> bool:
    """Whether a path has the connection; while a dialect looks at its first one, nobody has it."""
    return type(fairy).__name__ != "_AdhocProxiedConnection"


def _setting(dialect: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    def set_it(*args: Any, **kwargs: Any) -> Any:
        found = _follower(dialect)
        if found is None:
            return original(*args, **kwargs)
        return found.drive(lambda: original(*args, **kwargs))

    return set_it


def _closing(dialect: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    def close(connection: Any) -> Any:
        found = _follower(dialect)
        if found is not None:
            found.close(connection)
        return original(connection)

    return close


def _connecting(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(pool: Any) -> Any:
        dialect = pool._dialect
        found: Any = None if getattr(dialect, PACK, None) is None else _follower(dialect)
        if found is None or getattr(pool, "changeover_own", False):
            return original(pool)
        with timed(found):
            return found.connect(lambda: original(pool))

    return connect
