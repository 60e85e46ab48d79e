"""What a row had before the path is told as it was: only what the path made has names of its own."""

from __future__ import annotations

from typing import Any

import pytest

from changeover.packs.database.made_values import NOW
from changeover.packs.database.row_change import RowChange
from changeover.packs.database.row_effect import RowEffect, row_effects
from changeover.packs.database.table import Column, Table

ORDERS = Table(
    "orders",
    "orders",
    {"id": Column("id", "integer"), "at": Column("at", "timestamp", made_by="time")},
    ("id",),
)
MOMENTS = Table("moments", "moments", {"at": Column("at", "timestamp", made_by="time")}, ("at",))
EARLIER, LATER = "2026-01-01 10:00:00", "2026-01-01 10:00:01"


class EveryTimeIsNow:
    """A row that was made a moment before the path has a time that might be the path's own."""

    def counted(self, table: Table, column: Column, value: Any) -> bool:
        """No id is the database's."""
        return False

    def is_now(self, column: Column, value: Any) -> bool:
        """Any time is."""
        return isinstance(value, str)


def effect_of(change: RowChange, table: Table = ORDERS) -> RowEffect:
    (found,) = row_effects({table.name: table}, [change], EveryTimeIsNow())
    return found


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        (RowChange("orders", (1,), None, {"id": 1, "at": LATER}), {"id": 1, "at": NOW}),
        (RowChange("orders", (1,), {"id": 1, "at": EARLIER}, None), {"id": 1, "at": EARLIER}),
        (
            RowChange("orders", (1,), {"id": 1, "at": EARLIER}, {"id": 1, "at": LATER}),
            {"at": {"old": EARLIER, "new": NOW}},
        ),
        (RowChange("orders", (1,), {"id": 1, "at": None}, None), {"id": 1, "at": None}),
    ],
    ids=["an insert", "a delete", "an update", "a delete of nothing"],
)
def test_a_time_is_made_by_the_path_only_where_the_path_wrote_it(
    change: RowChange, columns: dict[str, Any]
) -> None:
    assert effect_of(change).columns == columns


def test_a_row_that_was_there_keeps_the_name_that_it_had() -> None:
    assert effect_of(RowChange("moments", (EARLIER,), {"at": EARLIER}, None), MOMENTS).row.endswith(EARLIER)
    assert effect_of(RowChange("moments", (LATER,), None, {"at": LATER}), MOMENTS).row == f"moments/{NOW}"
