"""What a driver of PostgreSQL gave for a statement, without any of its objects."""

from __future__ import annotations

from typing import Any

from changeover.quick_dataclass import dataclass


@dataclass(frozen=True)
class DriverAnswer:
    """What a statement gave.

    Args:
        columns: their names; None where the driver was not asked for rows, so that nobody knows them.
        rows: those that were asked for.
        status: what the server says was done, such as `INSERT 0 1`; None where it does not.
        made_by: the class of the program that the driver made rows of; empty where it is the driver's own.
        details: what else the driver tells of the columns, or of where it stands in the rows.
    """

    columns: tuple[str, ...] | None = None
    rows: tuple[tuple[Any, ...], ...] = ()
    status: str | None = None
    made_by: str = ""
    details: tuple[Any, ...] = ()
