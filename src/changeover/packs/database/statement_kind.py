"""What a statement does, as far as its first word says it."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"\A(?:\s+|--[^\n]*\n|/\*.*?\*/|\()*", re.DOTALL)
_SCHEMA = frozenset(
    {
        "CREATE",
        "ALTER",
        "DROP",
        "TRUNCATE",
        "LOCK",
        "VACUUM",
        "REINDEX",
        "GRANT",
        "REVOKE",
        "ATTACH",
        "DETACH",
        "CLUSTER",
        "COMMENT",
        "IMPORT",
        "REFRESH",
    }
)
_ROWS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "WITH", "SELECT", "VALUES", "TABLE"})
_SETTINGS = frozenset(
    {"SET", "SHOW", "PRAGMA", "RESET", "EXPLAIN", "ANALYZE", "LISTEN", "UNLISTEN", "DISCARD"}
)
_ENDS = frozenset({"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "PREPARE", "SAVEPOINT", "RELEASE"})


def first_word(statement: str) -> str:
    """The word with which a statement begins, in capitals; after comments and brackets."""
    start = _COMMENT.match(statement)
    rest = statement[start.end() if start else 0 :]
    word = re.match(r"[A-Za-z]+", rest)
    return word.group().upper() if word else ""


def changes_schema(statement: str) -> bool:
    """Whether it defines, locks or empties something: no part of it can be turned back for a replay."""
    return first_word(statement) in _SCHEMA


def can_be_wrapped(statement: str) -> bool:
    """Whether a statement that is its own transaction may stand in one that is opened for it."""
    return first_word(statement) in _ROWS


def is_harmless(statement: str) -> bool:
    """Whether it sets or asks something of the session alone, or begins and ends transactions."""
    word = first_word(statement)
    return word in _SETTINGS or word in _ENDS
