"""`changeover rules blindspots`: what nobody accepts says no, and what is found is kept for the gate."""

import json
from pathlib import Path

import pytest

from changeover.evidence.store.store import read_evidence, store_path
from tests.changeover.support.projects import Shop, shop_in

HIDES_COST = '[[rule]]\npath = "result.cost"\nignore = true\nreason = "planted"\n'
HIDES_QUANTITY = '[[rule]]\npath = "**.quantity"\nsame_as = "bijection"\nreason = "planted"\n'
ACCEPTS = '[[blindspot]]\nseam = "shelf.refill"\nplace = "{place}"\nreason = "a test"\n'


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def write(shop: Shop, name: str, text: str) -> None:
    (shop.root / "migration" / name).write_text(text)


def test_without_rules_everything_is_noticed_and_kept_as_evidence(shop: Shop) -> None:
    answer = shop.run("rules", "blindspots", "--runs", "5")
    assert answer.code == 0, answer.out + answer.err
    (review,) = read_evidence(store_path(shop.root, {})).reviews
    assert (review.kind, review.name, review.answer) == ("blind-spots", "shelf", "pass")
    assert review.body["spots"] == []
    assert review.body["tried"] > 10
    assert review.code is not None


def test_a_blind_spot_is_accepted_by_name_and_only_so(shop: Shop) -> None:
    write(shop, "rules.toml", HIDES_COST)
    assert shop.run("rules", "blindspots", "--runs", "5").code == 1
    write(shop, "blindspots.toml", ACCEPTS.format(place="result.cost"))
    answer = shop.run("rules", "blindspots", "--runs", "5", "--format", "json")
    assert answer.code == 0
    found = json.loads(answer.out)
    assert {spot["place"] for spot in found["blind_spots"]} == {"result.cost"}
    assert all(spot["hidden_by"] == ["result.cost"] for spot in found["blind_spots"])
    assert all(spot["reason"] == "a test" for spot in found["blind_spots"])
    assert found["answer"] == "pass"


def test_an_effect_that_is_hidden_is_never_accepted(shop: Shop) -> None:
    write(shop, "rules.toml", HIDES_QUANTITY)
    answer = shop.run("rules", "blindspots", "--runs", "5")
    assert answer.code == 1
    assert "EFFECT" in answer.out
    write(shop, "blindspots.toml", ACCEPTS.format(place="effects.depot.order[*].quantity"))
    answer = shop.run("rules", "blindspots", "--runs", "5")
    assert answer.code == 2
    assert "never accepted" in answer.err


def test_an_entry_that_hides_nothing_any_more_is_reported(shop: Shop) -> None:
    write(shop, "blindspots.toml", ACCEPTS.format(place="result.cost"))
    answer = shop.run("rules", "blindspots", "--runs", "5")
    assert answer.code == 0
    assert "not met" in answer.out
    assert "result.cost" in answer.out


def test_what_a_view_drops_is_listed_with_the_view(shop: Shop) -> None:
    text = (shop.root / "shop.py").read_text()
    seen = "view=(lambda said: {'item': said['item'], 'cost': said['cost']},) * 2"
    (shop.root / "shop.py").write_text(text.replace("candidate=candidate)", f"candidate=candidate, {seen})"))
    answer = shop.run("rules", "blindspots", "--runs", "5")
    assert answer.code == 1
    assert "hidden by view of legacy" in answer.out
    assert "result.ordered" in answer.out


def test_a_phase_that_no_run_crossed_is_not_one_without_blind_spots(shop: Shop) -> None:
    text = (shop.root / "shop.py").read_text()
    (shop.root / "shop.py").write_text(text.replace('return refill("apples", target)', "return None"))
    answer = shop.run("rules", "blindspots", "--runs", "5")
    assert answer.code == 3
    assert "none of these runs crossed it; --runs N looks at more cases" in " ".join(answer.out.split())
    (review,) = read_evidence(store_path(shop.root, {})).reviews
    assert review.answer == "inconclusive"


def test_a_source_that_is_not_there_is_named(shop: Shop) -> None:
    answer = shop.run("rules", "blindspots", "--source", "years")
    assert answer.code == 2
    assert "days" in answer.err
