"""The counters of a store: of what was lost, and of what its limits made it forget."""

from __future__ import annotations

from collections.abc import Iterable

from changeover.evidence.store.connection import Connection

LOST = "lost"
"""With `/` and the name of a spool behind it, what was lost of that one."""
PRUNED = "pruned"
WRITTEN = "written"
"""With `/` and the name of a spool behind it, how many runs of that one are here, until it is removed."""
BESIDE = "beside"
"""The same of runs that the spool did not take, and that its process wrote here without it."""


def count_up(connection: Connection, name: str, number: int) -> None:
    """Add to a counter of this store."""
    if number:
        ((store,),) = connection.execute("SELECT store FROM identity LIMIT 1").fetchall()
        connection.execute(
            "INSERT INTO counters (store, name, value) VALUES (?, ?, ?)"
            " ON CONFLICT (store, name) DO UPDATE SET value = counters.value + excluded.value",
            (store, name, number),
        )


def raise_count(connection: Connection, name: str, number: int) -> None:
    """Let a counter of this store be at least so high, however often that is said."""
    if not number:
        return
    ((store,),) = connection.execute("SELECT store FROM identity LIMIT 1").fetchall()
    connection.execute(
        "INSERT INTO counters (store, name, value) VALUES (?, ?, ?)"
        " ON CONFLICT (store, name) DO UPDATE SET value = excluded.value"
        " WHERE counters.value < excluded.value",
        (store, name, number),
    )


def count_of(connection: Connection, name: str) -> int:
    """The value of a counter, 0 for none."""
    ((value,),) = connection.execute("SELECT max(value) FROM counters WHERE name = ?", (name,)).fetchall()
    return value or 0


def forget_spools(connection: Connection, names: Iterable[str]) -> None:
    """What was counted of spools until they were removed; what was lost of them stays."""
    counters = [(f"{counter}/{name}",) for name in names for counter in (WRITTEN, BESIDE)]
    connection.executemany("DELETE FROM counters WHERE name = ?", counters)


def counts_in(connection: Connection) -> tuple[int, int]:
    """How many runs were lost, and how many forgotten, here and in the stores that were imported."""
    lost = pruned = 0
    for name, value in connection.execute("SELECT name, value FROM counters").fetchall():
        lost += value if name.split("/")[0] == LOST else 0
        pruned += value if name == PRUNED else 0
    return lost, pruned
