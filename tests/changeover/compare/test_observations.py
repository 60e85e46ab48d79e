"""Checks on observations that need no counterpart: invariants, and what a comparison is blind to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from changeover.compare.invariants import Invariant, broken_invariants
from changeover.compare.mutations import blind_spots
from changeover.compare.rules import Rules
from changeover.values.observation import Observation, Returned
from tests.changeover.support.observations import effect, raised, returned, rule, rules


def adds_up(observation: Observation) -> bool:
    return isinstance(observation.outcome, Returned) and sum(observation.outcome.value) == 1


SUM = Invariant("weights sum to 1", "portfolio.analysis", adds_up)


def test_an_invariant_that_both_paths_keep_says_nothing() -> None:
    assert broken_invariants([SUM], "portfolio.analysis", returned([1]), returned([1])) == ()


def test_an_invariant_says_on_which_side_it_is_broken_even_where_both_agree() -> None:
    (divergence,) = broken_invariants([SUM], "portfolio.analysis", returned([2]), returned([1]))
    assert (divergence.kind, divergence.legacy, divergence.candidate) == (
        "invariant-broken",
        "broken",
        "holds",
    )
    assert divergence.place == 'invariant."weights sum to 1"'
    assert broken_invariants([SUM], "portfolio.analysis", returned([2]), returned([2]))


def test_an_invariant_is_of_one_seam() -> None:
    assert broken_invariants([SUM], "another.seam", returned([2]), returned([2])) == ()


@pytest.mark.parametrize("answer", [None, 1, "yes"])
def test_a_predicate_that_says_neither_yes_nor_no_could_not_tell(answer: object) -> None:
    unclear = Invariant("x", "s", lambda _: answer)  # type: ignore[arg-type,return-value]
    (divergence,) = broken_invariants([unclear], "s", returned(1), returned(1))
    assert divergence.kind == "comparer-error"


def test_a_predicate_that_raises_could_not_tell() -> None:
    broken = Invariant("x", "s", lambda _: 1 / 0 > 1)
    (divergence,) = broken_invariants([broken], "s", returned(1), returned(1))
    assert divergence.kind == "comparer-error"
    assert "ZeroDivisionError" in divergence.legacy


ORDER = effect("broker.submit", "SPY", quantity=Decimal(5), client_id="a")
SEEN = returned({"total": Decimal("1.5"), "at": "now", "rows": [{"n": 1}, {"n": 2}], "tags": {"x"}}, ORDER)


def test_without_rules_nothing_is_hidden() -> None:
    spots = blind_spots(SEEN, Rules(), "s")
    assert spots.spots == ()
    assert spots.tried >= 15


def test_what_a_rule_hides_is_listed_with_the_rule() -> None:
    spots = blind_spots(SEEN, rule("result.at", "ignore = true"), "s").spots
    assert {(spot.place, spot.change) for spot in spots} == {
        ("result.at", "changed"),
        ("result.at", "dropped"),
    }
    assert all(spot.hidden_by[0].path.text == "result.at" for spot in spots)


def test_an_identifier_that_stands_alone_may_be_anything() -> None:
    (spot,) = blind_spots(SEEN, rule("**.client_id", 'same_as = "bijection"'), "s").spots
    assert (spot.place, spot.is_effect) == ("effects.broker.submit[SPY].client_id", True)


def test_a_tolerance_hides_no_large_change() -> None:
    text = '[[rule]]\npath = "**"\nabs = "1000"\nrel = "0.5"\nreason = "r"\n'
    assert blind_spots(SEEN, rules(text), "s").spots == ()


def test_an_error_is_altered_too() -> None:
    failed = raised(ValueError("no"))
    assert blind_spots(failed, Rules(), "s").tried == 3
    assert blind_spots(failed, Rules(), "s").spots == ()
