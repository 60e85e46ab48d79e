"""Warnings that only one path logged, on the screens of `explain`."""

import json
from pathlib import Path

import pytest

from changeover.values.log_line import LogLine
from changeover.values.observation import Side
from changeover.views.layout import Screen
from changeover.views.text.logged import logged_lines
from tests.changeover.support.projects import shop_in


@pytest.mark.parametrize("columns", ["60", "100"])
def test_warnings_that_one_path_alone_logged_stand_beside_the_first_difference(
    tmp_path: Path, columns: str
) -> None:
    shop = shop_in(tmp_path)
    environment = {"SHOP_TOKEN": "token-of-the-shop", "COLUMNS": columns}
    screen = shop.run("compare", planted="warns", **environment).out
    assert "candidate   WARNING shop.prices: no pr" in screen.partition("1 cluster")[2].partition("Shown")[0]
    assert "token-of-the-shop" not in screen
    (compared,) = json.loads(shop.run("compare", "--format", "json", planted="warns").out)["comparisons"]
    (line,) = compared["clusters"][0]["logged"]
    assert (line["side"], line["level"], line["source"]) == ("candidate", "WARNING", "shop.prices")
    clusters = json.loads(shop.run("explain", "--format", "json").out)["clusters"]
    for asked in (clusters[0]["id"], "days/day-01"):
        answer = shop.run("explain", asked, **environment)
        assert "logged by one path only" in answer.out
        assert "candidate   WARNING shop.prices: no pr" in answer.out
        assert "token-of-the-shop" not in answer.out
    kept = json.loads(shop.run("explain", "days/day-01", "--format", "json").out)
    (run,) = (one["run"] for one in kept["runs"])
    assert "logged" not in run["legacy"]
    (line,) = run["candidate"]["logged"]
    assert (line["level"], line["source"]) == ("WARNING", "shop.prices")
    assert line["text"].startswith("no price of today for ")
    assert "token-of-the-shop" not in line["text"]


def test_a_long_line_goes_on_below_so_that_the_error_at_its_end_can_be_read() -> None:
    text = f"given up {'attempt ' * 20}error=No module named 'limits'"
    lines = list(logged_lines([(Side.CANDIDATE, LogLine("ERROR", "shop", text))], Screen(60)))
    assert max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines[1:]).split()).endswith("error=No module named 'limits'")
