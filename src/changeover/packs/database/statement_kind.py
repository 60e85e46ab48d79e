"""What a statement does, as far as its first word says it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal

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

_READS = frozenset({"SELECT", "VALUES", "TABLE", "WITH"})
_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|REPLACE)\s", re.IGNORECASE)
_TELLS = re.compile(r"\b(PG_NOTIFY|SETVAL)\s*\(", re.IGNORECASE)
"""Functions of PostgreSQL that a question may call, and that change what others see."""
_LOCKING = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b", re.IGNORECASE)
_MARKS = ("'", '"', "`", "--", "$")
_PIECE = re.compile(
    r"""(?P<kept>'[^']*'|"[^"]*"|`[^`]*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|--[^\n]*\n?)|\s+""",
    re.DOTALL,
)
Kind = Literal["read", "write", "session"]
_FROM_THE_STRONGEST: tuple[Kind, ...] = ("write", "read")


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


def kind_of(statement: str) -> Kind:
    """Whether it asks, changes something, or sets something of its own connection alone."""
    if is_harmless(statement):
        return "session"
    if first_word(statement) not in _READS or _TELLS.search(statement):
        return "write"
    return "write" if _WRITES.search(_LOCKING.sub("", statement)) else "read"


def kind_for_driver(statement: str) -> Kind:
    """The same for a driver of PostgreSQL, which gives the rows of what is asked of the session as well."""
    kinds = {_kind_for_driver(one) for one in statements_in(statement)}
    return next((kind for kind in _FROM_THE_STRONGEST if kind in kinds), "session")


def _kind_for_driver(statement: str) -> Kind:
    word = first_word(statement)
    if word == "EXPLAIN":
        return "write" if "ANALYZE" in statement.upper() and _WRITES.search(statement) else "read"
    return "read" if word == "SHOW" else kind_of(statement)


def statements_in(statement: str) -> list[str]:
    """The statements of a text that may hold several; semicolons in quotes divide nothing."""
    if ";" not in statement:
        return [statement]
    bare = _PIECE.sub(lambda piece: " " * len(piece.group()), statement)
    found, start = [], 0
    for at in [*(at for at, sign in enumerate(bare) if sign == ";"), len(bare)]:
        if statement[start:at].strip():
            found.append(statement[start:at].strip())
        start = at + 1
    return found


def key_of(statement: str, parameters: Any) -> tuple[str, Any]:
    """Text and parameters in one form for all drivers."""
    return spaced(statement), _plain(parameters)


@lru_cache(maxsize=1024)
def spaced(statement: str) -> str:
    """One space between the words of a statement; what stands in quotes and line comments as it is."""
    if not any(mark in statement for mark in _MARKS):
        return " ".join(statement.split())
    found = _PIECE.sub(lambda piece: piece.group("kept") or " ", statement)
    return found.strip()


def _plain(parameters: Any) -> Any:
    """Parameters without the types in which drivers wrap them."""
    if isinstance(parameters, dict):
        # Names may be of a class of SQLAlchemy, whose objects hold more than the name.
        return {str(name): _plain(value) for name, value in parameters.items()}
    if isinstance(parameters, (list, tuple)):
        return tuple(_plain(value) for value in parameters)
    if not type(parameters).__module__.startswith("psycopg.types"):
        return parameters
    for kind in (int, float, str):
        if isinstance(parameters, kind):  # such as Int4, which is an int that says how it is sent
            return kind(parameters)
    return getattr(parameters, "obj", parameters)
