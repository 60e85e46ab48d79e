"""Sequences of PostgreSQL, set back for as long as a copy lasts."""

from __future__ import annotations

from collections.abc import Mapping

from changeover.packs.database.postgres_made import is_counter
from changeover.packs.database.statement import Connection, run

_ATTEMPT = "changeover_counter"
_FIRST = """
SELECT start_value, start_value - increment_by FROM pg_sequences
WHERE quote_ident(schemaname) || '.' || quote_ident(sequencename) = '{}'
"""


def set_back(connection: Connection, counters: Mapping[str, int], lowest: Mapping[str, int]) -> None:
    """Let each sequence give again what it gave from there on, until the transaction is rolled back.

    A restart is a part of its transaction, unlike the numbers that a sequence gives. One that belongs to
    somebody else, or from which an open transaction has drawn, stays where it is: the replayed path then gets
    further numbers.

    Args:
        connection: that of the copy.
        counters: where each stood, by its name as SQL writes it.
        lowest: the lowest number that was seen of each, by its name as its column has it; of a sequence that
            had given none it shows the first.
    """
    for name, before in counters.items():
        run(connection, f"SAVEPOINT {_ATTEMPT}")
        try:
            _set_back(connection, name, before, lowest)
        except Exception:  # noqa: BLE001  whatever the driver raises
            run(connection, f"ROLLBACK TO SAVEPOINT {_ATTEMPT}")
        run(connection, f"RELEASE SAVEPOINT {_ATTEMPT}")


def _set_back(connection: Connection, name: str, before: int, lowest: Mapping[str, int]) -> None:
    seen = [number for other, number in lowest.items() if is_counter(name, other)]
    text = name.replace("'", "''")
    for start, none_yet in run(connection, _FIRST.format(text)):
        if before != int(none_yet):
            run(connection, f"ALTER SEQUENCE {name} RESTART WITH {before}")
            run(connection, f"SELECT nextval('{text}')")
        elif all(number == int(start) for number in seen):
            run(connection, f"ALTER SEQUENCE {name} RESTART")
