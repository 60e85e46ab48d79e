"""Statements by which a program begins and ends transactions past `atomic()`."""

from __future__ import annotations

import re

from changeover.packs.database.statement_kind import first_word

_ENDS = frozenset({"COMMIT", "END", "ABORT", "PREPARE"})
_TO_SAVEPOINT = re.compile(r"ROLLBACK\s+(WORK\s+|TRANSACTION\s+)?TO\b", re.IGNORECASE)


def begins_transaction(statement: str) -> bool:
    """Whether it opens a transaction, as Django does on SQLite."""
    return first_word(statement) in ("BEGIN", "START")


def ends_transaction(statement: str) -> bool:
    """Whether it commits or rolls back; going back to a savepoint does not."""
    word = first_word(statement)
    return word in _ENDS or (word == "ROLLBACK" and not _TO_SAVEPOINT.search(statement))
