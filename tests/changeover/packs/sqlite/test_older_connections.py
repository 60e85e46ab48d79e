"""A connection that was opened before the pack was in use acts in no replay, and no run hides what it did."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.packs.sqlite.opened_before import FIRST_LOOK
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.sqlite_shop import LEFT, ORDER, TAKE, Shop, shop_in

TOOK = ({"s1": 4, "s2": 6}, [("old", 1), ("r1", 2)])
"""What the shop holds after one order of two."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_in(tmp_path) as made:
        made.db = sqlite3.Connection(made.path)  # as it was made where no pack was in use yet
        made.cursor = made.db.cursor()
        FIRST_LOOK.is_over = False  # as in a process in which nobody has looked
        yield made


def by_connection(shop: Shop) -> Any:
    shop.db.execute(TAKE, (2, "s1"))
    shop.db.execute(ORDER, ("r1", 2))
    shop.db.commit()
    return shop.db.execute(LEFT).fetchone()


def by_cursor(shop: Shop) -> Any:
    shop.cursor.execute(TAKE, (2, "s1"))
    shop.cursor.executemany(ORDER, [("r1", 2)])
    shop.db.commit()
    return shop.cursor.execute(LEFT).fetchone()


def by_script(shop: Shop) -> Any:
    shop.db.executescript(
        "UPDATE stock SET on_hand = on_hand - 2 WHERE sku = 's1';"
        "INSERT INTO orders (ref, sku, qty) VALUES ('r1', 's1', 2);"
    )


def by_block(shop: Shop) -> Any:
    with shop.db:
        shop.db.execute(TAKE, (2, "s1"))
        shop.db.execute(ORDER, ("r1", 2))


def nothing(shop: Shop) -> Any:
    return None


def caught(shop: Shop) -> Any:
    try:
        return by_connection(shop)
    except sqlite3.Error:
        return None


SHAPES = [by_connection, by_cursor, by_script, by_block]


def judged(
    shop: Shop, legacy: Any, candidate: Any, *, stage: str, is_test: bool, files: tuple[str, ...]
) -> Run:
    runs: list[Run] = []
    environment = {} if is_test else {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, sink=runs.append)
    migration.use("sqlite3", *files)
    seam = migration.seam("s", legacy=lambda: legacy(shop), candidate=lambda: candidate(shop))
    with as_under_a_test() if is_test else nullcontext():
        seam()
    migration.flush()
    return runs[-1]


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("is_test", [False, True])
@pytest.mark.parametrize("candidate", [None, nothing, caught])
@pytest.mark.parametrize("legacy", SHAPES)
def test_it_acts_once_and_the_run_is_failed(
    shop: Shop, legacy: Any, candidate: Any, is_test: bool, named: bool
) -> None:
    files = (shop.path,) if named else ()
    run = judged(shop, legacy, candidate or legacy, stage="shadow", is_test=is_test, files=files)
    assert run.verdict == "failed"
    assert f"a connection to {shop.path} is older than" in str(run.reason)
    assert "import the module of the migration before it is opened" in str(run.reason)
    assert shop.contents() == TOOK


@pytest.mark.parametrize("is_test", [False, True])
@pytest.mark.parametrize("candidate", [*SHAPES, caught])
def test_it_does_nothing_where_only_the_replayed_path_uses_it(
    shop: Shop, candidate: Any, is_test: bool
) -> None:
    before = shop.contents()
    run = judged(shop, nothing, candidate, stage="shadow", is_test=is_test, files=())
    assert run.verdict == "failed", run.divergences
    assert "is older than" in str(run.reason)
    assert shop.contents() == before
    assert shop.db.execute(LEFT).fetchone() == (6,)  # and it works on afterwards


def test_it_acts_once_where_the_candidate_answers(shop: Shop) -> None:
    run = judged(shop, by_connection, by_cursor, stage="live", is_test=False, files=())
    assert run.verdict == "failed"
    assert shop.contents() == TOOK


def test_a_run_that_does_not_use_it_is_compared(shop: Shop) -> None:
    run = judged(shop, lambda _: 7, lambda _: 8, stage="shadow", is_test=False, files=())
    assert run.verdict == "diverged", run.reason


def test_outside_of_runs_it_works_as_ever(shop: Shop) -> None:
    Migration(environment={}).use("sqlite3")
    assert by_connection(shop) == (4,)
    assert shop.contents() == TOOK


def test_a_connection_to_another_file_is_left_alone(shop: Shop, tmp_path: Path) -> None:
    heard: list[str] = []
    shop.db.set_trace_callback(heard.append)
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"})
    migration.use("sqlite3", tmp_path / "other.db")
    shop.db.execute(LEFT)
    assert heard[-1] == LEFT
