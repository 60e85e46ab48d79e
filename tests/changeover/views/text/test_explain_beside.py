"""`explain` shows other runs and sources of a cluster, a rule that really accepts it, and all with --full."""

import json
import re
from pathlib import Path

import pytest

from changeover.views.layout import Screen
from tests.changeover.support.production_runs import sell
from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Compared and run in production with a candidate that is dear by one."""
    shop = shop_in(tmp_path_factory.mktemp("shop"))
    sell(shop, 18, 30, 50, planted="dear")
    assert shop.run("compare", "--runs", "4", planted="dear").code == 1
    return shop


@pytest.fixture(scope="module")
def cluster(shop: Shop) -> str:
    listed = json.loads(shop.run("explain", "--format", "json", planted="dear").out)
    name: str = listed["clusters"][0]["id"]
    return name


def test_production_stands_beside_the_comparison(shop: Shop, cluster: str) -> None:
    told = shop.run("explain", cluster, planted="dear").out
    assert re.search(r"on this code +production: 3 of 3 runs, until .*; in all diverged", told)
    assert re.search(r"^ +days: 4 of 4 runs", told, re.MULTILINE)


def test_other_runs_than_the_smallest_are_shown_with_both_values(shop: Shop, cluster: str) -> None:
    told = shop.run("explain", cluster, planted="dear").out
    assert "other examples, of 4 runs that were read" in told
    assert re.search(r"latest +days/day-04 +178.50 -> 179.50", told)


def test_the_rule_that_is_shown_can_be_pasted_and_makes_the_cluster_tolerated(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    (before,) = json.loads(shop.run("compare", "--runs", "2", "--format", "json", planted="dear").out)[
        "comparisons"
    ]
    told = shop.run("explain", before["clusters"][0]["id"], planted="dear").out
    rule = "\n".join(line.strip() for line in told[told.index("[[rule]]") :].splitlines())
    (tmp_path / "migration" / "rules.toml").write_text(
        rule.replace('reason = "..."', 'reason = "the new price"')
    )
    assert shop.run("rules", "check", planted="dear").code == 0
    compared = shop.run("compare", "--runs", "2", "--format", "json", planted="dear")
    (comparison,) = json.loads(compared.out)["comparisons"]
    assert (compared.code, comparison["clusters"]) == (0, [])
    assert comparison["total"]["tolerated"] == 2


def test_programs_get_the_rule_and_the_sources_too(shop: Shop, cluster: str) -> None:
    told = json.loads(shop.run("explain", cluster, "--format", "json", planted="dear").out)
    assert told["rule"].startswith("[[rule]]")
    assert told["why_no_rule"] is None
    assert {one["source"]: one["found_in"] for one in told["sources"]} == {"production": 3, "days": 4}


def test_full_cuts_nothing_of_a_run(shop: Shop) -> None:
    told = shop.run("explain", "days/day-01", "--full", planted="dear").out
    for said in ('item  "apples"', "1 read depot.held", "3 EFFECT depot.order", "gave  8.50", "cost  358.00"):
        assert said in told
    assert "1 difference\n" in told
    assert "…" not in told


def test_full_shows_both_values_of_every_example(shop: Shop, cluster: str) -> None:
    told = shop.run("explain", cluster, "--full", planted="dear").out
    assert told.count("x result.cost   value") == 4


@pytest.mark.parametrize("width", [60, 80, 200])
def test_it_fits_the_screen(width: int, shop: Shop, cluster: str) -> None:
    from changeover.api.evidence import ClusterExplained, explain
    from changeover.views.text.explain_beside import accept_lines, beside_lines

    found = explain(cluster, project=shop.root)
    assert isinstance(found, ClusterExplained)
    screen = Screen(width)
    lines = beside_lines(found.examples, found.sources, screen)
    lines += accept_lines(found.cluster, found.offer, screen)
    assert max(map(len, lines)) <= width
