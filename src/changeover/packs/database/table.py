"""What has to be known of a table to tell its rows apart and to turn a change of one back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from changeover.quick_dataclass import dataclass

MadeBy = Literal["time", "uuid", "counter"]


@dataclass(frozen=True)
class Column:
    """One column that is stored.

    Args:
        type: its type, as the database writes it.
        made_by: what the database fills it with where a statement gives nothing; None for anything else.
        refers_to: table and column of its foreign key; None without one.
        counter: the sequence that fills it, where the database has one for it.
        always_made: whether no statement may give it a value.
    """

    name: str
    type: str
    made_by: MadeBy | None = None
    refers_to: tuple[str, str] | None = None
    counter: str = ""
    always_made: bool = False


@dataclass(frozen=True)
class Table:
    """One table of a database.

    Args:
        name: how it is shown: with its schema where that is not the usual one.
        address: how a statement names it.
        columns: those that are stored, by name; what the database works out from them is left out.
        key: the columns of the primary key, in its order; none where there is no such key.
        has_triggers: whether the schema has triggers of its own on it.
        rows: about how many it has; 0 where nobody counted.
    """

    name: str
    address: str
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    has_triggers: bool = False
    rows: int = 0
