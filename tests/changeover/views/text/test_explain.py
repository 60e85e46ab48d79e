"""One case at all of its seams: what differs comes first, and is not buried in what does not."""

import subprocess
import sys

import pytest

from changeover.views.layout import Screen
from changeover.views.text.explain import cluster_screen
from changeover.views.text.explain_run import SeamRun, runs_screen
from changeover.views.text.in_words import in_words
from tests.changeover.support.text_screens import kept_cluster, run_body


def at(seam: str, verdict: str) -> SeamRun:
    return SeamRun("days/one", seam, verdict, None)


def test_the_worst_seam_comes_first_and_those_alike_are_only_named() -> None:
    runs = [at("desk.a", "match"), at("desk.b", "diverged"), at("desk.a", "match"), at("desk.c", "unsafe")]
    screen = runs_screen([*runs, at("desk.d", "tolerated")], Screen())
    heads = [line for line in screen.splitlines() if line.startswith("days/one")]
    assert heads == ["days/one   desk.c   UNSAFE", "days/one   desk.b   diverged"]
    assert screen.endswith("and 3 runs without a difference, in --format json: desk.a (2), desk.d\n")


def test_where_nothing_differs_every_seam_is_shown() -> None:
    screen = runs_screen([at("desk.a", "match"), at("desk.b", "match")], Screen())
    assert screen.count("days/one   desk.") == 2
    assert "without a difference" not in screen


ORDER = {
    "place": "result.orders",
    "kind": "order",
    "legacy": [{"symbol": "SPY"}, {"symbol": "TLT"}],
    "candidate": [{"symbol": "TLT"}, {"symbol": "SPY"}],
    "texts": ["[{symbol: SPY}, {symbol: TLT}]", "[{symbol: TLT}, {symbol: SPY}]"],
    "position": None,
}


def test_two_lists_that_differ_are_told_apart_in_words_by_cluster_and_by_run() -> None:
    words = 'Value of root[0][\'symbol\'] changed from "SPY" to "TLT".'
    cluster = kept_cluster("desk.settle") | {"smallest": {"run": "days/one", "divergence": ORDER}}
    corpus = {"at": "2026-08-03", "source": "days", "code": None, "rules": ""}
    assert f"in words    {words}\n" in cluster_screen(cluster, corpus, [], None, Screen())
    run = run_body("desk.settle") | {"divergences": [ORDER]}
    assert f"\n    {words}\n" in runs_screen([SeamRun("days/one", "desk.settle", "diverged", run)], Screen())


@pytest.mark.parametrize("side", [{"absent": True}, {"not kept": "too deep"}, "18", 18, None])
def test_a_value_beside_none_or_a_leaf_needs_no_words(side: object) -> None:
    assert in_words({"legacy": [1, 2], "candidate": side}) == []
    assert in_words({"legacy": side, "candidate": {"a": 1}}) == []


def test_of_many_differences_the_first_are_shown_and_the_others_counted() -> None:
    lines = in_words({"legacy": list(range(30)), "candidate": list(range(100, 130))})
    assert len(lines) == 9
    assert lines[-1] == "and 22 differences more"


def test_deepdiff_is_imported_only_where_two_wholes_differ() -> None:
    script = (
        "import sys; from changeover.views.text.in_words import in_words;"
        "in_words({'legacy': 1, 'candidate': [1]}); assert 'deepdiff' not in sys.modules;"
        "in_words({'legacy': [2], 'candidate': [1]}); assert 'deepdiff' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
