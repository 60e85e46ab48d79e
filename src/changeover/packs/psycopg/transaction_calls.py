"""psycopg: how transactions begin and end, by functions of a connection and by blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.database.timed import timed
from changeover.packs.host import apart, outside
from changeover.packs.patches import replace
from changeover.packs.psycopg.awaited import as_awaited
from changeover.packs.psycopg.statements import PsycopgPath, follower_of

Function = Callable[..., Any]


def patch_transaction(cls: Any, is_async: bool) -> None:
    """Let every block be known to the path."""
    prefix = "__a" if is_async else "__"
    replace(cls, f"{prefix}enter__", _bounding(is_async, _entered))
    replace(cls, f"{prefix}exit__", _bounding(is_async, _left))


def _entered(found: PsycopgPath, transaction: Any, how: str, _: tuple[Any, ...]) -> None:
    if transaction._outer_transaction:
        found.step(transaction._conn, "BEGIN")
    if transaction._savepoint_name:
        found.step(transaction._conn, f'SAVEPOINT "{transaction._savepoint_name}"')


def _left(found: PsycopgPath, transaction: Any, how: str, ended_with: tuple[Any, ...]) -> None:
    connection, name = transaction._conn, transaction._savepoint_name
    is_committed = ended_with[0] is None and not transaction.force_rollback
    if transaction._outer_transaction:
        found.step(connection, how if is_committed else "ROLLBACK")
    elif is_committed:
        found.step(connection, f'RELEASE "{name}"')
    else:
        found.step(connection, f'ROLLBACK TO "{name}"')
        found.step(connection, f'RELEASE "{name}"')
        if hasattr(connection.pgconn, "has_failed"):
            connection.pgconn.has_failed = False


def _bounding(is_async: bool, after: Function) -> Callable[[Function], Function]:
    def make(original: Function) -> Function:
        def bound(found: PsycopgPath, self: Any, args: Any) -> Any:
            found.own_cursor(self)
            how = found.ends(self._conn)
            try:
                with timed(found), outside():
                    done = original(self, *args)
            except Exception as error:
                if after is _left and args and args[0] is None:
                    found.commit_failed(self._conn, error)
                raise
            after(found, self, how, args)
            return done

        async def bound_async(found: PsycopgPath, self: Any, args: Any) -> Any:
            found.own_cursor(self)
            how = found.ends(self._conn)
            try:
                with timed(found):
                    done = await apart(lambda: original(self, *args))
            except Exception as error:
                if after is _left and args and args[0] is None:
                    found.commit_failed(self._conn, error)
                raise
            after(found, self, how, args)
            return done

        follow = bound_async if is_async else bound

        def bounded(self: Any, *args: Any) -> Any:
            found = follower_of(self._conn)
            return original(self, *args) if found is None else follow(found, self, args)

        return as_awaited(original, bounded)

    return make


def ending(is_async: bool, name: str) -> Callable[[Function], Function]:
    """Commit, roll back or close: what was not committed is undone."""

    def make(original: Function) -> Function:
        def after(found: PsycopgPath, here: Any, how: str) -> None:
            if name == "close":
                found.dropped(here)
            else:
                found.step(here, how)

        def end(found: PsycopgPath, here: Any) -> None:
            how = found.ends(here) if name == "commit" else "ROLLBACK"
            try:
                with timed(found), outside():
                    original(here)
            except Exception as error:
                if name == "commit" and not _is_misuse(error):
                    found.commit_failed(here, error)
                raise
            after(found, here, how)

        async def end_async(found: PsycopgPath, here: Any) -> None:
            how = found.ends(here) if name == "commit" else "ROLLBACK"
            try:
                with timed(found):
                    await apart(lambda: original(here))
            except Exception as error:
                if name == "commit" and not _is_misuse(error):
                    found.commit_failed(here, error)
                raise
            after(found, here, how)

        follow = end_async if is_async else end

        def ended(self: Any) -> Any:
            found = follower_of(self)
            return original(self) if found is None else follow(found, found.here(self))

        return as_awaited(original, ended)

    return make


def _is_misuse(error: Exception) -> bool:
    """Whether psycopg itself has refused, before anything was sent."""
    return getattr(error, "sqlstate", None) is None and type(error).__name__ == "ProgrammingError"
