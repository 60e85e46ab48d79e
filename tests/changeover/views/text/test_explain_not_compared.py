"""`explain` without a name says why runs were not compared, in production as in a comparison."""

import json
import re

import pytest

from changeover.values.verdict import Verdict
from tests.changeover.support.gate_inputs import passing, production, run
from tests.changeover.support.production_runs import sell
from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """In production no run of it was compared: the candidate asks what is on no tape."""
    shop = shop_in(tmp_path_factory.mktemp("shop"))
    sell(shop, 18, 30, 50, planted="question")
    return shop


@pytest.fixture(scope="module")
def compared(shop: Shop) -> Shop:
    """The same, and a comparison in which nothing differs beside it."""
    shop.run("compare", planted="question")
    return shop


def reasons(shop: Shop) -> list[dict[str, object]]:
    told = json.loads(shop.run("explain", "--format", "json", planted="question").out)
    return [*told["not_compared"], *(one for other in told["others"] for one in other["not_compared"])]


def test_production_that_was_not_compared_says_why_and_names_a_run(shop: Shop) -> None:
    told = shop.run("explain", planted="question").out
    assert re.search(r"^not compared +3 runs of shelf\.refill: \S", told, re.MULTILINE)
    (found,) = reasons(shop)
    assert (found["seam"], found["runs"]) == ("shelf.refill", 3)
    assert found["reason"]


def test_the_run_that_is_named_can_be_explained(shop: Shop) -> None:
    (found,) = reasons(shop)
    again = shop.run("explain", str(found["example"]), planted="question")
    assert (again.code, str(found["reason"]).partition(":")[0] in again.out) == (0, True)


def test_it_is_said_of_production_and_of_a_comparison_both(compared: Shop) -> None:
    assert sorted(str(found["example"]).partition("/")[0] for found in reasons(compared)) == ["days", "store"]


def test_a_gate_that_lacks_runs_since_they_fail_does_not_ask_for_more_of_them() -> None:
    failing = [run(1000 + one, verdict=Verdict.FAILED, world=None) for one in range(400)]
    for runs in (failing, [*production()[:40], *failing]):
        case = passing().but_runs(runs)
        for name in ("production: rate", "production: not compared"):
            assert str(case.criterion(name).do).startswith("changeover explain"), name


def test_a_gate_that_lacks_runs_and_has_none_that_fail_asks_for_more() -> None:
    assert "more distinct inputs" in str(
        passing().but_runs(production()[:40]).criterion("production: rate").do
    )
