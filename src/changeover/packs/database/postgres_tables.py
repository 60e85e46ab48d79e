"""The tables of a PostgreSQL database, read one by one when a path touched them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from changeover.packs.database.statement import Connection, quoted, run
from changeover.packs.database.table import Column, MadeBy, Table

_TIMES = (
    "now()",
    "current_timestamp",
    "clock_timestamp()",
    "statement_timestamp()",
    "localtimestamp",
    "current_date",
)
_RANDOM = ("gen_random_uuid()", "uuid_generate_v4()", "uuidv7()", "uuidv4()")

_COLUMNS = """
SELECT a.attrelid::bigint, a.attname::text, format_type(a.atttypid, a.atttypmod),
    coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attidentity::text,
    (SELECT CASE WHEN pg_table_is_visible(p.oid) THEN '' ELSE pn.nspname END || chr(10)
            || p.relname || chr(10) || pa.attname FROM pg_constraint k
        JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
        JOIN pg_attribute pa ON pa.attrelid = p.oid
            AND pa.attnum = k.confkey[array_position(k.conkey, a.attnum)]
        WHERE k.contype = 'f' AND k.conrelid = a.attrelid AND a.attnum = ANY(k.conkey)
        ORDER BY k.oid LIMIT 1),
    coalesce(pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid IN ({oids}) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
"""
_VERSIONS = """
SELECT c.oid::bigint, c.xmin::text || ':' || string_agg(a.xmin::text, ',' ORDER BY a.attnum),
    greatest(c.reltuples, 0)::bigint
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.oid IN ({oids}) AND c.relpersistence <> 't' AND a.attnum > 0 GROUP BY c.oid, c.xmin, c.reltuples
"""
_TABLES = """
SELECT c.oid::bigint, pg_table_is_visible(c.oid), n.nspname::text, c.relname::text,
    greatest(c.reltuples, 0)::bigint,
    EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'),
    (SELECT string_agg(a.attname::text, chr(10) ORDER BY array_position(i.indkey::int2[], a.attnum))
        FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
        WHERE i.indrelid = c.oid AND i.indisprimary)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid IN ({oids}) AND c.relpersistence <> 't'
"""


KnownTables = dict[int, tuple[str, Table]]
"""Tables by number, each with the version of its definition that was read."""


class PostgresTables:
    """The tables that were touched, by name.

    Args:
        connection: is asked for them.
        known: those of earlier runs; one whose definition has changed since is read again.
    """

    def __init__(self, connection: Connection, known: KnownTables) -> None:
        self._connection = connection
        self._known = known
        self._by_number: dict[int, Table] = {}
        self.by_name: dict[str, Table] = {}

    def read(self, numbers: Iterable[int]) -> list[Table]:
        """The tables of these numbers, without those that live in one session alone."""
        wanted = sorted(numbers)
        missing = [number for number in wanted if number not in self._by_number]
        if missing:
            self._look_up(missing)
        return [self._by_number[number] for number in wanted if number in self._by_number]

    def read_named(self, names: Iterable[str]) -> None:
        """The tables that are shown by these names."""
        listed = run(
            self._connection,
            "SELECT c.oid::bigint, CASE WHEN pg_table_is_visible(c.oid) THEN '' ELSE n.nspname END, "
            "c.relname::text FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'",
        )
        wanted = set(names)
        self.read(number for number, schema, name in listed if _shown(schema, name) in wanted)

    def _look_up(self, numbers: list[int]) -> None:
        listed = ",".join(str(int(number)) for number in numbers)
        found = {
            number: (version, rows)
            for number, version, rows in run(self._connection, _VERSIONS.format(oids=listed))
        }
        changed = [
            number
            for number, (version, _) in found.items()
            if self._known.get(number, ("", None))[0] != version
        ]
        if changed:
            self._ask(",".join(str(number) for number in changed))
        for number, (version, rows) in found.items():
            table = replace(self._by_number.get(number) or self._known[number][1], rows=rows)
            self._known[number] = (version, table)
            self._by_number[number] = self.by_name[table.name] = table

    def _ask(self, numbers: str) -> None:
        columns: dict[int, dict[str, Column]] = {}
        for number, name, kind, default, identity, refers, owned in run(
            self._connection, _COLUMNS.format(oids=numbers)
        ):
            column = Column(name, kind, _made_by(default, identity), _target(refers))
            column = replace(column, counter=owned or _sequence(default), always_made=identity == "a")
            columns.setdefault(number, {})[name] = column
        for number, is_visible, schema, name, rows, has_triggers, key in run(
            self._connection, _TABLES.format(oids=numbers)
        ):
            shown = _shown("" if is_visible else schema, name)
            table = Table(
                shown,
                f"{quoted(schema)}.{quoted(name)}",
                columns.get(number, {}),
                tuple(key.split("\n")) if key else (),
                bool(has_triggers),
                rows,
            )
            self._by_number[number] = table


def _shown(schema: str, name: str) -> str:
    return f"{schema}.{name}" if schema else name


def _target(refers: Any) -> tuple[str, str] | None:
    if not refers:
        return None
    schema, table, column = str(refers).split("\n")
    return _shown(schema, table), column


def _sequence(default: str) -> str:
    """The sequence of a default like nextval('orders_id_seq'::regclass)."""
    found = re.match(r"nextval\('(.*)'::regclass\)", default)
    return found.group(1).replace("''", "'") if found else ""


def _made_by(default: str, identity: str) -> MadeBy | None:
    text = default.lower()
    if identity or text.startswith("nextval("):
        return "counter"
    if any(word in text for word in _TIMES):
        return "time"
    return "uuid" if any(word in text for word in _RANDOM) else None
