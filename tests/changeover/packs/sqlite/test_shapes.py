"""Every way to hold a connection to SQLite: the same work matches and happens once, one wrong row differs."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from changeover import Case, Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.scenario_lines import replayed_lines, scenario_lines
from tests.changeover.support.sqlite_shop import SHAPES, Shop, shop_in
from tests.changeover.support.stored_ways import WAYS as WAYS_ELSEWHERE

WAYS = ("under a test", "rows", "tape", "rows beside the program", "tape beside the program")


def run_of(shop: Shop, way: str, shape: str, more: int = 0, database: str | None = None) -> Run:
    """The run of a path and the same with one wrong number, the given way; what it raises is its answer."""
    runs: list[Run] = []
    environment = {} if way == "under a test" else {"CHANGEOVER_STAGE_S": "shadow"}
    mode = "background" if "beside" in way else "inline"
    migration = Migration(environment=environment, sink=runs.append, mode=mode)
    options: dict[str, Any] = {"rows": True, "deadline_ms": 5_000} if way.startswith("rows") else {}
    migration.use("sqlite3", *(() if database is None else (database,)), **options)
    shop.open()
    path = SHAPES[shape]

    def legacy(ref: str, qty: int) -> Any:
        return path(shop, ref, qty)

    def candidate(ref: str, qty: int) -> Any:
        return path(shop, ref, qty + more)

    seam = migration.seam("s", legacy=legacy, candidate=candidate)
    with suppress(ValueError):
        if environment:
            seam("r1", 2)
        else:
            with as_under_a_test():
                seam("r1", 2)
    shop.db.commit()
    migration.flush()
    return runs[-1]


def expected(shop: Shop, shape: str) -> tuple[Any, ...]:
    """What the path does by itself."""
    shop.open()
    with suppress(ValueError):
        SHAPES[shape](shop, "r1", 2)
    shop.db.commit()
    found = shop.contents()
    shop.close()
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_work_matches_and_happens_once(shop: Shop, tmp_path: Path, shape: str, way: str) -> None:
    (tmp_path / "alone").mkdir()
    with shop_in(tmp_path / "alone") as alone:
        bare = expected(alone, shape)
    run = run_of(shop, way, shape)
    assert shop.contents() == bare
    if way.startswith("rows beside") and shape == "caller_commits":
        assert "the caller has gone on with its transaction" in str(run.reason)
    else:
        assert run.verdict == "match", run.reason or run.divergences


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", SHAPES)
def test_one_wrong_row_is_no_match_and_never_written(
    shop: Shop, tmp_path: Path, shape: str, way: str
) -> None:
    (tmp_path / "alone").mkdir()
    with shop_in(tmp_path / "alone") as alone:
        bare = expected(alone, shape)
    run = run_of(shop, way, shape, more=1)
    assert shop.contents() == bare
    assert run.verdict in ("unsafe", "diverged", "failed"), run.reason or run.divergences
    if way == "under a test":
        assert run.verdict != "failed", run.reason


@pytest.mark.parametrize("way", ["worker", "scenario"])
@pytest.mark.parametrize("more", [0, 1], ids=["the same", "one wrong row"])
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "raises"])
def test_a_stored_run_is_replayed_by_its_statements(shop: Shop, shape: str, more: int, way: str) -> None:
    path = SHAPES[shape]

    def prepare(migration: Migration) -> Any:
        migration.use("sqlite3", shop.path)
        if not hasattr(shop, "db"):
            shop.open()
        return migration.seam(
            "s",
            legacy=lambda ref, qty: path(shop, ref, qty),
            candidate=lambda ref, qty: path(shop, ref, qty + more),
        )

    run = WAYS_ELSEWHERE[way](prepare, "r1", 2)
    shop.db.commit()
    after = shop.contents()
    assert run.verdict in (("match",) if not more else ("unsafe", "diverged", "failed")), run.reason
    assert after == shop.contents()


@pytest.mark.parametrize("more", [0, 1], ids=["the same", "one wrong row"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_scenario_of_changed_rows_is_judged_where_the_file_is_gone(
    shop: Shop, shape: str, more: int
) -> None:
    path = SHAPES[shape]

    def project() -> tuple[Migration, Any]:
        migration = Migration(environment={})
        migration.use("sqlite3", shop.path)
        return migration, migration.seam(
            "s",
            legacy=lambda ref, qty: path(shop, ref, qty),
            candidate=lambda ref, qty: path(shop, ref, qty + more),
        )

    migration, seam = project()
    shop.open()

    def case(ref: str) -> None:
        try:
            seam(ref, 2)
        finally:
            shop.db.commit()

    migration.source("cases", population="generated")(
        lambda _: [Case(ref, partial(case, ref)) for ref in ("r1", "r2")]
    )
    lines = scenario_lines(migration, "cases")
    Path(shop.path).unlink()
    for is_alone in (False, True):
        runs = replayed_lines(project()[0], lines, is_alone=is_alone)
        for run in runs:
            assert (run.verdict == "match") == (not more), run.reason or run.divergences
            assert run.verdict != "failed", run.reason
    assert not Path(shop.path).exists()
