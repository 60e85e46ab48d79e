"""What `sqlite3.connect` is given, and which file that is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import get_ident
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from weakref import ref

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
UNFOLLOWED = "a connection whose factory is a function: what is done on it is not seen; give a class"
NOWHERE = "unable to open database file"
"""What a copy is opened with as the program's connection was."""


def file_of(database: Any, *, uri: bool = False) -> str | None:
    """The file, from the root; `:memory:`, or None for what is none of both, or said never to change."""
    if not isinstance(database, str | bytes | os.PathLike):
        return None
    name = os.fsdecode(database)
    if uri and name.startswith("file:"):
        parts = urlsplit(name)
        if "immutable=1" in parts.query:
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
        given["factory"] = followed_connection(given.get("factory", sqlite3.Connection))
        if found is not None and path == MEMORY:  # one that the path makes is none of the world
            return original(**given)
        database = given.pop("database")
        is_of_thread = bool(given.get("check_same_thread", True))
        given["check_same_thread"] = is_of_thread and sqlite3.threadsafety < MANY_THREADS
        if found is not None and found.replaying:
            _check_can_be_opened(path, database, uri=given.get("uri") is True)
            made = original(MEMORY, **{**given, "uri": False})
        elif found is not None:
            with outside():
                made = original(database, **given)
        else:
            made = original(database, **given)
        if found is not None and not isinstance(made, FollowedConnection):
            found.cannot_see(UNFOLLOWED)
        if isinstance(made, FollowedConnection):
            made.changeover_path, made.changeover_made_by = path, found
            made.changeover_thread = get_ident() if is_of_thread else None
            options = {name: given[name] for name in _OF_COPIES if name in given}
            is_uri = given.get("uri") is True
            made.changeover_options = {**options, "database": _from_the_root(database, path, is_uri)}
            if _is_read_alone(database):
                made.changeover_options = {**options, "database": path, "uri": False}
            if found is not None and found.replaying:
                made.changeover_opens = partial(_open, ref(made), database, given, is_of_thread=is_of_thread)
        return made

    return connect


def _is_read_alone(database: Any) -> bool:
    return "mode=ro" in urlsplit(os.fsdecode(database)).query


def _check_can_be_opened(path: str, database: Any, *, uri: bool) -> None:
    """Raises what `sqlite3` does where there is no such file, or no place for it."""
    asks = urlsplit(os.fsdecode(database)).query if uri else ""
    may_be_made = "mode=ro" not in asks and "mode=rw&" not in f"{asks}&"
    if not Path(path).exists() and not (may_be_made and Path(path).parent.is_dir()):
        raise sqlite3.OperationalError(NOWHERE)


def _open(
    connection: ref[FollowedConnection], database: Any, given: dict[str, Any], *, is_of_thread: bool
) -> None:
    """Open what a replay only promised to open: the program has kept the connection, and uses it."""
    made = connection()
    if made is None:
        return
    made.changeover_opens, made.changeover_made_by = None, None
    made.changeover_thread = get_ident() if is_of_thread else None
    kept = (made.row_factory, made.text_factory)
    options = {name: value for name, value in given.items() if name != "factory"}
    options["isolation_level"] = made.isolation_level
    attributes = {**vars(made)}
    sqlite3.Connection.__init__(made, database, **options)  # which begins by clearing them
    vars(made).update(attributes)
    made.row_factory, made.text_factory = kept
    for name, args, kwargs in vars(made).get("changeover_registered", ()):
        getattr(sqlite3.Connection, name)(made, *args, **kwargs)
    for statement in made.changeover_settings.values():
        sqlite3.Cursor(made).execute(statement)
