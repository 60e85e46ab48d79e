"""Stored tapes replayed on today's code: what a run shows is renewed, when and how it ran is not."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from changeover.evidence.store.records import StoredRun
from changeover.record.replay_problems import ProblemKind
from changeover.values.verdict import Verdict
from tests.changeover.support.production_runs import runs_of, sell
from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def new_code(shop: Shop, old: str = "", new: str = "") -> None:
    app = shop.root / "shop.py"
    app.write_text(app.read_text().replace(old, new) + "\nNEW = 1\n")


def runs(shop: Shop) -> tuple[StoredRun, ...]:
    return runs_of(shop)


def test_runs_are_renewed_with_the_code_and_keep_their_time_stage_and_who_answered(shop: Shop) -> None:
    sell(shop, 10, 20, stage="live")
    before = runs(shop)
    new_code(shop)
    answer = shop.run("compare", "--source", "store")
    assert answer.code == 0, answer.err
    assert "nothing ran for real: both paths replayed each run's tape" in answer.out
    assert "no stage is changed by this" in answer.out
    after = runs(shop)
    assert [(run.id, run.at, run.stage, run.answered_by, run.world) for run in after] == [
        (run.id, run.at, run.stage, run.answered_by, run.world) for run in before
    ]
    assert {run.code for run in after}.isdisjoint({run.code for run in before})
    assert all(run.renewed_at is not None and run.verdict is Verdict.MATCH for run in after)


def test_what_differed_on_todays_code_is_not_replayed_away(shop: Shop) -> None:
    sell(shop, 10, planted="whole")
    (before,) = runs(shop)
    answer = shop.run("compare", "--run", f"store/{before.id[:8]}")
    assert answer.code == 0, answer.err
    assert "nothing ran for real" in answer.out
    assert before.verdict is Verdict.UNSAFE
    assert runs(shop) == (before,)


def test_only_what_is_not_on_todays_code_is_replayed(shop: Shop) -> None:
    sell(shop, 10, 20)
    answer = shop.run("compare", "--source", "store")
    assert answer.code == 3
    assert "is on this code and these rules already" in answer.err
    new_code(shop)
    sell(shop, 30)
    assert shop.run("compare", "--source", "store").err.startswith("2 comparisons")
    assert shop.run("compare", "--source", "store").code == 3


def test_a_fault_in_todays_code_is_found_on_yesterdays_tapes_and_explained(shop: Shop) -> None:
    sell(shop, 10, 20)
    new_code(shop, 'missing = target if PLANTED == "whole" else target - held', "missing = target")
    answer = shop.run("compare", "--source", "store", "--format", "json")
    assert answer.code == 1
    assert {run.verdict for run in runs(shop)} == {Verdict.UNSAFE}
    cluster = json.loads(answer.out)["comparisons"][0]["clusters"][0]
    assert cluster["id"] in {digest[:6] for run in runs(shop) for digest in run.unsafe}
    told = shop.run("explain", cluster["id"])
    assert told.code == 0
    assert "50 -> 60" in told.out or "x 60" in told.out
    (one,) = [line for line in told.out.splitlines() if line.startswith("reproduce")]
    again = shop.run("compare", "--run", one.split("--run ")[1])
    assert again.code == 1


def test_a_finding_in_production_is_explained_by_its_cluster_and_by_its_name(shop: Shop) -> None:
    sell(shop, 10, planted="whole")
    (run,) = runs(shop)
    for name in (run.unsafe[0][:6], run.id[:8], f"store/{run.at:%Y-%m-%dT%H:%M:%SZ}-{run.id[:8]}"):
        told = shop.run("explain", name)
        assert told.code == 0, told.err
        shown = "x 60" if name == run.unsafe[0][:6] else 'x EFFECT  order("apples", 60)'
        assert shown in told.out
    kept = shop.run("scenarios", "keep", run.id[:8])
    assert kept.code == 2
    assert "ran in production" in kept.err


def test_what_no_longer_fits_its_own_tape_is_not_compared(shop: Shop) -> None:
    sell(shop, 10)
    new_code(shop, "missing = target - depot.held(item)", 'missing = target - depot.held(item, "crate")')
    answer = shop.run("compare", "--source", "store")
    assert answer.code == 3
    (run,) = runs(shop)
    assert (run.verdict, run.reason) == (Verdict.FAILED, ProblemKind.OTHER_CODE)
    assert "no longer fits its own tape" in shop.run("explain", run.name).out


def test_a_tape_of_a_method_that_is_gone_has_failed_and_the_rest_is_replayed(shop: Shop) -> None:
    sell(shop, 10)
    new_code(shop, "def price(", "def cost(")
    new_code(shop, "depot.price(", "depot.cost(")
    new_code(shop, 'reads={"held", "price"}', 'reads={"held", "cost"}')
    answer = shop.run("compare", "--source", "store")
    assert answer.code == 3, answer.err
    (run,) = runs(shop)
    assert (run.verdict, run.reason) == (Verdict.FAILED, ProblemKind.OTHER_CODE)
    assert "its tape can no longer be read" in shop.run("explain", run.name).out


def test_a_damaged_tape_has_failed(shop: Shop) -> None:
    sell(shop, 10)
    with closing(sqlite3.connect(shop.root / ".changeover" / "evidence.db")) as store:
        store.execute("UPDATE runs SET tape = substr(tape, 1, 20)")
        store.commit()
    new_code(shop)
    assert shop.run("compare", "--source", "store").code == 3
    assert runs(shop)[0].verdict is Verdict.FAILED


def test_runs_of_other_seams_and_those_without_a_tape_stay_as_they_are(shop: Shop) -> None:
    sell(shop, 10, 10, 10)
    new_code(shop)
    shop.run("compare", "--source", "store")
    assert sorted(run.renewed_at is None for run in runs(shop)) == [False, True, True]
