"""A cluster is shown by several of its runs, chosen so that they tell most, from whatever is kept of them."""

import json
from decimal import Decimal

import pytest

from changeover.api.evidence import ClusterExplained, explain
from changeover.evidence.cluster_examples import EXAMPLES_SHOWN_MAX, Why, divergences_of, numbers_of
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.run_contents import RunContents, TypedText
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.observation import Side
from tests.changeover.support.evidence_rows import a_run
from tests.changeover.support.production_runs import runs_of, sell
from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop in which the candidate orders all that is wanted: the less it holds, the smaller the fault."""
    shop = shop_in(tmp_path_factory.mktemp("shop"))
    sell(shop, 18, 30, 6, 40, 41, 42, 43, 44, 45, planted="whole")
    return shop


def explained(shop: Shop) -> ClusterExplained:
    unsafe = runs_of(shop)[0].unsafe[0]
    found = explain(unsafe, project=shop.root)
    assert isinstance(found, ClusterExplained)
    return found


def test_the_first_the_latest_and_the_extremes_are_among_them_each_once(sold: Shop) -> None:
    found = explained(sold).examples
    why = {reason: one for one in found.examples for reason in one.why}
    assert {Why.FIRST, Why.LATEST, Why.LARGEST_CHANGE, Why.SMALLEST_CHANGE} <= set(why)
    values = {
        reason: (str(one.divergence.legacy), str(one.divergence.candidate)) for reason, one in why.items()
    }
    assert values[Why.FIRST] == ("42", "60")
    assert values[Why.LATEST] == ("15", "60")
    assert values[Why.SMALLEST_CHANGE] == ("54", "60")
    assert values[Why.LARGEST_CHANGE] == ("15", "60")
    assert len({one.run for one in found.examples}) == len(found.examples) <= EXAMPLES_SHOWN_MAX


def test_the_numbers_of_every_run_that_was_read_are_there(sold: Shop) -> None:
    found = explained(sold).examples
    assert found.runs_read == 9
    assert sorted(legacy for legacy, _ in found.numbers) == [15, 16, 17, 18, 19, 20, 30, 42, 54]
    assert {candidate for _, candidate in found.numbers} == {60}


def test_each_says_from_which_line_both_effects_came(sold: Shop) -> None:
    for one in explained(sold).examples.examples:
        assert all(at is not None and "shop.py:" in at for at in one.asked_at)


def test_programs_are_given_the_same(sold: Shop) -> None:
    unsafe = runs_of(sold)[0].unsafe[0]
    answer = sold.run("explain", unsafe, "--format", "json")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert told["runs_read"] == 9
    assert told["examples"][0]["asked_at"]["legacy"].endswith(":58")
    assert ["15", "60"] in [one["divergence"]["texts"] for one in told["examples"]]


def test_only_finite_numbers_of_both_sides_are_numbers() -> None:
    def pair(legacy: object, candidate: object) -> object:
        return numbers_of(Divergence("result", Kind.VALUE, legacy, candidate))

    assert pair(TypedText("Decimal", "1.50"), 2) == (Decimal("1.50"), Decimal(2))
    assert pair(TypedText("float", "nan"), 1) is None
    assert pair(True, 1) is None
    assert pair(1, ABSENT) is None
    assert pair("1", 2) is None


def kept(*divergences: Divergence, clusters: tuple[str, ...]) -> tuple[StoredRun, RunContents]:
    """A run that differs in these clusters, and the divergences that its store keeps of it."""
    return a_run(1, clusters=clusters), RunContents(Side.LEGACY, "shadow", divergences=divergences)


def test_what_stands_at_another_place_is_not_taken_for_a_divergence_that_is_not_kept() -> None:
    """A run keeps its first divergences; those of the clusters that come after them are not among them."""
    here, there = Divergence("result.first", Kind.VALUE, 1, 3), Divergence("result.last", Kind.VALUE, 2, 8)
    run, contents = kept(here, clusters=("another name of the first", "that of the last"))
    assert divergences_of(run, contents, "that of the last", there.place) == []
    assert divergences_of(run, contents, "another name of the first", here.place) == [(here, None)]
