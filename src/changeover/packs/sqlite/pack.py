"""`migration.use("sqlite3")`: the rows that a path changes in a database of `sqlite3` are its effects."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakSet

from changeover.errors import DeclarationError
from changeover.packs.database.compared_in_traffic import compared_in_traffic
from changeover.packs.database.named_port import PORT, channel_of_database
from changeover.packs.database.row_operations import ROW_OPERATIONS
from changeover.packs.database.script import KEPT_CLASSES, Script
from changeover.packs.host import Host
from changeover.packs.patches import replace
from changeover.packs.sqlite.answering_path import AnsweringPath, KeptRows
from changeover.packs.sqlite.awaited import patch_awaited
from changeover.packs.sqlite.connection import FollowedConnection
from changeover.packs.sqlite.opened_before import OLDER, guard_opened_before, opened_before
from changeover.packs.sqlite.opened_database import MEMORY, connecting, file_of
from changeover.packs.sqlite.replayed_path import ReplayedPath
from changeover.packs.sqlite.scripted_path import ScriptedPath
from changeover.packs.sqlite.statements_within import StatementsWithin
from changeover.packs.sqlite.taped_path import RecordedStatements, TapedPath

NAME = "sqlite3"
DEADLINE_MS = 250
"""How long a copy may hold rows that the program's traffic may want."""
ALONE_S = 30.0
"""The same in a test and in a comparison, where nobody waits for the rows."""
_PACKS: WeakSet[SqlitePack] = WeakSet()


class SqlitePack:
    """The port `db` of one database file, or of the one that a path uses.

    Args:
        database: its file; None for whichever one a path uses.
        rows: whether changed rows are compared in the program's own traffic as well; in tests and comparisons
            they always are.
        deadline_ms: how long a copy of the database may last in the program's own traffic, in milliseconds.
        port: the name of the port, where another pack has `db`.
    """

    name = NAME
    is_of_one_thing = True

    def __init__(
        self,
        database: Any = None,
        *,
        rows: bool = False,
        deadline_ms: int = DEADLINE_MS,
        port: str = PORT,
    ) -> None:
        self._given = database
        self._rows = rows
        self._deadline_ms = deadline_ms
        self._port = port
        self._database: str | None = None

    def install(self, host: Host) -> None:
        """Open the channel, and replace `sqlite3.connect`."""
        if self._given is not None:
            self._database = file_of(self._given)
            if self._database is None:
                host.wrong("database", self._given, "a path, as sqlite3.connect is given")
        if not isinstance(self._rows, bool):
            host.wrong("rows", self._rows, "true, false")
        if type(self._deadline_ms) is not int or self._deadline_ms < 1:
            host.wrong("deadline_ms", self._deadline_ms, "a whole number of 1 or more")
        for other in host.others:
            if other.covers(self._database) or self.covers(other.database):
                raise DeclarationError(f'use("{NAME}")', "this database is in use already")
        self._channel = channel_of_database(host, self._port, ROW_OPERATIONS, NAME)
        if host.others:
            self.name = f"{NAME}:{self._port}"
        host.keeps(*KEPT_CLASSES)
        host.handle(sqlite3.Connection, sqlite3.Cursor)
        host.remakes(self.name, [FollowedConnection], self._described, self._made)
        _PACKS.add(self)
        guard_opened_before(self.covers)
        # One function under two names: what is put into its place under the one is found under the other.
        replace(sqlite3.dbapi2, "connect", lambda original: connecting(_is_covered, original))
        host.when_imported("aiosqlite.core", patch_awaited)

    @property
    def database(self) -> str | None:
        """The file that it covers; None for whichever one a path uses."""
        return self._database

    def covers(self, path: str | None) -> bool:
        """Whether a file is its affair."""
        return self._database in (None, path)

    def compares(self) -> str:
        """What `doctor` says of it where nothing is wrong."""
        return compared_in_traffic(self._port, self._rows)

    def problems(self) -> Iterator[str]:
        """What `doctor` says: connections that are open since before the pack was in use."""
        for path in opened_before(self.covers):
            yield OLDER.format(path)

    def follow(self, session: Any, *, waits: bool, stays: bool) -> Any:
        """What is done around one path: its rows are looked at, or its statements stand on the tape."""
        what = (self.name, self._database, self._channel, session)
        if session.replaying:
            kept = session.left_by(self.name)
            if isinstance(kept, KeptRows):
                return ReplayedPath(*what, kept)
            script = session.script_of(self.name)
            return ScriptedPath(*what, script) if isinstance(script, Script) else TapedPath(*what)
        if not (waits or (self._rows and stays)):
            return RecordedStatements(*what)
        around = session.follower_around(self.name)
        if isinstance(around, AnsweringPath | StatementsWithin):
            return StatementsWithin(*what, around=around)
        session.sees_otherwise(self._port)
        return AnsweringPath(*what, ALONE_S if waits else self._deadline_ms / 1000, alone=waits)

    def _described(self, handle: Any) -> Mapping[str, Any] | None:
        """What is written of a connection; one to a database in memory cannot be made again."""
        path = handle.changeover_path
        if path in (MEMORY, "") or not self.covers(path):
            return None
        return {"path": path, "isolation_level": handle.isolation_level}

    def _made(self, data: Mapping[str, Any]) -> Any:
        """A connection that says whose it is and reaches nothing."""
        path, level = data.get("path"), data.get("isolation_level")
        if not isinstance(path, str) or not self.covers(path) or not isinstance(level, str | None):
            raise ValueError(f"{path!r} is no database that this program uses")
        made = FollowedConnection(MEMORY, isolation_level=level, check_same_thread=False)  # type: ignore[arg-type]
        made.changeover_path = path
        return made


def _is_covered(path: str) -> bool:
    return any(pack.covers(path) for pack in [*_PACKS])
