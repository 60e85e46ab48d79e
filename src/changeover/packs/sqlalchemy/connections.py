"""Connections of an engine that belong to the toolkit: made as the program's own are, and gone with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from os import getpid
from typing import Any

SPARE_MAX = 2
"""How many connections in autocommit wait for the next run; they hold no transaction."""


class Connections:
    """Gives connections that nobody else has. They come from pools of their own, with the engine's listeners.

    Args:
        engine: whose database it is.
        apart: calls a function of the toolkit's own, of which nothing belongs to a run.
        keeps: whether connections in autocommit are kept until the engine is disposed of; those of an async
            engine belong to a loop, which may end.
    """

    def __init__(self, engine: Any, apart: Callable[[Callable[[], Any]], Any], *, keeps: bool) -> None:
        self._engine = engine
        self._apart = apart
        self._keeps = keeps
        self._spare: list[_Own] = []
        self._process = getpid()
        if keeps:
            from sqlalchemy import event

            event.listen(engine, "engine_disposed", self._dispose)

    @contextmanager
    def own(self) -> Iterator[Any]:
        """A connection for one copy, closed at the end whatever became of it."""
        made = self._apart(lambda: _Own(self._engine))
        try:
            yield made.connection
        finally:
            self._apart(made.close)

    @contextmanager
    def side(self) -> Iterator[Any]:
        """A connection in autocommit."""
        made = self._apart(self._in_autocommit)
        try:
            yield made.connection
        except BaseException:
            self._apart(made.close)
            raise
        if self._keeps and len(self._spare) < SPARE_MAX:
            self._spare.append(made)
        else:
            self._apart(made.close)

    def _in_autocommit(self) -> _Own:
        if self._process != getpid():  # what was kept belongs to the process that was forked
            self._process, self._spare = getpid(), []
        made = self._spare.pop() if self._spare else _Own(self._engine)
        made.autocommit()
        return made

    def _dispose(self, *_: Any) -> None:
        while self._spare:
            self._spare.pop().close()


class _Own:
    """One connection out of a pool that is made for it."""

    def __init__(self, engine: Any) -> None:
        self._dialect = engine.dialect
        self._pool = engine.pool.recreate()
        self._pool.changeover_own = True
        self._fairy = self._pool.connect()
        self._is_autocommit = False
        self.connection = self._fairy.dbapi_connection

    def autocommit(self) -> None:
        """Let every statement be its own transaction."""
        if not self._is_autocommit:
            self._dialect.set_isolation_level(self.connection, "AUTOCOMMIT")
            self._is_autocommit = True

    def close(self) -> None:
        """Close it, whether or not the server still answers."""
        with suppress(Exception):
            if self._fairy.dbapi_connection is not None:
                self._fairy.invalidate()
        self._pool.dispose()


def has_one_connection(engine: Any) -> bool:
    """Whether the database lives in a connection of the program: in memory, it has no second one."""
    database = engine.url.database
    is_memory = engine.dialect.name == "sqlite" and (not database or ":memory:" in database)
    return is_memory or type(engine.pool).__name__ == "StaticPool"
