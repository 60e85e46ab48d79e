"""Connections that nobody follows: they were opened before the pack was in use."""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from changeover.packs.sqlite.connection import FollowedConnection, follower_of_file
from changeover.packs.sqlite.opened_database import MEMORY

OLDER = (
    'a connection to {} is older than use("sqlite3"), so that nobody sees what it does: import the module of '
    "the migration before it is opened"
)
_OWN = "changeover."


class FirstLook:
    """Whether all objects of this process were gone through, which takes time and is done once.

    What is opened later, between two lines of `use`, is found among the young objects.
    """

    is_over = False


FIRST_LOOK = FirstLook()


def opened_before(covers: Callable[[str], bool]) -> Iterator[str]:
    """The files of open connections of the program that should be followed and are not, each once."""
    yield from sorted({path for _, path in _not_followed(_connections()) if path != MEMORY and covers(path)})


def guard_opened_before(covers: Callable[[str], bool]) -> None:
    """Let such a connection do nothing in a replay, and no run pass as compared in which it was used.

    `sqlite3` tells of each statement before it runs, and one that is interrupted then does nothing. The
    connection loses a trace callback that the program gave it before.
    """
    for connection, path in _not_followed(_connections(only_young=FIRST_LOOK.is_over)):
        if covers(path):
            with suppress(sqlite3.Error):  # of another thread
                sqlite3.Connection.set_trace_callback(connection, _guard(id(connection), path))
    FIRST_LOOK.is_over = True


def _guard(identity: int, path: str) -> Callable[[str], None]:
    """What hears of its statements; it keeps no connection open, and `sqlite3` has no weak references."""

    def hear(_: str) -> None:
        follower = follower_of_file(path)
        if follower is None:
            return
        try:
            follower.cannot_see(OLDER.format(path))
        finally:
            if follower.replaying:
                for connection in _connections():
                    if id(connection) == identity:
                        sqlite3.Connection.interrupt(connection)

    return hear


def _connections(*, only_young: bool = False) -> list[sqlite3.Connection]:
    """Those of this process; the young ones are those that no full collection has met yet."""
    classes = _with_derived(sqlite3.Connection) - _with_derived(FollowedConnection)
    if not only_young:
        return [one for one in gc.get_objects() if type(one) in classes]
    return [one for number in (0, 1) for one in gc.get_objects(number) if type(one) in classes]


def _with_derived(cls: type) -> set[type]:
    return {cls}.union(*map(_with_derived, type.__subclasses__(cls)))


def _not_followed(connections: Iterable[sqlite3.Connection]) -> Iterator[tuple[sqlite3.Connection, str]]:
    for one in connections:
        if not type(one).__module__.startswith(_OWN):
            with suppress(sqlite3.Error):  # closed, or of another thread
                (_, _, file), *_ = sqlite3.Cursor(one).execute("PRAGMA database_list").fetchall()
                yield one, os.path.realpath(file) if file else MEMORY
