"""Where Django sends statements, commits and connects: methods of its connections and cursors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.database.timed import timed
from changeover.packs.django.database import CAPTURE
from changeover.packs.host import follower_where, outside
from changeover.packs.patches import replace

NAME = "django"
DRIVERS = tuple(f"django.db.backends.{kind}.base" for kind in ("sqlite3", "postgresql", "mysql", "oracle"))
_ALTERS = "ALTER"
"""Temporary triggers that name a column keep SQLite from changing it: they go before."""


def _follower(connection: Any) -> Any | None:
    """Who follows the path under way here on the database of a connection; else who follows it on another."""
    alias = getattr(connection, "alias", None)
    found = follower_where(lambda one: getattr(one, "alias", None) == alias)
    return follower_where(lambda one: hasattr(one, "alias")) if found is None else found


def hook_cursors(module: Any) -> None:
    """Replace what `django.db.backends.utils` sends statements with; outside of runs it does what it did."""
    for function in ("_execute", "_executemany", "callproc"):
        replace(module.CursorWrapper, function, _sending)


def hook_connections(module: Any) -> None:
    """Replace what `django.db.backends.base.base` commits and connects with."""
    base = module.BaseDatabaseWrapper
    replace(base, "_commit", _ending("commit"))
    replace(base, "_rollback", _ending("rollback"))
    replace(base, "connect", _ending("connect"))
    replace(base, "close", _closing)


def hook_driver(module: Any) -> None:
    """Replace what one kind of database sets autocommit with, and goes through many rows with."""
    replace(module.DatabaseWrapper, "_set_autocommit", _setting)
    replace(module.DatabaseWrapper, "chunked_cursor", _chunking)


def _sending(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(cursor: Any, statement: str, *rest: Any, **named: Any) -> Any:
        found = _follower(cursor.db)
        capture = getattr(cursor.db, CAPTURE, None)
        if capture is not None and str(statement)[:5].upper() == _ALTERS:
            capture[1].remove()
        if found is None:
            return original(cursor, statement, *rest, **named)
        if original.__name__ == "_executemany" and rest:
            rest = (list(rest[0]), *rest[1:])
        if original.__name__ == "callproc":
            found.cannot_see(f"callproc of {statement}")
        with timed(found):
            return found.execute(
                lambda: original(cursor, statement, *rest, **named), cursor, statement, *rest[:1]
            )

    return send


def _ending(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def end(connection: Any) -> Any:
            found = _follower(connection)
            if found is None:
                return original(connection)
            with timed(found):
                return getattr(found, what)(lambda: original(connection), connection)

        return end

    return make


def _setting(original: Callable[..., Any]) -> Callable[..., Any]:
    def set_it(connection: Any, autocommit: bool) -> Any:
        if _follower(connection) is None:
            return original(connection, autocommit)
        with outside():
            return original(connection, autocommit)

    return set_it


def _chunking(original: Callable[..., Any]) -> Callable[..., Any]:
    """A path is given all rows of an `iterator()` at once: else it would talk to the server later."""

    def chunked(connection: Any) -> Any:
        return original(connection) if _follower(connection) is None else connection.cursor()

    return chunked


def _closing(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(connection: Any) -> Any:
        found = _follower(connection)
        if found is not None:
            found.close(connection)
        return original(connection)

    return close
