"""A connection whose transactions end at a savepoint: what is committed on it is kept in a copy alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.database.row_change import NotComparable
from changeover.packs.database.statement import Connection, run

KEPT = "changeover_kept"
_MODES = frozenset({"autocommit", "isolation_level"})


class CopyConnection:
    """What a replayed path has in the place of a connection.

    Args:
        real: the connection of the copy, inside its transaction.
        before_commit: raises where a real commit would be refused.
        is_over: whether the copy's time is up.
    """

    def __init__(
        self, real: Connection, before_commit: Callable[[], None], is_over: Callable[[], bool]
    ) -> None:
        self.__dict__.update(
            changeover_real=real, _before_commit=before_commit, _is_over=is_over, changeover_alone=False
        )
        run(real, f"SAVEPOINT {KEPT}")

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        """A cursor of the real connection, while there is time."""
        self._check()
        return self.changeover_real.cursor(*args, **kwargs)

    def commit(self) -> None:
        """Keep what was done, in the copy."""
        self._check()
        try:
            self._before_commit()
        except Exception:
            run(self.changeover_real, f"ROLLBACK TO SAVEPOINT {KEPT}")
            raise
        run(self.changeover_real, f"RELEASE SAVEPOINT {KEPT}")
        run(self.changeover_real, f"SAVEPOINT {KEPT}")

    def rollback(self) -> None:
        """Drop what was not kept; of a connection without transactions everything is."""
        if self._is_over():
            return
        if self.changeover_alone:
            self.commit()
        else:
            run(self.changeover_real, f"ROLLBACK TO SAVEPOINT {KEPT}")

    def close(self) -> None:
        """Its owner closes the connection."""

    def _check(self) -> None:
        if self._is_over():
            raise NotComparable("the time for a copy of the database is up")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.changeover_real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """A change of mode is kept here: the copy stays in its one transaction."""
        if name in _MODES:
            alone = value is True or (name == "isolation_level" and value in (None, "autocommit"))
            self.__dict__["changeover_alone"] = alone
        else:
            setattr(self.changeover_real, name, value)
