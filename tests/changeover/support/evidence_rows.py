"""A migration with one seam in shadow whose runs are kept, and rows for stores."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from changeover import Migration
from changeover.evidence.store.place import Database, StorePlace
from changeover.evidence.store.records import Evidence, StoredRun
from changeover.evidence.store.rows_of_runs import stored_at
from changeover.evidence.store.store import read_evidence, writing
from changeover.evidence.store.writing import add_runs
from changeover.record.run import Sink
from changeover.values.observation import Side
from changeover.values.verdict import Verdict
from tests.changeover.support.counted_runs import runs_in

PHASES = """\
[migration]
name = "till"
{migration}
[[phase]]
name = "till"
seams = ["till.pay"]
"""
P = TypeVar("P", Path, Database, StorePlace)
BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class Till:
    """The world: a balance, and what was paid."""

    def __init__(self) -> None:
        self.owed = 10
        self.paid: list[int] = []

    def balance(self, name: str) -> int:
        return self.owed

    def pay(self, name: str, amount: int) -> None:
        self.paid.append(amount)


class Shadowed:
    """A program in `folder` whose phase stands at a stage; its evidence lies beside its migration."""

    def __init__(
        self,
        folder: Path,
        candidate: Callable[[str], object] | None = None,
        *,
        stage: str = "shadow",
        migration: str = "",
        store: str = "",
        sink: Sink | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        (folder / "migration").mkdir(parents=True, exist_ok=True)
        (folder / "migration" / "phases.toml").write_text(PHASES.format(migration=migration))
        self.store = folder / ".changeover" / "evidence.db"
        self.till = Till()
        environment = {"CHANGEOVER_STAGE_TILL": stage, **(secrets or {})}
        if store:
            environment["CHANGEOVER_STORE"] = store
        self.migration = Migration.load(folder / "migration", environment=environment, refresh_s=0, sink=sink)
        self.migration.port("till", self.till, effects={"pay": lambda name, amount: name}, reads={"balance"})
        self.pay = self.migration.seam("till.pay", legacy=self.legacy, candidate=candidate or self.legacy)

    def legacy(self, name: str) -> int:
        amount = self.till.balance(name)
        if amount > 0:
            self.till.pay(name, amount)
        return amount

    def runs(self) -> tuple[StoredRun, ...]:
        """The runs in production that are kept, the latest first."""
        self.migration.flush()
        return runs_in(self.store)

    def evidence(self) -> Evidence:
        """What is kept when everything that waits is written."""
        self.migration.flush()
        return read_evidence(self.store)


def a_run(number: int, **changed: object) -> StoredRun:
    """A run in production, a minute after the one before."""
    at = BEGAN + timedelta(minutes=number)
    row = StoredRun(
        id=f"{number:032x}",
        corpus=None,
        at=at,
        population="production",
        name=f"store/{stored_at(at)}",
        seam="till.pay",
        phase="till",
        stage="shadow",
        answered_by=Side.LEGACY,
        key=None,
        correlation_id=None,
        world=f"{number:016x}",
        code="c",
        rules="r",
        verdict=Verdict.MATCH,
        legacy_s=0.01,
        candidate_s=0.02,
        body=json.dumps({"number": number}),
    )
    return replace(row, **changed)  # type: ignore[arg-type]


def store_of(path: P, *runs: StoredRun) -> P:
    """A store with these runs."""
    with writing(path) as connection:
        add_runs(connection, runs)
    return path
