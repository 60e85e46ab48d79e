"""What one path asks of asyncpg, in either role."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from changeover.packs.asyncpg.records import answer_of, records_of
from changeover.packs.database.driver_answer import DriverAnswer
from changeover.packs.database.statement_path import StatementPath
from changeover.packs.host import Channel

NAME = "asyncpg"
ALL, FIRST, NONE = "all", "first", "none"
ROWS = {0: ALL, 1: FIRST}


class AsyncpgPath(StatementPath):
    """Follows one path; a replay has connections of its own that reach nothing."""

    def __init__(self, channel: Channel, session: Any) -> None:
        super().__init__(NAME, channel, session, _is_refused)
        self._stand_ins: dict[int, tuple[Any, Any]] = {}
        self._places: dict[int, int] = {}

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """A replay gets connections of its own."""
        if not self.replaying:
            return args, kwargs
        return tuple(map(self._exchanged, args)), {name: self._exchanged(one) for name, one in kwargs.items()}

    def here(self, connection: Any) -> Any:
        """The connection that a path uses: in a replay the one in the place of the program's own."""
        if not self.replaying:
            self.meet(connection, in_transaction=connection._protocol.is_in_transaction())
            return connection
        from changeover.packs.asyncpg.taped_connection import give_block, is_taped, taped_connection

        if is_taped(connection) and connection._protocol.path is self:
            return connection
        if id(connection) not in self._stand_ins:
            made = taped_connection(type(connection), self, like=connection)
            if self.was_in_block:
                give_block(made)
            self._stand_ins[id(connection)] = connection, made
        return self._stand_ins[id(connection)][1]

    def new_connection(self, cls: type, record_class: type | None) -> Any:
        """One that a replay has opened."""
        from changeover.packs.asyncpg.taped_connection import taped_connection

        return taped_connection(cls, self, record_class=record_class)

    async def rows_of(
        self,
        connection: Any,
        asked: tuple[str, Any, str],
        send: Callable[[], Awaitable[tuple[Any, Any]]],
        *,
        record_class: type | None = None,
    ) -> tuple[Any, Any]:
        """The records that a statement gave, None where none were asked for, and its status as a text.

        Args:
            connection: as `here` gives it.
            asked: statement, parameters, and how many rows.
            send: does it, and gives the same.
            record_class: that the path asks for.
        """
        live: list[tuple[Any, Any]] = []

        async def real() -> DriverAnswer:
            live.append(await send())
            return answer_of(*live[0])

        answer = await self.ask_async(connection, asked, real)
        if live:
            return live[0]
        return self._made(answer, asked[2], record_class), answer.status

    async def ask_part(
        self,
        cursor: Any,
        count: int,
        send: Callable[[], Awaitable[Any]],
        *,
        is_first: bool,
        how: str = "rows",
    ) -> Any:
        """The next so many rows of a cursor, which knows afterwards whether there are more."""
        start = 0 if is_first else self._places.get(id(cursor), 0)
        connection = self.here(cursor._connection)
        live: list[Any] = []

        async def real() -> DriverAnswer:
            live.append(await send())
            is_rows = not isinstance(live[0], int)
            details = (cursor._exhausted,) if is_rows else (cursor._exhausted, live[0])
            return answer_of(live[0] if is_rows else None, None, *details)

        asked = (cursor._query, cursor._args, f"{how} {start} to {start + count}")
        answer = await self.ask_async(connection, asked, real)
        if not live:
            cursor._exhausted = answer.details[0]
            made = self._made(answer, asked[2], cursor._record_class) if how == "rows" else answer.details[1]
            live.append(made)
        self._places[id(cursor)] = start + (live[0] if isinstance(live[0], int) else len(live[0]))
        return live[0]

    def forget_place(self, cursor: Any) -> None:
        """A cursor begins, or has ended: another one may have its identity."""
        self._places.pop(id(cursor), None)

    def _made(self, answer: DriverAnswer, rows: str, record_class: type | None) -> Any:
        if rows == NONE:
            return None
        try:
            return records_of(answer, record_class)
        except ValueError as error:
            return self.refuse(str(error))

    def _exchanged(self, value: Any) -> Any:
        """A connection of the program's own, also out of a pool, is another one in a replay."""
        from asyncpg.connection import Connection

        if not isinstance(value, Connection):
            return value
        inner = getattr(value, "_con", value)
        if inner is not None:
            return self.here(inner)
        made = self.new_connection(Connection, None)  # it was given back to its pool since
        if self.was_in_block:
            from changeover.packs.asyncpg.taped_connection import give_block

            give_block(made)
        return made


def derived(recorded: Any, statement: str, parameters: Any, rows: str) -> DriverAnswer:
    """The first row, or the status alone, of a question that was asked for all of its rows."""
    found: Any = recorded.read(statement, parameters, ALL if rows in (FIRST, NONE) else rows)
    if rows == NONE:
        return DriverAnswer(status=found.status)
    return DriverAnswer(found.columns, found.rows[:1], None, found.made_by)


def _is_refused(error: BaseException) -> bool:
    """Whether an error of asyncpg, or of what it was given, says that nothing was changed."""
    from asyncpg import InterfaceError, PostgresError
    from asyncpg.exceptions import PostgresConnectionError, StatementCompletionUnknownError

    if isinstance(error, (PostgresConnectionError, StatementCompletionUnknownError)):
        return False
    return isinstance(error, (PostgresError, InterfaceError, TypeError, ValueError))


def listed(args: Any) -> Sequence[Any] | None:
    """Arguments of many calls, which are walked through once; None where they have to be awaited."""
    if hasattr(args, "__aiter__"):
        return None
    return args if isinstance(args, (list, tuple)) else [*args]
