"""What a path changed, as it travels from the path that answered to the replay of the other one."""

from __future__ import annotations

from dataclasses import field
from os import getpid
from typing import Any

from changeover.packs.database.made_values import MadeEvidence
from changeover.packs.database.others_writing import Moment
from changeover.packs.database.row_change import RowChange
from changeover.packs.database.row_effect import RowEffect, row_effects
from changeover.packs.database.table import Table
from changeover.quick_dataclass import dataclass


@dataclass
class RecordedRows:
    """The row changes of one path.

    Args:
        changes: net, in the order in which the rows were first touched.
        tables: those of the changes, by name.
        evidence: what shows which values the database made.
        pending: the connection whose transaction the path left open for its caller; None without one.
        committed: whether it committed anything by itself.
        given: whether it was given a session or connection, whose owner may commit what it left open.
        deadline_s: how long a copy for the replay may last, in seconds.
        listening: of SQLite, what listens on the pending connection.
        sequences: of SQLite, the last ids when the path began.
        process: the number of that in which the path ran; its connections are used in no other.
        began: of PostgreSQL, the moment at which the path first looked.
        own_numbers: of PostgreSQL, those of the path's transactions.
        alone: whether nobody else is expected to write: in a test, or in a comparison.
        is_used: whether a replay shared the transaction of the caller; a second one may come too late.
        problems: why the changes cannot be compared; empty where they can.
    """

    changes: list[RowChange] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    evidence: MadeEvidence | None = None
    pending: Any = None
    committed: bool = False
    given: bool = False
    deadline_s: float = 0.0
    listening: Any = None
    sequences: dict[str, int] = field(default_factory=dict)
    process: int = field(default_factory=getpid)
    began: Moment | None = None
    own_numbers: set[int] = field(default_factory=set)
    alone: bool = False
    is_used: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def effects(self) -> list[RowEffect]:
        """The changes as they are compared."""
        if self.evidence is None:
            return []
        return row_effects(self.tables, self.changes, self.evidence)
