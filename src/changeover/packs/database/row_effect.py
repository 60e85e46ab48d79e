"""A changed row as an effect of the path that changed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from changeover.packs.database.made_values import MadeEvidence, MadeValues
from changeover.packs.database.row_change import RowChange
from changeover.packs.database.table import Table
from changeover.quick_dataclass import dataclass


@dataclass(frozen=True)
class RowEffect:
    """One net row change as it is compared.

    Args:
        operation: what happened to the row in the end.
        row: its table and key, `orders/17`; `orders/#1` is the first new one.
        columns: of an update the changed ones, old and new value; else all of them.
    """

    operation: Literal["insert", "update", "delete"]
    row: str
    columns: dict[str, Any]


def row_effects(
    tables: Mapping[str, Table], changes: Iterable[RowChange], evidence: MadeEvidence
) -> list[RowEffect]:
    """The effects of a path, in the order of their rows: in which order they were changed is not compared."""
    listed = list(changes)
    made = MadeValues(tables, listed, evidence)
    effects = [_effect(tables[change.table], change, made) for change in listed]
    return sorted(effects, key=lambda effect: (effect.row, effect.operation))


def _effect(table: Table, change: RowChange, made: MadeValues) -> RowEffect:
    parts = zip(table.key, change.key, strict=True)
    is_new = change.before is None
    key = [made.part_of_key(table, name, value, is_new=is_new) for name, value in parts]
    row = "/".join([table.name, *key])
    if change.before is None:
        new = {name: made.plain_new(table, name, value) for name, value in (change.after or {}).items()}
        return RowEffect("insert", row, new)
    if change.after is None:
        old = {name: made.plain_old(table, name, value) for name, value in change.before.items()}
        return RowEffect("delete", row, old)
    columns = {}
    for name, value in change.before.items():
        new_value = change.after[name]
        if value != new_value or type(value) is not type(new_value):
            columns[name] = {
                "old": made.plain_old(table, name, value),
                "new": made.plain(table, name, new_value),
            }
    return RowEffect("update", row, columns)
