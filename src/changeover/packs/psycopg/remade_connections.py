"""Connections in stored runs: elsewhere a replay gets others of their kind, which reach nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from changeover.packs.psycopg.statements import OWN
from changeover.record.class_lookup import full_name, imported_class

_FACTORIES = "psycopg.rows"


def describe(handle: Any) -> Mapping[str, Any] | None:
    """What is written of a connection; None where its rows are made by a function that has no name."""
    rows, cursors = handle.row_factory, handle.cursor_factory
    is_named = getattr(sys.modules.get(_FACTORIES), getattr(rows, "__name__", ""), None) is rows
    if getattr(handle, OWN, False) or not is_named or not _is_known(cursors):
        return None
    named = (one for one in type(handle).__mro__ if _is_known(one))
    return {
        "class": next(one for one in named if not one.__module__.startswith("changeover.")),
        "autocommit": handle._autocommit,
        "rows": rows.__name__,
        "cursors": cursors,
    }


def make(data: Mapping[str, Any]) -> Any:
    """One of the same kind; raises ValueError where nothing like that is written."""
    from psycopg import AsyncConnection, AsyncCursor, Connection, Cursor

    from changeover.packs.psycopg.taped_connection import taped_connection

    cls, cursors = data.get("class"), data.get("cursors")
    factory = getattr(sys.modules[_FACTORIES], str(data.get("rows")), None)
    is_ours = _is_of(cls, (Connection, AsyncConnection)) and _is_of(cursors, (Cursor, AsyncCursor))
    if not is_ours or getattr(factory, "__module__", None) != _FACTORIES:
        raise ValueError(f"{cls!r} is no class of connections of psycopg")
    options = {
        "autocommit": data.get("autocommit") is True,
        "row_factory": factory,
        "cursor_factory": cursors,
    }
    return taped_connection(cls, None, options=options)  # type: ignore[arg-type]


def _is_of(found: Any, classes: tuple[type, ...]) -> bool:
    return isinstance(found, type) and issubclass(found, classes)


def _is_known(cls: Any) -> bool:
    return isinstance(cls, type) and imported_class(full_name(cls)) is cls
