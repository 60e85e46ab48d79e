"""What one path asks of psycopg, in either role."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from changeover.packs.database.driver_answer import DriverAnswer
from changeover.packs.database.statement_path import StatementPath
from changeover.packs.host import Channel, follower
from changeover.packs.psycopg.states import IDLE, IN_ERROR

NAME = "psycopg"
OWN = "changeover_own"
"""What a connection of the toolkit's own has set."""
ALL, NONE = "all", "none"
SEVERAL = "several statements in one text, or executemany with returning: psycopg gives a result for each"
OLDER = "a cursor of psycopg that was made before the path, and is used in a replay"
REFUSED_COMMIT = "a commit that the server has refused: {}"


def follower_of(connection: Any) -> PsycopgPath | None:
    """Who follows the path under way here; nobody for a connection of the toolkit's own."""
    found: PsycopgPath | None = follower(NAME)
    return None if found is None or getattr(connection, OWN, False) else found


class PsycopgPath(StatementPath):
    """Follows one path; a replay has connections of its own that reach nothing."""

    def __init__(self, channel: Channel, session: Any) -> None:
        super().__init__(NAME, channel, session, _is_refused)
        self._stand_ins: dict[int, tuple[Any, Any]] = {}

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """A replay gets connections of its own."""
        if not self.replaying:
            return args, kwargs
        return tuple(map(self._exchanged, args)), {name: self._exchanged(one) for name, one in kwargs.items()}

    def here(self, connection: Any) -> Any:
        """The connection that a path uses: in a replay the one in the place of the program's own."""
        if not self.replaying:
            self.meet(connection, in_transaction=connection.pgconn.transaction_status != IDLE)
            return connection
        from changeover.packs.psycopg.taped_connection import is_taped, taped_connection

        if is_taped(connection) and connection.pgconn.path is self:
            return connection
        if id(connection) not in self._stand_ins:
            made = taped_connection(type(connection), self, like=connection)
            if self.was_in_block:
                self.open_for_caller(made)
            self._stand_ins[id(connection)] = connection, made
        return self._stand_ins[id(connection)][1]

    def new_connection(self, cls: type, options: dict[str, Any]) -> Any:
        """One that a replay has opened."""
        from changeover.packs.psycopg.taped_connection import taped_connection

        return taped_connection(cls, self, options=options)

    def own_cursor(self, cursor: Any) -> Any:
        """The connection of a cursor; a replay uses cursors of its own connections alone."""
        here = self.here(cursor._conn)
        if here is not cursor._conn:
            self.refuse(OLDER)
        return here

    def before(self, connection: Any) -> None:
        """A statement comes, before which psycopg begins a transaction where there is none."""
        if not connection._autocommit and connection.pgconn.transaction_status == IDLE:
            self.step(connection, "BEGIN")

    def run(self, cursor: Any, asked: tuple[str, Any, str], execute: Callable[[], Any]) -> None:
        """Let a cursor have executed a statement."""
        live: list[Any] = []

        def send() -> DriverAnswer:
            live.append(execute())
            return self._answer_of(cursor, asked[2])

        self._load(cursor, self.ask(cursor._conn, asked, send), live)

    async def run_async(
        self, cursor: Any, asked: tuple[str, Any, str], execute: Callable[[], Awaitable[Any]]
    ) -> None:
        """The same, awaited."""
        live: list[Any] = []

        async def send() -> DriverAnswer:
            live.append(await execute())
            return self._answer_of(cursor, asked[2])

        self._load(cursor, await self.ask_async(cursor._conn, asked, send), live)

    def ends(self, connection: Any) -> str:
        """What a commit will be: of what has failed it is a rollback."""
        return "ROLLBACK" if connection.pgconn.transaction_status == IN_ERROR else "COMMIT"

    def commit_failed(self, connection: Any, error: Exception) -> None:
        """The server has refused a commit, or nobody knows."""
        self.dropped(connection)
        self.refuse(REFUSED_COMMIT.format(type(error).__name__))

    def _answer_of(self, cursor: Any, rows: str) -> DriverAnswer:
        if len(cursor._results) > 1:
            self.refuse(SEVERAL)
        result, status = cursor.pgresult, cursor.statusmessage
        details: tuple[Any, ...] = (cursor.rowcount,)
        if rows == NONE or cursor.description is None or result is None:
            return DriverAnswer(None, (), status, "", details)
        places = range(result.nfields)
        names = tuple(result.fname(at).decode(cursor._encoding) for at in places)
        kinds = tuple((result.ftype(at), result.fmod(at), result.fsize(at)) for at in places)
        found = cursor._tx.load_rows(0, result.ntuples, tuple)
        return DriverAnswer(names, tuple(found), status, "", (*details, kinds))

    def _load(self, cursor: Any, answer: DriverAnswer, live: list[Any]) -> None:
        if not live:
            from changeover.packs.psycopg.taped_connection import load

            load(cursor, answer)

    def _exchanged(self, value: Any) -> Any:
        from psycopg import AsyncConnection, Connection

        return self.here(value) if isinstance(value, (Connection, AsyncConnection)) else value


def _is_refused(error: BaseException) -> bool:
    """Whether an error of psycopg, or of what it was given, says that nothing was changed."""
    from psycopg import Error, InterfaceError, OperationalError

    if isinstance(error, (TypeError, ValueError)):
        return True
    if not isinstance(error, Error):
        return False
    state = error.sqlstate
    return isinstance(error, InterfaceError) or bool(
        state and not state.startswith(("08", "57P", "40003")) and type(error) is not OperationalError
    )


def text_of(query: Any, connection: Any) -> str | None:
    """The text of a statement in whatever form; None for one that psycopg alone can read."""
    if isinstance(query, str):
        return query
    if isinstance(query, bytes):
        return query.decode()
    as_string = getattr(query, "as_string", None)
    return None if as_string is None else str(as_string(None))
