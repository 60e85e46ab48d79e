"""Sequences of PostgreSQL, set back for as long as a copy lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from changeover.packs.database.postgres_made import is_counter
from changeover.packs.database.statement import Connection, quoted, run
from changeover.packs.database.table import Table
from changeover.quick_dataclass import dataclass

_ATTEMPT = "changeover_counter"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(1667329390, 1)"
_COUNTER = """
SELECT start_value, start_value - increment_by, coalesce(last_value, start_value - increment_by)
FROM pg_sequences WHERE quote_ident(schemaname) || '.' || quote_ident(sequencename) = '{}'
"""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A new row of the answering path, whose `number` the sequence `counter` gave for a column."""

    counter: str
    number: int
    table: Table
    column: str


def wait_for_other_copies(connection: Connection) -> None:
    """Wait for copies that have set sequences back: nobody draws from these before such a copy is closed."""
    run(connection, _ONE_AT_A_TIME)


def set_back(connection: Connection, counters: Mapping[str, int], rows: Sequence[Numbered]) -> None:
    """Let each sequence give again what it gave from there on, until the transaction is rolled back.

    A restart is a part of its transaction, unlike the numbers that a sequence gives. One that belongs to
    somebody else, from which an open transaction has drawn, or whose numbers others have by now, stays where
    it is: the replayed path then gets further numbers.

    Args:
        connection: that of the copy.
        counters: where each stood, by its name as SQL writes it.
        rows: those that were numbered by them, and are turned back.
    """
    for name, before in counters.items():
        run(connection, f"SAVEPOINT {_ATTEMPT}")
        try:
            of_counter = [row for row in rows if is_counter(name, row.counter)]
            is_back = _is_set_back(connection, name, before, of_counter)
        except Exception:  # noqa: BLE001  whatever the driver raises
            is_back = False
        if not is_back:
            run(connection, f"ROLLBACK TO SAVEPOINT {_ATTEMPT}")
        run(connection, f"RELEASE SAVEPOINT {_ATTEMPT}")


def _is_set_back(connection: Connection, name: str, before: int, rows: Sequence[Numbered]) -> bool:
    text = name.replace("'", "''")
    start, none_yet, last = (int(number) for number in run(connection, _COUNTER.format(text))[0])
    if before != none_yet:
        run(connection, f"ALTER SEQUENCE {name} RESTART WITH {before}")
        run(connection, f"SELECT nextval('{text}')")
    elif not rows or any(row.number == start for row in rows):
        run(connection, f"ALTER SEQUENCE {name} RESTART")
    else:  # it stood elsewhere than at its start, and had given nothing
        return False
    low, high = min(before + 1, last), max(before - 1, last)
    columns = {(row.table.address, row.column) for row in rows}
    return not any(
        run(connection, f"SELECT 1 FROM {table} WHERE {quoted(column)} BETWEEN {low} AND {high} LIMIT 1")
        for table, column in columns
    )
