"""Statements of SQLite that begin and end transactions by themselves."""

from __future__ import annotations

from typing import Literal

from changeover.packs.database.statement_kind import first_word

_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
Ending = Literal["commit", "rollback"]


def begins(statement: str) -> bool:
    """Whether it opens a transaction."""
    return first_word(statement) == "BEGIN"


def opens_implicitly(statement: str) -> bool:
    """Whether `sqlite3` opens a transaction before it, where the connection has an isolation level."""
    return first_word(statement) in _CHANGES


def ends(statement: str) -> Ending | None:
    """How it ends one; None where it does not, as where it goes back to a savepoint."""
    word = first_word(statement)
    if word in ("COMMIT", "END"):
        return "commit"
    words = statement.upper().replace(";", " ").split()
    return "rollback" if word == "ROLLBACK" and "TO" not in words else None
