"""Connections that nobody follows: they were opened before the pack was in use."""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress

from changeover.packs.sqlite.connection import FollowedConnection
from changeover.packs.sqlite.opened_database import MEMORY

_OWN = "changeover."


def opened_before(covers: Callable[[str], bool]) -> Iterator[str]:
    """The files of open connections of the program that should be followed and are not, each once."""
    found: set[str] = set()
    for one in gc.get_objects():
        cls = type(one)
        if not issubclass(cls, sqlite3.Connection) or issubclass(cls, FollowedConnection):
            continue
        if not cls.__module__.startswith(_OWN):
            with suppress(sqlite3.Error):  # closed, or of another thread
                (_, _, file), *_ = sqlite3.Cursor(one).execute("PRAGMA database_list").fetchall()
                found.add(os.path.realpath(file) if file else MEMORY)
    yield from sorted(path for path in found if path != MEMORY and covers(path))
