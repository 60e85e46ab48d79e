"""Why a copy of a database was not compared, in words of the toolkit where that ended it itself."""

from __future__ import annotations

from typing import Protocol

from changeover.packs.database.copy_connection import TIME_IS_UP


class Copy(Protocol):
    """A copy of a database, as far as its time is concerned."""

    @property
    def is_over(self) -> bool:
        """Whether its time is up."""


def copy_problem(copy: Copy | None, error: Exception) -> str:
    """What is said of an error: of a connection that the copy's own watchdog cut, that the time is up.

    Each driver says something else of such a connection, and none of them why.
    """
    if copy is not None and copy.is_over:
        return TIME_IS_UP
    return str(error) or type(error).__name__
