"""Who notices an alteration: rules and invariants, and views, through which an answer is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from changeover.compare.altered_values import altered_leaf
from changeover.compare.invariants import Invariant
from changeover.compare.mutations import blind_spots, view_spots
from changeover.compare.rules import Rules
from changeover.values.observation import Observation, Returned, Side
from tests.changeover.support.observations import effect, raised, returned, rule

NAMES = rule("**.name", 'same_as = "bijection"')
ORDER = effect("broker.submit", "SPY", name="plan-1.SPY", quantity=5)
SEEN = returned({"name": "plan-1", "total": 5}, ORDER)


def named_after_the_plan(seen: Observation) -> bool:
    assert isinstance(seen.outcome, Returned)
    plan = seen.outcome.value["name"]
    return all(call.arguments["name"] == f"{plan}.{call.key}" for call in seen.effects)


def test_an_invariant_notices_what_rules_hide() -> None:
    hidden = {spot.normal_place for spot in blind_spots(SEEN, NAMES, "s").spots}
    assert hidden == {"result.name", "effects.broker.submit[*].name"}
    invariant = Invariant("named", "s", named_after_the_plan)
    assert blind_spots(SEEN, NAMES, "s", invariants=[invariant]).spots == ()
    assert blind_spots(SEEN, NAMES, "s", invariants=[Invariant("named", "t", named_after_the_plan)]).spots


def test_an_invariant_that_cannot_say_has_noticed_nothing() -> None:
    def unclear(seen: Observation) -> bool:
        if seen is not SEEN:
            raise LookupError("an altered one")
        return True

    assert len(blind_spots(SEEN, NAMES, "s", invariants=[Invariant("x", "s", unclear)]).spots) == 2


def test_an_invariant_that_does_not_hold_anyway_has_noticed_nothing() -> None:
    never = Invariant("x", "s", lambda _: False)
    assert len(blind_spots(SEEN, NAMES, "s", invariants=[never]).spots) == 2


def test_the_text_of_an_error_that_a_rule_hides_is_a_blind_spot() -> None:
    (spot,) = blind_spots(raised(ValueError("no")), rule("error.message", "ignore = true"), "s").spots
    assert (spot.place, spot.change) == ("error.message", "changed")


def test_only_what_is_wanted_is_altered() -> None:
    found = blind_spots(SEEN, Rules(), "s", wanted=lambda place, change: place == "result.total")
    assert found.tried == 2


@dataclass(frozen=True)
class Line:
    symbol: str
    note: str


class Pair(NamedTuple):
    kept: int
    lost: int


class Told:
    """A plain object."""

    def __init__(self) -> None:
        self.lines = [Line("SPY", "a"), Line("TLT", "b")]
        self.pair = Pair(1, 2)
        self.tags = {"x"}
        self.by_name = {"a": 1, "b": 2}


def plain_view(told: Told) -> dict[str, Any]:
    return {
        "symbols": [line.symbol for line in told.lines],
        "kept": told.pair.kept,
        "tags": set(told.tags),
        "a": told.by_name["a"],
    }


def test_what_a_view_drops_is_hidden_by_it_and_nothing_else_is() -> None:
    found = view_spots(Told(), plain_view, Side.LEGACY, Rules(), "s")
    assert {(spot.normal_place, spot.change) for spot in found.spots} == {
        ("result.lines[*].note", "changed"),
        ("result.pair.lost", "changed"),
        ("result.by_name.b", "changed"),
        ("result.by_name.b", "dropped"),
    }
    assert found.tried > len(found.spots) + 6


def test_a_view_that_raises_for_an_altered_answer_has_not_hidden_it() -> None:
    def picky(answer: dict[str, int]) -> int:
        if answer != {"a": 1}:
            raise ValueError(answer)
        return 1

    assert view_spots({"a": 1}, picky, Side.LEGACY, Rules(), "s").spots == ()


@pytest.mark.parametrize("rules", [Rules(), rule("result.a", "ignore = true")])
def test_a_rule_hides_behind_a_view_too(rules: Rules) -> None:
    found = view_spots({"a": 1}, lambda answer: dict(answer), Side.LEGACY, rules, "s")
    assert bool(found.spots) is bool(rules.rules)


class Ticker(str):
    """A text that does not want to be written."""

    def __format__(self, spec: str) -> str:
        raise TypeError

    def __str__(self) -> str:
        raise TypeError


def test_a_scalar_of_a_derived_class_is_altered_without_asking_it() -> None:
    altered = altered_leaf(Ticker("SPY"))
    assert type(altered) is Ticker
    assert str.__str__(altered) == "SPY~"
