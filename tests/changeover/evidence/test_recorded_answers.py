"""A stored run is held against its record: the path that answered still has to do what is recorded."""

import json
from pathlib import Path

import pytest

from changeover.evidence.store.records import StoredRun
from changeover.values.verdict import Verdict
from tests.changeover.support.production_runs import runs_of, sell
from tests.changeover.support.projects import Shop, shop_in

FILE = "migration/scenarios/days.jsonl"
SCENARIO = "days/day-03/shelf.refill"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def both_paths(shop: Shop, first_line: str) -> None:
    """Both paths begin with this line from now on."""
    app = shop.root / "shop.py"
    text = app.read_text()
    for name in ("legacy", "candidate"):
        head = f"def {name}(item: str, target: int) -> dict[str, object]:\n"
        assert head in text
        text = text.replace(head, f"{head}    {first_line}\n")
    app.write_text(text)


def legacy_only(shop: Shop, old: str, new: str) -> None:
    app = shop.root / "shop.py"
    text = app.read_text()
    assert old in text
    app.write_text(text.replace(old, new, 1))


def record(shop: Shop, *cases: str) -> None:
    runs = [argument for case in cases for argument in ("--run", case)]
    assert shop.run("scenarios", "record", "--source", "days", *runs, "--output", FILE).code == 0


def runs(shop: Shop) -> tuple[StoredRun, ...]:
    return runs_of(shop)


SAME_ON_BOTH = {
    "nothing is done": "return {'item': item, 'ordered': 0, 'cost': None}",
    "both raise": "raise LookupError(item)",
    "something else is done": "target = 2 * target",
    "another note is written": "depot.note('more'); target = target",
}


@pytest.mark.parametrize("line", SAME_ON_BOTH.values(), ids=SAME_ON_BOTH)
def test_the_gate_of_scenarios_does_not_pass_where_both_paths_depart_alike(shop: Shop, line: str) -> None:
    record(shop, "day-03", "day-05")
    both_paths(shop, line)
    assert shop.run("gate", "--scenarios").code == 3
    assert shop.run("compare", "--source", "scenarios").code == 3


@pytest.mark.parametrize("line", SAME_ON_BOTH.values(), ids=SAME_ON_BOTH)
@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_stored_runs_do_not_renew_evidence_where_both_paths_depart_alike(
    shop: Shop, line: str, stage: str
) -> None:
    sell(shop, 10, 20, stage=stage)
    both_paths(shop, line)
    assert shop.run("compare", "--source", "store").code == 3
    assert {run.verdict for run in runs(shop)} == {Verdict.FAILED}


def test_runs_of_other_code_that_fit_no_longer_are_told_apart_and_count_for_nothing(shop: Shop) -> None:
    sell(shop, 10, 20, stage="shadow")
    both_paths(shop, SAME_ON_BOTH["something else is done"])
    assert shop.run("flip", "shelf", "shadow", "--force", "--reason", "try").code == 0
    assert "renews runs on other code" in shop.run("gate", "shelf", "--to", "live", "--format", "json").out
    assert shop.run("compare", "--source", "store").code == 3
    gate = shop.run("gate", "shelf", "--to", "live")
    assert gate.code == 3
    assert "2 runs in which other code did what today's does not" in gate.out
    assert "renews runs" not in shop.run("gate", "shelf", "--to", "live", "--format", "json").out
    (not_compared,) = [line for line in gate.out.splitlines() if "production: not compared" in line]
    assert "0 failed" in not_compared
    status = json.loads(shop.run("status", "--format", "json").out)
    assert (status["production"], status["production_on_other_code"]) == ([], 2)
    sell(shop, 20, 30, stage="shadow")
    (now,) = json.loads(shop.run("status", "--format", "json").out)["production"]
    assert (now["runs"], now["not_compared"]) == (2, 0)


def test_the_reason_names_the_place_and_both_values(shop: Shop) -> None:
    record(shop, "day-03")
    legacy_only(shop, '"ordered": max(missing, 0)', '"ordered": missing + 1')
    compared = shop.run("compare", "--source", "scenarios", "--format", "json")
    ((reason,),) = [one["not_compared"] for one in json.loads(compared.out)["comparisons"]]
    assert reason["reason"] == "recorded-by-other-code"
    assert reason["place"] == "result.ordered"
    assert "28 -> 29" in reason["detail"]


def test_a_departure_without_any_change_of_the_code_is_listed_apart(shop: Shop) -> None:
    app = shop.root / "shop.py"
    app.write_text(app.read_text().replace("missing = target -", "missing = SPARE + target -"))
    app.write_text(
        app.read_text().replace("\n\ndef legacy", "\nSPARE = len(os.environ.get('SPARE', ''))\n\ndef legacy")
    )
    record(shop, "day-03")
    compared = shop.run("compare", "--source", "scenarios", "--format", "json", SPARE="x")
    (reason,) = json.loads(compared.out)["comparisons"][0]["not_compared"]
    assert reason["reason"] == "no-longer-does-what-was-recorded"


def test_a_change_of_the_candidate_alone_is_a_difference_and_no_departure(shop: Shop) -> None:
    record(shop, "day-03")
    assert shop.run("compare", "--source", "scenarios", planted="whole").code == 1
    assert shop.run("gate", "--scenarios", planted="whole").code == 1


def test_a_scenario_is_renewed_with_a_reason_and_then_agrees_again(shop: Shop) -> None:
    record(shop, "day-03", "day-05")
    kept = [json.loads(line) for line in (shop.root / FILE).read_text().splitlines()]
    both_paths(shop, "target = target + 1")
    assert shop.run("gate", "--scenarios").code == 3
    dry = shop.run("scenarios", "renew", SCENARIO, "--reason", "one more is wanted", "--dry-run")
    assert dry.code == 0, dry.err
    assert [json.loads(line) for line in (shop.root / FILE).read_text().splitlines()] == kept
    done = shop.run("scenarios", "renew", SCENARIO, "--reason", "one more is wanted")
    assert done.code == 0, done.err
    assert "28" in done.out
    assert "29" in done.out
    first, second = [json.loads(line) for line in (shop.root / FILE).read_text().splitlines()]
    assert second == kept[1]
    assert first["id"] == kept[0]["id"]
    assert first["answer"]["returned"]["ordered"] == 29
    assert first["renewed"][0].endswith("one more is wanted")
    assert shop.run("compare", "--source", "scenarios", "--run", SCENARIO).code == 0


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_scenario_is_renewed_with_no_empty_reason(shop: Shop, reason: str) -> None:
    record(shop, "day-03")
    assert shop.run("scenarios", "renew", SCENARIO, "--reason", reason).code == 2


def test_what_was_redacted_in_the_record_is_not_held_against_it(shop: Shop) -> None:
    plan = shop.root / "migration" / "phases.toml"
    plan.write_text(plan.read_text().replace('code = ["shop"]', 'code = ["shop"]\nredact = ["result.item"]'))
    record(shop, "day-03")
    assert "[redacted " in (shop.root / FILE).read_text()
    assert shop.run("compare", "--source", "scenarios").code == 0
