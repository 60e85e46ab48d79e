"""Statements of SQLite that begin and end transactions by themselves."""

from __future__ import annotations

import re
from typing import Literal

from changeover.packs.database.statement_kind import first_word

_SAVEPOINT = re.compile(
    r"\b(SAVEPOINT|RELEASE(?=\s)|ROLLBACK(?=\s+(?:TRANSACTION\s+)?TO\b))(?:\s+TRANSACTION)?(?:\s+TO)?"
    r"(?:\s+SAVEPOINT)?\s+(\S+?)\s*;?\s*\Z",
    re.IGNORECASE,
)
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


def savepoint_in(statement: str) -> tuple[str, str] | None:
    """What it does with which savepoint: SAVEPOINT, RELEASE or ROLLBACK, and the name; None where nothing."""
    if first_word(statement) not in ("SAVEPOINT", "RELEASE", "ROLLBACK"):
        return None
    found = _SAVEPOINT.search(statement)
    return None if found is None else (found.group(1).upper(), found.group(2).strip("\"'`[]").lower())
