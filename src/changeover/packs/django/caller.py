"""The transaction of the caller in which a path runs: that of `atomic()`, or of a TestCase."""

from __future__ import annotations

from typing import Any

from changeover.packs.database.waiting_function import described
from changeover.quick_dataclass import dataclass

MANUAL = "manual"
"""Of a connection that is set to commit when it is told to."""


@dataclass(frozen=True)
class CallerBlock:
    """What a connection of Django knew of open blocks when a path began.

    Args:
        is_open: whether the caller has a transaction, which the path cannot end.
        blocks: of `atomic()`, the outermost first.
        savepoints: their names.
        number: of savepoints so far.
        hooks: how many functions waited for the commit.
        is_doomed: whether it was to be rolled back already.
    """

    is_open: bool
    blocks: tuple[Any, ...]
    savepoints: tuple[Any, ...]
    number: int
    hooks: int
    is_doomed: bool

    @staticmethod
    def of_replay(alias: str, kind: str) -> CallerBlock:
        """A block of nobody, for a replay that has nothing of its caller but the kind of its block."""
        from django.db.transaction import Atomic

        blocks = (Atomic(alias, True, False),) if kind not in ("", MANUAL) else ()
        return CallerBlock(kind != "", blocks, (), 0, 0, False)

    @property
    def kind(self) -> str:
        """Empty where the caller has none; else whether it ends with `atomic()`, or by a commit."""
        return "" if not self.is_open else "atomic" if self.blocks else MANUAL

    def give(self, connection: Any) -> None:
        """Let another connection of Django stand in the same blocks."""
        connection.in_atomic_block = bool(self.blocks)
        connection.autocommit = not self.is_open
        connection.atomic_blocks = list(self.blocks)
        connection.savepoint_ids = list(self.savepoints)
        connection.savepoint_state = self.number
        connection.needs_rollback = self.is_doomed
        connection.commit_on_exit = True
        connection.run_on_commit = []

    def waits_for_commit(self, connection: Any) -> bool:
        """Whether functions of the path wait for the commit of the caller."""
        return self.is_open and len(connection.run_on_commit) > self.hooks

    def waiting(self, connection: Any) -> list[Any]:
        """What those functions are: `database.waiting_function`."""
        entries = connection.run_on_commit[self.hooks :]
        return described(entry[1] for entry in entries)

    def is_doomed_now(self, connection: Any) -> bool:
        """Whether the path made the caller's transaction one that will be rolled back."""
        return self.is_open and not self.is_doomed and bool(connection.needs_rollback)


def caller_block(connection: Any) -> CallerBlock:
    """What is open on a connection now."""
    manual = connection.connection is not None and not connection.autocommit
    return CallerBlock(
        connection.in_atomic_block or manual,
        tuple(connection.atomic_blocks),
        tuple(connection.savepoint_ids),
        connection.savepoint_state,
        len(connection.run_on_commit),
        bool(connection.needs_rollback),
    )
