"""One case at all of its seams: what differs comes first, and is not buried in what does not."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from changeover.compare.clusters import Example
from changeover.evidence.store.records import StoredComparison, StoredRun
from changeover.evidence.store.run_contents import read_divergence
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.verdict import Verdict
from changeover.views.layout import Screen
from changeover.views.text.differences import in_words
from changeover.views.text.explain import cluster_screen
from changeover.views.text.explain_run import runs_screen
from tests.changeover.support.text_screens import kept_cluster, run_body, stored_run


def at(seam: str, verdict: str, body: dict[str, Any] | None = None) -> StoredRun:
    return stored_run("days/one", seam, Verdict(verdict), body)


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
    "detail": None,
    "consequence_of": None,
}


def test_two_lists_that_differ_are_told_apart_in_words_by_cluster_and_by_run() -> None:
    words = 'Value of root[0][\'symbol\'] changed from "SPY" to "TLT".'
    example = Example("days/one", read_divergence(ORDER), None, 9)
    cluster = replace(kept_cluster("desk.settle"), smallest=example)
    comparison = StoredComparison(1, datetime(2026, 8, 3, tzinfo=UTC), "days", "recorded", None, "")
    assert f"in words    {words}\n" in cluster_screen(cluster, comparison, [], None, Screen())
    run = run_body("desk.settle") | {"divergences": [ORDER]}
    assert f"\n    {words}\n" in runs_screen([at("desk.settle", "diverged", run)], Screen())


def differing(legacy: object, candidate: object) -> Divergence:
    return Divergence("result", Kind.VALUE, legacy, candidate)


@pytest.mark.parametrize("side", [ABSENT, {"not kept": "too deep"}, "18", 18, None])
def test_a_value_beside_none_or_a_leaf_needs_no_words(side: object) -> None:
    assert in_words(differing([1, 2], side)) == []
    assert in_words(differing(side, {"a": 1})) == []


def test_of_many_differences_the_first_are_shown_and_the_others_counted() -> None:
    lines = in_words(differing(list(range(30)), list(range(100, 130))))
    assert len(lines) == 9
    assert lines[-1] == "and 22 differences more"


def test_deepdiff_is_imported_only_where_two_wholes_differ() -> None:
    script = (
        "import sys; from changeover.views.text.differences import in_words;"
        "from changeover.values.divergence import Divergence, Kind;"
        "in_words(Divergence('a', Kind.VALUE, 1, [1])); assert 'deepdiff' not in sys.modules;"
        "in_words(Divergence('a', Kind.VALUE, [2], [1])); assert 'deepdiff' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
