"""A connection whose transactions end at a savepoint: what is committed on it is kept in a copy alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from changeover.packs.database.row_change import NotComparable
from changeover.packs.database.statement import Connection, run

TIME_IS_UP = "the time for a copy of the database is up: deadline_ms of its pack gives it more"
KEPT = "changeover_kept"
_MODES = frozenset({"autocommit", "isolation_level"})
_SENDING = frozenset({"execute", "executemany", "fetchone", "fetchmany", "fetchall", "close"})
Around = Callable[[Callable[[], Any]], Any]
"""Calls what talks to the database, as no part of the path that is replayed."""


def directly(call: Callable[[], Any]) -> Any:
    """Where there is no path to keep it apart from."""
    return call()


class CopyConnection:
    """What a replayed path has in the place of a connection.

    Args:
        real: the connection of the copy, inside its transaction.
        before_commit: raises where a real commit would be refused.
        is_over: whether the copy's time is up.
        around: calls whatever talks to the database.
        guard: lets one call at a time act on the copy; raises NotComparable where that is gone.
    """

    def __init__(
        self,
        real: Connection,
        before_commit: Callable[[], None],
        is_over: Callable[[], bool],
        around: Around = directly,
        guard: Around = directly,
    ) -> None:
        self.__dict__.update(
            changeover_real=real,
            _guard=guard,
            _before_commit=before_commit,
            _is_over=is_over,
            _around=around,
            changeover_alone=False,
        )
        run(real, f"SAVEPOINT {KEPT}")

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        """A cursor of the real connection, while there is time."""
        self._check()
        return _CopyCursor(self.changeover_real.cursor(*args, **kwargs), self._around, self._guard)

    def commit(self) -> None:
        """Keep what was done, in the copy."""
        self._check()
        self._around(lambda: self._guard(self._keep))

    def rollback(self) -> None:
        """Drop what was not kept; of a connection without transactions everything is."""
        if self._is_over():
            return
        if self.changeover_alone:
            self.commit()
        else:
            self._around(lambda: self._guard(self._drop))

    def set_isolation_level(self, level: Any) -> None:
        """The same as the attributes, as psycopg2 and asyncpg spell it."""
        self.__dict__["changeover_alone"] = level == 0 or str(level).lower() == "autocommit"

    def close(self) -> None:
        """Its owner closes the connection."""

    def _keep(self) -> None:
        try:
            self._before_commit()
        except Exception:
            run(self.changeover_real, f"ROLLBACK TO SAVEPOINT {KEPT}")
            raise
        run(self.changeover_real, f"RELEASE SAVEPOINT {KEPT}")
        run(self.changeover_real, f"SAVEPOINT {KEPT}")

    def _drop(self) -> None:
        run(self.changeover_real, f"ROLLBACK TO SAVEPOINT {KEPT}")

    def _check(self) -> None:
        if self._is_over():
            raise NotComparable(TIME_IS_UP)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.changeover_real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """A change of mode is kept here: the copy stays in its one transaction."""
        if name in _MODES:
            alone = value is True or (name == "isolation_level" and value in (None, "autocommit"))
            self.__dict__["changeover_alone"] = alone
        else:
            setattr(self.changeover_real, name, value)


class _CopyCursor:
    """A cursor of the driver, whose talking to the database is no part of the path."""

    def __init__(self, real: Any, around: Around, guard: Around) -> None:
        self.__dict__.update(changeover_real=real, _around=around, _guard=guard)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.changeover_real, name)
        if name not in _SENDING:
            return found
        around, guard = self._around, self._guard
        return lambda *args, **kwargs: around(lambda: guard(lambda: found(*args, **kwargs)))

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.changeover_real, name, value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())
