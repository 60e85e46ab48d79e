"""What `doctor` says of a database: whether rows or statements are compared in the program's own traffic."""

from __future__ import annotations

BY_ROWS = ("sqlite", "postgresql")
"""The databases whose rows can be compared."""


def compared_in_traffic(port: str, rows: bool, *, has_rows: bool = True) -> str:
    """One line for a port: tests and comparisons look at rows wherever that is possible.

    Args:
        port: the name of the database's port.
        rows: whether the pack was told to compare rows in traffic as well.
        has_rows: whether the rows of such a database can be compared at all.
    """
    if not has_rows:
        return f"{port}: statements alone, no rows"
    if rows:
        return f"{port}: rows, but what a worker replays is compared by its statements"
    return (
        f"{port}: rows in tests and comparisons, statements in the program's own traffic, where a path that "
        "sends others is `failed` (rows = true compares rows there)"
    )
