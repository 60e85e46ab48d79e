"""PRAGMAs that set something of one connection: what it does with the rows depends on some of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from changeover.packs.database.sql_answer import NOTHING, SqlAnswer
from changeover.packs.database.statement_kind import Kind, first_word, kind_of

_OF_ROWS = frozenset(
    {
        *("foreign_keys", "recursive_triggers", "ignore_check_constraints", "case_sensitive_like"),
        *("reverse_unordered_selects", "full_column_names", "short_column_names"),
    }
)
"""Those by which the same statement does or gives something else."""
_OF_SPEED = frozenset(
    {
        *("synchronous", "cache_size", "temp_store", "mmap_size", "automatic_index", "secure_delete"),
        *("analysis_limit", "threads", "cell_size_check", "wal_autocheckpoint", "journal_size_limit"),
        *("busy_timeout", "journal_mode", "locking_mode", "cache_spill"),
    }
)
_TELLING = frozenset({"busy_timeout", "journal_mode", "mmap_size", "wal_autocheckpoint", "locking_mode"})
"""Those that answer with what is set from now on."""
_OF_FILE = frozenset({"user_version", "application_id"})
_SETTING = re.compile(r"\s*PRAGMA\s+(?:\w+\.)?(\w+)\s*(?:=|\()\s*([^;)]*?)\s*\)?\s*;?\s*\Z", re.IGNORECASE)
_ON = frozenset({"1", "on", "true", "yes"})


def setting_of(statement: str) -> str | None:
    """The name of what a statement sets of its connection; None where it does not."""
    found = _SETTING.match(statement)
    name = "" if found is None else found.group(1).lower()
    return name if name in _OF_ROWS or name in _OF_SPEED else None


def takes_effect(name: str, *, is_open: bool) -> bool:
    """Whether SQLite heeds it: inside a transaction it lets foreign keys be, and says nothing."""
    return not (is_open and name == "foreign_keys")


def writes_header(statement: str) -> str | None:
    """The name of what a statement writes into the file itself, beside its rows."""
    found = _SETTING.match(statement)
    name = "" if found is None else found.group(1).lower()
    return name if name in _OF_FILE else None


def kind_here(statement: str) -> Kind:
    """As `kind_of`, but that a PRAGMA that asks is a question, and one that writes into the file a change."""
    if first_word(statement) not in ("PRAGMA", "EXPLAIN") or setting_of(statement):
        return kind_of(statement)
    return "write" if writes_header(statement) else "read"


def matter(settings: Mapping[str, str]) -> dict[str, str]:
    """What of settings decides over rows: one value for each, however it is written."""
    of_rows = {name: text for name, text in settings.items() if name in _OF_ROWS}
    return {name: _value(text) for name, text in of_rows.items() if _is_not_usual(name, text)}


def of_rows(settings: Mapping[str, str]) -> list[str]:
    """The statements that set what decides over rows."""
    return [text for name, text in settings.items() if name in _OF_ROWS]


def answer_to_setting(statement: str) -> SqlAnswer:
    """What a statement that sets something answers."""
    name, value = setting_of(statement), _plain(statement)
    if name not in _TELLING:
        return NOTHING
    told: object = int(value) if value.lstrip("-").isdigit() else value.lower()
    return SqlAnswer(((name or "", None),), ((told,),), -1, None)


def _is_not_usual(name: str, text: str) -> bool:
    return (_value(text) == "on") != (name == "short_column_names")


def _value(text: str) -> str:
    plain = _plain(text).lower()
    return "on" if plain in _ON else "off"


def _plain(text: str) -> str:
    found = _SETTING.match(text)
    return "" if found is None else found.group(2).strip("'\"")
