"""The tables of an SQLite database, as one connection sees them."""

from __future__ import annotations

from typing import Any

from changeover.packs.database.statement import Connection, quoted, run
from changeover.packs.database.table import Column, MadeBy, Table
from changeover.quick_dataclass import dataclass

OUR_PREFIX = "changeover_"
_GENERATED = (2, 3)
_TIMES = ("current_timestamp", "datetime(", "strftime(", "current_date", "current_time")
_RANDOM = ("randomblob(", "uuid(")


@dataclass(frozen=True)
class SqliteSchema:
    """The tables of the main database, and what of it no trigger can tell of.

    Args:
        version: the number that SQLite raises with every change of the schema.
        blind: names of virtual tables: what is written to them is seen by nobody.
        attached: databases beside the main one.
        replaces: whether a table or index says ON CONFLICT REPLACE.
        rolls_back: whether a table, an index or a trigger may roll back all that is open.
    """

    version: int
    tables: dict[str, Table]
    blind: tuple[str, ...]
    attached: tuple[str, ...]
    replaces: bool
    rolls_back: bool = False

    @property
    def has_triggers(self) -> bool:
        """Whether the schema has triggers of its own."""
        return any(table.has_triggers for table in self.tables.values())


def schema_version(connection: Connection) -> int:
    """Cheap to ask: one number of the header of the file."""
    version: int = run(connection, "PRAGMA main.schema_version")[0][0]
    return version


def sqlite_schema(connection: Connection) -> SqliteSchema:
    """Read what the main database has."""
    version = schema_version(connection)
    rows = run(connection, "SELECT type, name, tbl_name, coalesce(sql, '') FROM main.sqlite_master")
    own = {target for kind, _, target, _ in rows if kind == "trigger"}
    virtual = [name for kind, name, _, text in rows if kind == "table" and _is_virtual(text)]
    tables = {}
    for kind, name, _, text in rows:
        shadow = any(name.startswith(f"{base}_") for base in virtual)
        if kind == "table" and not name.startswith("sqlite_") and name not in virtual and not shadow:
            tables[name] = _table(connection, name, text, name in own)
    attached = [row[1] for row in run(connection, "PRAGMA database_list") if row[1] not in ("main", "temp")]
    replaces = any("on conflict replace" in " ".join(text.lower().split()) for *_, text in rows)
    rolls_back = any("rollback" in text.lower() for *_, text in rows)
    return SqliteSchema(version, tables, tuple(virtual), tuple(attached), replaces, rolls_back)


def _is_virtual(text: str) -> bool:
    return text.lstrip().lower().startswith("create virtual table")


def _table(connection: Connection, name: str, text: str, has_triggers: bool) -> Table:
    info = run(connection, f"PRAGMA main.table_xinfo({quoted(name)})")
    key = tuple(row[1] for row in sorted((row for row in info if row[5]), key=lambda row: row[5]))
    refers = _references(connection, name)
    counted = len(key) == 1 and "without rowid" not in text.lower()
    columns = {}
    for _, column, kind, _, default, part, hidden in info:
        if hidden in _GENERATED:
            continue
        made_by = _made_by(default)
        if part and counted and kind.upper() == "INTEGER":
            made_by = "counter"
        columns[column] = Column(column, kind, made_by, refers.get(column))
    return Table(name, f"main.{quoted(name)}", columns, key, has_triggers)


def _made_by(default: Any) -> MadeBy | None:
    text = str(default or "").lower()
    if any(word in text for word in _TIMES):
        return "time"
    return "uuid" if any(word in text for word in _RANDOM) else None


def _references(connection: Connection, name: str) -> dict[str, tuple[str, str]]:
    refers = {}
    for row in run(connection, f"PRAGMA main.foreign_key_list({quoted(name)})"):
        parent, column, target, position = row[2], row[3], row[4], row[1]
        if target is None:
            info = run(connection, f"PRAGMA main.table_xinfo({quoted(parent)})")
            key = [one[1] for one in sorted((one for one in info if one[5]), key=lambda one: one[5])]
            target = key[position] if position < len(key) else column
        refers[column] = (parent, target)
    return refers
