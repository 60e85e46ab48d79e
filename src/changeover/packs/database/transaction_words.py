"""What a statement of PostgreSQL does with the transaction that it stands in."""

from __future__ import annotations

from typing import Literal, NamedTuple

from changeover.packs.database.statement_kind import first_word

Step = Literal["begin", "commit", "rollback", "savepoint", "release", "rollback to", "unknown"]
_STEPS: dict[str, Step] = {
    "BEGIN": "begin",
    "START": "begin",
    "COMMIT": "commit",
    "END": "commit",
    "ROLLBACK": "rollback",
    "ABORT": "rollback",
    "SAVEPOINT": "savepoint",
    "RELEASE": "release",
}


class TransactionStep(NamedTuple):
    """One step; `name` is that of the savepoint, and `chains` that another transaction begins at once."""

    step: Step
    name: str = ""
    chains: bool = False


def step_of(statement: str) -> TransactionStep | None:
    """The step that a statement is; None for one that leaves the transaction as it is.

    `unknown` is one that hands the transaction to somebody else, or takes it from there.
    """
    step = _STEPS.get(first_word(statement))
    words = statement.rstrip("; \n\t").split()
    upper = [word.upper() for word in words]
    if step is None:
        return TransactionStep("unknown") if upper[:2] == ["PREPARE", "TRANSACTION"] else None
    if "PREPARED" in upper[1:2]:
        return TransactionStep("unknown")
    if step == "rollback" and "TO" in upper:
        return TransactionStep("rollback to", _plain(words[-1]))
    if step in ("savepoint", "release"):
        return TransactionStep(step, _plain(words[-1]))
    return TransactionStep(step, chains="CHAIN" in upper and "NO" not in upper)


def _plain(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.lower()
