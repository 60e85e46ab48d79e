"""Whether anybody else wrote to a PostgreSQL server between two moments."""

from __future__ import annotations

from changeover.packs.database.statement import Connection, run
from changeover.quick_dataclass import dataclass

NUMBERS_MAX = 10_000
"""So many transactions in between are somebody else's, without a look at each."""


@dataclass(frozen=True)
class Moment:
    """Which transactions had ended, by the numbers that the server gives them.

    Args:
        newest: the first number that was not given yet.
        running: numbers that were given, and whose transactions had not ended.
    """

    newest: int
    running: frozenset[int]


def moment(connection: Connection) -> Moment:
    """Now, as the server sees it."""
    text: str = run(connection, "SELECT pg_current_snapshot()::text")[0][0]
    _, newest, running = text.split(":")
    return Moment(int(newest), frozenset(int(number) for number in running.split(",") if number))


def others_wrote(before: Moment, after: Moment, own: frozenset[int]) -> bool:
    """Whether a transaction that is none of these ended in between, also by a rollback."""
    if after.newest - before.newest > NUMBERS_MAX:
        return True
    given = {*before.running, *range(before.newest, after.newest)}
    return bool(given - after.running - own)
