"""What `sqlite3.connect` is given, and which file that is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from threading import get_ident
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from changeover.packs.host import outside
from changeover.packs.sqlite.connection import FollowedConnection, followed_connection, follower_of_file

MEMORY = ":memory:"
MANY_THREADS = 3
"""`sqlite3.threadsafety` of a library that threads may share connections of."""
_NAMES = (
    *("database", "timeout", "detect_types", "isolation_level", "check_same_thread", "factory"),
    *("cached_statements", "uri"),
)
_OF_COPIES = ("detect_types", "cached_statements", "uri")
"""What a copy is opened with as the program's connection was."""


def file_of(database: Any, *, uri: bool = False) -> str | None:
    """The file, from the root; `:memory:`, or None for what is none of both, or opened to be read alone."""
    if not isinstance(database, str | bytes | os.PathLike):
        return None
    name = os.fsdecode(database)
    if uri and name.startswith("file:"):
        parts = urlsplit(name)
        if "mode=ro" in parts.query or "immutable=1" in parts.query:
            return None
        name = MEMORY if "mode=memory" in parts.query else unquote(parts.path)
    if name in (MEMORY, ""):
        return MEMORY
    return os.path.realpath(name)


def _from_the_root(database: Any, path: str, is_uri: bool) -> Any:
    """What opens the same database later: a program may have changed its working folder by then."""
    name = os.fsdecode(database)
    if path == MEMORY:
        return database
    if not (is_uri and name.startswith("file:")):
        return path
    return urlunsplit(("file", "", quote(path), urlsplit(name).query, ""))


def connecting(is_covered: Callable[[str], bool], original: Callable[..., Any]) -> Callable[..., Any]:
    """What stands in the place of `sqlite3.connect`.

    Args:
        is_covered: whether a pack covers a file.
        original: what opens a connection.
    """

    def connect(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(_NAMES, args, strict=False)) | kwargs
        path = file_of(given.get("database"), uri=given.get("uri") is True)
        if path is None or not is_covered(path) or len(args) > len(_NAMES):
            return original(*args, **kwargs)
        found = follower_of_file(path)
        if found is not None and path == MEMORY:  # one that the path makes is none of the world
            return original(*args, **kwargs)
        given["factory"] = followed_connection(given.get("factory", sqlite3.Connection))
        database = given.pop("database")
        is_of_thread = bool(given.get("check_same_thread", True))
        given["check_same_thread"] = is_of_thread and sqlite3.threadsafety < MANY_THREADS
        if found is not None and found.replaying:
            given |= {"uri": False}
            made = original(MEMORY, **given)
        elif found is not None:
            with outside():
                made = original(database, **given)
        else:
            made = original(database, **given)
        if isinstance(made, FollowedConnection):
            made.changeover_path, made.changeover_made_by = path, found
            made.changeover_thread = get_ident() if is_of_thread else None
            options = {name: given[name] for name in _OF_COPIES if name in given}
            made.changeover_options = {
                "database": _from_the_root(database, path, given.get("uri") is True),
                **options,
            }
        return made

    return connect
