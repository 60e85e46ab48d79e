"""Effects are matched one to one; whatever one side did otherwise is found, and is unsafe."""

from __future__ import annotations

from enum import Enum

import pytest

from changeover.compare.comparison import Comparison, compare
from changeover.values.divergence import Divergence, Kind
from changeover.values.observation import PortCall, Side
from tests.changeover.support.observations import effect, found, raised, returned, rule, rules


class OrderSide(Enum):
    BUY = 1
    SELL = 2


def order(symbol: str, quantity: int, position: int = 1, side: OrderSide = OrderSide.SELL) -> PortCall:
    return effect("broker.submit_order", (symbol, side), position, symbol=symbol, quantity=quantity)


def compared(legacy: list[PortCall], candidate: list[PortCall], under: str = "") -> Comparison:
    return compare(returned(1, *legacy), returned(1, *candidate), rules(under or "# none"))


def test_a_changed_argument_is_named_under_its_effect() -> None:
    (divergence,) = compared([order("SPY", 18)], [order("SPY", 312)]).divergences
    assert divergence.place == "effects.broker.submit_order[SPY,SELL].quantity"
    assert divergence.normal_place == "effects.broker.submit_order[*,SELL].quantity"
    assert (divergence.kind, divergence.detail) == (Kind.EFFECT_CHANGED, Kind.VALUE)
    assert (divergence.legacy, divergence.candidate, divergence.is_unsafe) == (18, 312, True)


def test_an_effect_of_one_side_is_missing_or_extra() -> None:
    assert found(compared([order("SPY", 1)], [])) == [
        ("effect-missing", "effects.broker.submit_order[SPY,SELL]")
    ]
    assert found(compared([], [order("SPY", 1)])) == [
        ("effect-extra", "effects.broker.submit_order[SPY,SELL]")
    ]


def test_an_effect_performed_twice_is_extra_once() -> None:
    assert found(compared([order("SPY", 1)], [order("SPY", 1), order("SPY", 1, 2)])) == [
        ("effect-extra", "effects.broker.submit_order[SPY,SELL]")
    ]


def test_the_tally_of_every_method_adds_up() -> None:
    legacy = [order("SPY", 1), order("TLT", 2, 2), order("BIL", 3, 3)]
    comparison = compared(legacy, [order("SPY", 1), order("TLT", 5, 2), order("GLD", 1, 3)])
    (tally,) = comparison.effects
    assert (tally.name, tally.legacy, tally.candidate, tally.equal, tally.changed) == (
        "broker.submit_order",
        3,
        3,
        1,
        1,
    )
    (same_tally,) = compared(legacy, legacy).effects
    assert (same_tally.equal, same_tally.changed) == (3, 0)


MAIL = effect("notifier.send", "desk", 2, text="done")


@pytest.mark.parametrize(
    ("legacy", "candidate", "place"),
    [
        ([order("SPY", 1), order("TLT", 1)], [order("TLT", 1), order("SPY", 1)], "effects.broker"),
        ([order("SPY", 1), MAIL], [MAIL, order("SPY", 1)], "effects"),
    ],
    ids=["within a port", "across ports"],
)
def test_effects_in_another_order_are_found(
    legacy: list[PortCall], candidate: list[PortCall], place: str
) -> None:
    assert found(compared(legacy, candidate)) == [("effect-order", place)]


@pytest.mark.parametrize(
    ("path", "accepted"),
    [
        ("effects", True),
        ("effects.broker", True),
        ("effects.broker.submit_order", True),
        ("effects.other", False),
    ],
)
def test_order_within_a_method_may_be_freed_at_the_method_or_above(path: str, accepted: bool) -> None:
    under = f'[[rule]]\npath = "{path}"\norder = "any"\nreason = "r"\n'
    comparison = compared([order("SPY", 1), order("TLT", 1)], [order("TLT", 1), order("SPY", 1)], under)
    assert (found(comparison) == []) is accepted
    assert bool(comparison.accepted) is accepted


def test_order_freed_at_a_port_is_not_free_across_ports() -> None:
    under = '[[rule]]\npath = "effects.broker"\norder = "any"\nreason = "r"\n'
    assert found(compared([order("SPY", 1), MAIL], [MAIL, order("SPY", 1)], under)) == [
        ("effect-order", "effects")
    ]


def test_an_effect_whose_key_is_a_renamed_identifier_is_matched() -> None:
    ids = rule("**.client_id", 'same_as = "bijection"')
    legacy = returned(
        1,
        effect("broker.submit", "SPY", 1, client_id="a"),
        effect("broker.cancel", "a", 2, client_id="a"),
    )
    candidate = returned(
        1,
        effect("broker.submit", "SPY", 1, client_id="x"),
        effect("broker.cancel", "x", 2, client_id="x"),
    )
    assert found(compare(legacy, candidate, ids)) == []
    wrong = returned(1, candidate.effects[0], effect("broker.cancel", "y", 2, client_id="y"))
    assert found(compare(legacy, wrong, ids)) == [
        ("effect-missing", "effects.broker.cancel[a]"),
        ("effect-extra", "effects.broker.cancel[y]"),
    ]


def test_what_follows_an_effect_that_was_withheld_says_so() -> None:
    legacy = returned({"state": "done"}, order("SPY", 1, 1))
    candidate = raised(RuntimeError("withheld"), order("SPY", 1, 1), order("TLT", 1, 5))
    by_place = {
        divergence.place: divergence.consequence_of
        for divergence in compare(legacy, candidate, shadowed=Side.CANDIDATE).divergences
    }
    assert by_place == {
        "error": "effects.broker.submit_order[TLT,SELL]",
        "effects.broker.submit_order[TLT,SELL]": None,
    }


def test_errors_are_compared_by_type_and_message() -> None:
    assert found(compare(raised(ValueError("a")), raised(ValueError("a")))) == []
    assert found(compare(raised(ValueError("a")), raised(TypeError("b")))) == [
        ("error-differs", "error.type"),
        ("error-differs", "error.message"),
    ]
    assert found(compare(raised(ValueError("a")), returned(1))) == [("error-one-side", "error")]
    assert found(compare(returned(1), raised(ValueError("a")))) == [("error-one-side", "error")]


def test_a_message_may_be_ignored_and_the_type_still_counts() -> None:
    message = rule("error.message", 'ignore = true\nmust_be = "str"')
    assert found(compare(raised(ValueError("a")), raised(ValueError("b")), message)) == []
    assert found(compare(raised(ValueError("a")), raised(TypeError("b")), message)) == [
        ("error-differs", "error.type")
    ]


def test_what_a_replay_noted_is_part_of_the_comparison() -> None:
    noted = Divergence("effects.net", Kind.UNDECLARED_EFFECT, None, "socket.connect", 3)
    assert compare(returned(1), returned(1), noted=[noted]).divergences == (noted,)
