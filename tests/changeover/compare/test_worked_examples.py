"""The examples that stand in `walk` and `effects` are what the comparison does."""

from changeover.compare.comparison import compare
from changeover.compare.effects import EffectTally
from tests.changeover.support.observations import differences, effect, found, returned, rule, rules

LEGACY = {"lots": [{"symbol": "SPY", "cost": 10.00}, {"symbol": "TLT", "cost": 5.00}]}
CANDIDATE = {"lots": [{"symbol": "TLT", "cost": 5.00}, {"symbol": "SPY", "cost": 10.02}]}
COST = "[[rule]]\npath = 'result.lots[*].cost'\nabs = '0.01'\nreason = 'a test'\n"
MATCHED = f"{COST}[[rule]]\npath = 'result.lots'\nmatch_by = ['symbol']\nreason = 'a test'\n"


def test_the_example_of_the_walk() -> None:
    assert differences(LEGACY, CANDIDATE, rules(MATCHED)) == [("tolerance-exceeded", "result.lots[SPY].cost")]
    assert differences(LEGACY, CANDIDATE, rules(COST)) == [
        ("order", "result.lots"),
        ("tolerance-exceeded", "result.lots[0].cost"),
    ]


def test_the_example_of_matched_effects() -> None:
    legacy = returned(
        1,
        effect("broker.submit", "SPY", 1, symbol="SPY", quantity=10, id="a1"),
        effect("broker.confirm", ("a1",), 2, id="a1"),
        effect("broker.submit", "TLT", 3, symbol="TLT", quantity=5, id="a2"),
    )
    candidate = returned(
        1,
        effect("broker.submit", "TLT", 1, symbol="TLT", quantity=5, id="x7"),
        effect("broker.submit", "SPY", 2, symbol="SPY", quantity=12, id="x8"),
        effect("broker.confirm", ("x8",), 3, id="x8"),
        effect("broker.confirm", ("x7",), 4, id="x7"),
    )
    comparison = compare(legacy, candidate, rule("effects.broker.*[*].id", "same_as = 'bijection'"))
    assert found(comparison) == [
        ("effect-changed", "effects.broker.submit[SPY].quantity"),
        ("effect-extra", "effects.broker.confirm[x7]"),
        ("effect-order", "effects.broker"),
    ]
    assert comparison.effects == (
        EffectTally("broker.submit", 2, 2, 1, 1),
        EffectTally("broker.confirm", 1, 2, 1, 0),
    )
