"""What the caller of a program pays for copies is bounded; whoever waits for a verdict pays all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration
from changeover.record.run import Run
from changeover.rollout.test_override import StageOverride, override_stages
from changeover.values.limits import Limits
from changeover.values.stage import Setting, Stage

NO_TIME = Limits(record_seconds_max=0.0)


def rows_of(count: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(count)]


class Ledger:
    """A method's object."""

    def __init__(self) -> None:
        self.rows = rows_of(2_000)

    def total(self, number: int) -> int:
        return number


class Store:
    """A port."""

    def rows(self, count: int) -> list[dict[str, int]]:
        return rows_of(count)

    def save(self, rows: list[dict[str, int]]) -> int:
        return len(rows)


def migration_with(limits: Limits) -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, limits=limits, sink=runs.append)
    return migration, runs


def first(rows: Any) -> int:
    return 1


def given_rows(migration: Migration) -> None:
    migration.seam("s", legacy=first, candidate=first)(rows_of(2_000))


def given_rows_by_name(migration: Migration) -> None:
    migration.seam("s", legacy=first, candidate=first)(rows=rows_of(2_000))


def answered_with_rows(migration: Migration) -> None:
    migration.seam("s", legacy=rows_of, candidate=rows_of)(2_000)


def called_on_an_object(migration: Migration) -> None:
    seam = migration.seam("s", legacy=Ledger.total, candidate=Ledger.total)
    seam(Ledger(), 1)


def read_from_a_port(migration: Migration) -> None:
    store = Store()
    migration.port("store", store, reads={"rows"}, effects={"save"})

    def path() -> int:
        return len(store.rows(2_000))

    migration.seam("s", legacy=path, candidate=path)()


def given_to_a_port(migration: Migration) -> None:
    store = Store()
    migration.port("store", store, reads={"rows"}, effects={"save"})

    def path() -> int:
        return store.save(rows_of(2_000))

    migration.seam("s", legacy=path, candidate=path)()


CALLS: dict[str, tuple[Callable[[Migration], None], str]] = {
    "argument": (given_rows, "arguments.rows"),
    "argument by name": (given_rows_by_name, "arguments.rows"),
    "answer": (answered_with_rows, "result"),
    "object": (called_on_an_object, "self"),
    "read": (read_from_a_port, "store.rows"),
    "effect": (given_to_a_port, "store.save"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_run_whose_copies_take_too_long_has_failed_and_says_of_what(name: str) -> None:
    call, place = CALLS[name]
    migration, runs = migration_with(NO_TIME)
    call(migration)
    (run,) = runs
    assert (run.verdict, "record_seconds_max" in (run.reason or "")) == ("failed", True)
    assert place in (run.reason or "")


@pytest.mark.parametrize("name", CALLS)
def test_whoever_waits_for_the_verdict_waits_for_the_copies(name: str) -> None:
    call, _ = CALLS[name]
    migration, runs = migration_with(NO_TIME)
    with override_stages(StageOverride(Setting(Stage.SHADOW), lambda run: None)):
        call(migration)
    assert [run.verdict == "failed" for run in runs] == [False]
