"""Divergences are gathered by what is common to them, never by their values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from changeover.compare.change_pattern import Change, ChangePattern, pattern_of, read_pattern
from changeover.compare.clusters import CLUSTERS_KEPT_MAX, Clusters, RunFound, fingerprint_of, reached_by
from changeover.compare.comparison import compare
from changeover.values.divergence import ABSENT, Divergence, Kind
from tests.changeover.support.observations import compared, effect, returned

NOON = datetime(2016, 3, 1, 12, tzinfo=UTC)


class Colour(Enum):
    RED = 1
    BLUE = 2


@pytest.mark.parametrize(
    ("legacy", "candidate", "pattern"),
    [
        (None, 5, "none became value"),
        (5, None, "value became none"),
        (5, ABSENT, "only in legacy"),
        (ABSENT, 5, "only in candidate"),
        (Decimal("0.2944"), Decimal(0), "non-zero became 0"),
        (0.0, 0.1, "0 became non-zero"),
        (5, -5, "other sign"),
        (5, -6, "other sign and size"),
        (5, 6, "+1"),
        (Decimal("5.5"), Decimal("4.5"), "-1"),
        (12, 12_000, "ratio 10^3"),
        (Decimal("1.25"), Decimal("0.0125"), "ratio 10^-2"),
        (Decimal("12.345"), Decimal("12.35"), "rounded to 2 places"),
        (12.3, 12.345, "no longer rounded to 1 places"),
        (18, 312, "larger"),
        (Decimal("1e-30"), Decimal("7e-31"), "smaller"),
        (1.5, float("nan"), "number became NaN"),
        (float("inf"), 1.5, "infinity became number"),
        (1, 1.0, "int became float"),
        (Decimal(1), 1.0, "decimal.Decimal became float"),
        ([1], {"a": 1}, "list became mapping"),
        (True, False, "true became false"),
        ("Buy", "BUY", "case"),
        ("a b", " a  b", "space"),
        ("", "a", "empty became text"),
        ("a", "", "text became empty"),
        ("a", "b", "text"),
        (NOON, NOON + timedelta(hours=5), "offset +5 h"),
        (NOON, NOON - timedelta(minutes=330), "offset -5.5 h"),
        (NOON, NOON.replace(tzinfo=None), "aware became naive"),
        (NOON, NOON + timedelta(seconds=1), "later"),
        (NOON, NOON - timedelta(days=9, seconds=1), "earlier"),
        (date(2016, 3, 1), date(2016, 3, 2), "+1 day"),
        (date(2016, 3, 1), date(2016, 2, 2), "earlier"),
        (timedelta(1), timedelta(2), "larger"),
        (Colour.RED, Colour.BLUE, "changed"),
    ],
)
def test_the_pattern_of_a_change_holds_for_other_values(legacy: Any, candidate: Any, pattern: str) -> None:
    found = pattern_of(legacy, candidate)
    assert str(found) == pattern
    assert read_pattern(pattern) == found


@pytest.mark.parametrize("change", Change)
def test_the_text_of_a_pattern_is_read_back_as_the_same_pattern(change: Change) -> None:
    pattern = ChangePattern(change, ("3", "demo.Money")[: change.count("{}")])
    assert read_pattern(str(pattern)) == pattern


def test_another_order_is_a_permutation() -> None:
    (divergence,) = compared([1, 2, 3], [2, 3, 1]).divergences
    assert fingerprint_of("s", divergence).pattern == ChangePattern(Change.PERMUTATION)


@pytest.mark.parametrize(
    ("value", "altered", "place"),
    [
        ({"items": [{"q": 1}]}, {"items": [{"q": 9}]}, "result.items[*].q"),
        ({"2016-03-01": {"close": 1}}, {"2016-03-01": {"close": 9}}, "result.<date>.close"),
        ({"SPY": {"q": 1}}, {"SPY": {"q": 9}}, "result.<code>.q"),
        ({"order-00017": 1}, {"order-00017": 9}, "result.<id>"),
        (
            {"6f1c2b1e-7c0e-4a8e-9d0f-0a1b2c3d4e5f": 1},
            {"6f1c2b1e-7c0e-4a8e-9d0f-0a1b2c3d4e5f": 9},
            "result.<uuid>",
        ),
        ({"17": 1}, {"17": 9}, "result.<number>"),
        ({17: 1}, {17: 9}, "result.<int>"),
        ({"market_value": 1}, {"market_value": 9}, "result.market_value"),
    ],
)
def test_what_differs_from_run_to_run_is_no_part_of_a_cluster(value: Any, altered: Any, place: str) -> None:
    (divergence,) = compared(value, altered).divergences
    assert divergence.normal_place == place


def test_identifiers_are_stable() -> None:
    divergence = Divergence("result.a[3].b", Kind.VALUE, 18, 312, normal_place="result.a[*].b")
    assert fingerprint_of("trading.workflow", divergence).id == "59cc24"
    other = Divergence("result.a[9].b", Kind.VALUE, 1, 200, normal_place="result.a[*].b")
    assert fingerprint_of("trading.workflow", other) == fingerprint_of("trading.workflow", divergence)


def gathered(*runs: RunFound) -> Clusters:
    clusters = Clusters()
    for run in runs:
        clusters.add(run)
    return clusters


def run(name: str, *divergences: Divergence, size: int = 1, day: int = 1) -> RunFound:
    return RunFound(name, "s", divergences, datetime(2016, 3, day, tzinfo=UTC), size)


WEIGHT = Divergence("result.weight", Kind.VALUE, 1, 0, position=2)
QUANTITY = Divergence(
    "effects.b.submit[SPY].q", Kind.EFFECT_CHANGED, 18, 312, position=5, normal_place="effects.b.submit[*].q"
)


def test_a_cluster_knows_its_runs_its_first_last_and_smallest_example() -> None:
    clusters = gathered(
        run("b", WEIGHT, WEIGHT, size=9, day=2),
        run("a", WEIGHT, size=5, day=3),
        run("c", WEIGHT, size=7, day=1),
        run("d"),
    )
    (cluster,) = clusters.found
    assert (cluster.runs, cluster.occurrences, cluster.reachable, cluster.share) == (3, 4, 4, 0.75)
    assert (cluster.first.run, cluster.last.run, cluster.smallest.run) == ("c", "a", "a")


def test_clusters_come_in_the_order_in_which_a_run_meets_them_with_what_they_always_come_with() -> None:
    clusters = gathered(run("1", QUANTITY, WEIGHT), run("2", WEIGHT), run("3", WEIGHT, QUANTITY))
    weight, quantity = clusters.found
    assert (weight.fingerprint.place, quantity.fingerprint.place) == (
        "result.weight",
        "effects.b.submit[*].q",
    )
    assert quantity.always_with == (weight.fingerprint,)
    assert weight.always_with == ()
    assert quantity.is_unsafe
    assert not weight.is_unsafe


def test_a_share_is_of_the_runs_that_come_by_the_place() -> None:
    legacy, candidate = (
        returned(1, effect("b.submit", "SPY", q=18)),
        returned(1, effect("b.submit", "SPY", q=312)),
    )
    clusters = Clusters()
    for name, one, other in (
        ("1", legacy, candidate),
        ("2", returned(1), returned(1)),
        ("3", legacy, legacy),
    ):
        found = compare(one, other).divergences
        clusters.add(RunFound(name, "s", found, reached=reached_by(one, other)))
    (cluster,) = clusters.found
    assert (cluster.runs, cluster.reachable) == (1, 2)


def test_more_clusters_than_are_kept_are_counted() -> None:
    clusters = gathered(
        *(run(str(n), Divergence(f"result.a{n}", Kind.VALUE, 1, 9)) for n in range(CLUSTERS_KEPT_MAX + 3))
    )
    assert len(clusters.found) == CLUSTERS_KEPT_MAX
    assert clusters.left_out == 3
