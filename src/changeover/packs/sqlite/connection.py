"""Connections of the program that ask who follows the path under way.

Outside of runs they do what those of `sqlite3` do. In a replay the same object stands for the copy of its
database, so that a connection which a path finds in a module, an object or its arguments needs no exchange.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import get_ident
from types import MappingProxyType
from typing import Any

from changeover.packs.database.timed import timed
from changeover.packs.host import follower_where
from changeover.packs.sqlite.cursor import BLIND, FollowedCursor, followed_class, followed_cursor
from changeover.packs.sqlite.plain import BACKUP, CURSOR, IN_TRANSACTION, TOTAL_CHANGES
from changeover.record.context import current_session

OTHER_THREAD = (
    "SQLite objects created in a thread can only be used in that same thread. "
    "The object was created in thread id {} and this is thread id {}."
)
REGISTERING = ("create_function", "create_aggregate", "create_collation", "create_window_function")
UNSEEN = ("blobopen", "deserialize", "load_extension", "set_authorizer", "serialize")
OF_PROGRAM = ("set_trace_callback", "set_progress_handler", "setlimit", "enable_load_extension", "interrupt")
"""What a replay may not do to a connection of the program."""


def follower_of_file(path: str) -> Any | None:
    """Who follows the path under way on this database; None outside of runs."""
    return follower_where(lambda one: _covers(one, path))


def _covers(follower: Any, path: str) -> bool:
    covers: Callable[[str], bool] | None = getattr(follower, "covers_file", None)
    return covers is not None and covers(path)


def _is_of_class(name: str) -> property:
    """An attribute of C that a replay sets and reads beside the program's own."""
    plain = vars(sqlite3.Connection)[name]

    def get(self: FollowedConnection) -> Any:
        found = self.changeover_follower()
        own = None if found is None or not found.replaying else found.set_here
        return plain.__get__(self) if own is None or (id(self), name) not in own else own[id(self), name]

    def put(self: FollowedConnection, value: Any) -> None:
        found = self.changeover_follower()
        if found is not None and name == "isolation_level" and value is None:
            self.commit()  # as `sqlite3` does it in C
        if found is None or not found.replaying or self.changeover_made_by is found:
            plain.__set__(self, value)
        else:
            found.set_here[id(self), name] = value

    return property(get, put)


class FollowedConnection(sqlite3.Connection):
    """A connection to a database that a pack covers.

    `changeover_path` is the file, `changeover_options` what the connection was opened with,
    `changeover_made_by` the follower of the path that opened it, None outside of runs. `changeover_thread` is
    the only one that may use it, None where all may: the toolkit looks into it from others, so that this is
    checked here and not in C. `changeover_opens` opens what a replay has only promised to open: the program
    may keep a connection that a replay made. `changeover_settings` are the PRAGMAs that it was set by. Under
    `changeover_lock` one thread at a time asks a connection on which the toolkit listens.
    """

    changeover_path = ""
    changeover_options: Mapping[str, Any] = MappingProxyType({})
    changeover_made_by: Any = None
    changeover_thread: int | None = None
    changeover_opens: Callable[[], None] | None = None
    changeover_settings: Mapping[str, str] = MappingProxyType({})
    changeover_lock: Any = None

    @property
    def changeover_is_closed(self) -> bool:
        """Whether the program has closed it."""
        try:
            TOTAL_CHANGES.__get__(self)
        except sqlite3.ProgrammingError:
            return True
        return False

    def changeover_check(self) -> None:
        """Raises ProgrammingError in a thread that may not use it, as `sqlite3` does."""
        if self.changeover_opens is not None:
            self.changeover_opens()
        if self.changeover_thread not in (None, get_ident()):
            raise sqlite3.ProgrammingError(OTHER_THREAD.format(self.changeover_thread, get_ident()))

    def changeover_follower(self) -> Any | None:
        """Who follows the path under way on this database."""
        path = self.changeover_path
        return follower_of_file(path) if path else None

    row_factory = _is_of_class("row_factory")
    text_factory = _is_of_class("text_factory")
    isolation_level = _is_of_class("isolation_level")

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        """A cursor that is followed as well."""
        made = FollowedCursor if factory is sqlite3.Cursor else followed_cursor(factory)
        found = None if current_session() is None else self.changeover_follower()
        if found is not None and found.replaying:  # in whichever thread
            return found.cursor(self, made)
        self.changeover_check()
        return CURSOR(self, made)

    def execute(self, *args: Any) -> Any:
        """As `sqlite3` does it, by a cursor of its own."""
        return self.cursor().execute(*args)

    def executemany(self, *args: Any) -> Any:
        """The same."""
        return self.cursor().executemany(*args)

    def executescript(self, script: str) -> Any:
        """The same."""
        return self.cursor().executescript(script)

    def commit(self) -> None:
        """Commit, for whoever does it."""
        self._end("commit")

    def rollback(self) -> None:
        """Roll back."""
        self._end("rollback")

    def close(self) -> None:
        """Close the connection."""
        self._end("close")

    def __del__(self) -> None:
        made_by = self.changeover_made_by
        if made_by is not None:
            made_by.drop(self)

    def __enter__(self) -> FollowedConnection:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Any:
        """As `sqlite3` does it in C, past its own methods."""
        if kind is None:
            try:
                self.commit()
            except BaseException:
                self.rollback()
                raise
        else:
            self.rollback()
        return False

    def backup(self, target: Any, *args: Any, **kwargs: Any) -> Any:
        """Into or out of a database that is followed: which rows that changes is not seen."""
        other = target.changeover_follower() if isinstance(target, FollowedConnection) else None
        for found in (self.changeover_follower(), other):
            if found is not None:
                found.cannot_see(BLIND.format("backup"))
        return BACKUP(self, target, *args, **kwargs)

    @property
    def in_transaction(self) -> bool:
        """Whether one is open here."""
        found = self.changeover_follower()
        if found is not None and found.replaying:
            found.check(self)
            return bool(found.is_open(self))
        return bool(IN_TRANSACTION.__get__(self))

    @property
    def total_changes(self) -> int:
        """Of the program's connection alone."""
        found = self.changeover_follower()
        if found is not None:
            found.cannot_see(BLIND.format("total_changes"))
        return int(TOTAL_CHANGES.__get__(self))

    def _end(self, how: str) -> None:
        found = self.changeover_follower()
        if found is None or not found.replaying:
            self.changeover_check()
        if found is None or (not found.replaying and self.changeover_is_closed):
            getattr(sqlite3.Connection, how)(self)
            return
        with timed(found):
            getattr(found, how)(self)


def _registering(name: str) -> Callable[..., Any]:
    """What a program registers is known to a copy of its database as well."""
    plain = getattr(sqlite3.Connection, name)

    def register(self: FollowedConnection, *args: Any, **kwargs: Any) -> Any:
        found = self.changeover_follower()
        if found is not None and found.replaying and self.changeover_made_by is not found:
            return found.cannot_see(BLIND.format(name))
        done = plain(self, *args, **kwargs)
        self.__dict__.setdefault("changeover_registered", []).append((name, args, kwargs))
        return done

    return register


def _of_program(name: str) -> Callable[..., Any]:
    plain = getattr(sqlite3.Connection, name)

    def act(self: FollowedConnection, *args: Any, **kwargs: Any) -> Any:
        found = self.changeover_follower()
        if found is not None and found.replaying and self.changeover_made_by is not found:
            found.cannot_see(BLIND.format(name))
        return plain(self, *args, **kwargs)

    return act


def _unseen(name: str) -> Callable[..., Any]:
    plain = getattr(sqlite3.Connection, name)

    def act(self: FollowedConnection, *args: Any, **kwargs: Any) -> Any:
        found = self.changeover_follower()
        if found is not None:
            found.cannot_see(BLIND.format(name))
        return plain(self, *args, **kwargs)

    return act


for _name in REGISTERING:
    if hasattr(sqlite3.Connection, _name):
        setattr(FollowedConnection, _name, _registering(_name))
for _name in UNSEEN:
    if hasattr(sqlite3.Connection, _name):
        setattr(FollowedConnection, _name, _unseen(_name))
for _name in OF_PROGRAM:
    if hasattr(sqlite3.Connection, _name):
        setattr(FollowedConnection, _name, _of_program(_name))


def followed_connection(factory: Any) -> Any:
    """The class of connections that a program wants, followed; or the function that makes them."""
    if callable(factory) and not isinstance(factory, type):
        return _made_by(factory)
    return followed_class(FollowedConnection, factory, sqlite3.Connection)


def _made_by(factory: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes connections, of which those are followed that are of a class of the program."""

    def make(*args: Any, **kwargs: Any) -> Any:
        made = factory(*args, **kwargs)
        with suppress(TypeError):  # of a class of C
            kind: Any = type(made)
            made.__class__ = followed_class(FollowedConnection, kind, sqlite3.Connection)
        return made

    return make
