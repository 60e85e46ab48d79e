"""A report leaves behind what it said, for the next one; no gate is any the wiser."""

import json
from pathlib import Path

from tests.changeover.support.page_reading import read
from tests.changeover.support.production_runs import sell
from tests.changeover.support.projects import Shop, shop_in


def evidence_of_gate(shop: Shop) -> str:
    """The digest of all that a gate counts; asked so, it leaves nothing behind itself."""
    (gate, *_) = json.loads(shop.run("report", "--format", "json").out)["gates"]
    digest: str = gate["evidence"]
    return digest


def changes_on(shop: Shop) -> str:
    assert shop.run("report").code == 0
    page = (shop.root / "changeover-report.html").read_text(encoding="utf-8")
    return read(page).named("changes").whole_text


def test_the_next_report_says_what_has_changed_and_gates_stay_as_they_were(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    shop.run("compare", "--runs", "10")
    before = evidence_of_gate(shop)
    assert "There is none before this one" in changes_on(shop)
    assert evidence_of_gate(shop) == before
    sell(shop, 18, planted="whole")
    told = changes_on(shop)
    assert "worst is UNSAFE , was inconclusive" in told
    assert "production 1 more run on this code, 1 of them differ" in told
    assert "depot.order[*].quantity" in told or "depot.order[apples].quantity" in told
    assert "Nothing has changed." in changes_on(shop)


def test_json_leaves_nothing_behind(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    shop.run("compare", "--runs", "3")
    assert shop.run("report", "--format", "json").code == 0
    assert "There is none before this one" in changes_on(shop)


def test_programs_are_given_the_changes_and_the_strip(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    shop.run("compare", "--runs", "3")
    assert shop.run("report").code == 0
    sell(shop, 18, 30, planted="whole")
    told = json.loads(shop.run("report", "--format", "json").out)
    assert told["changes"]["new_runs"] == 2
    assert {one["fate"] for one in told["changes"]["clusters"]} == {"new"}
    assert sum(column["verdicts"].get("unsafe", 0) for column in told["strip"]["columns"]) == 2
    assert told["strip"]["step"] == "hour"
