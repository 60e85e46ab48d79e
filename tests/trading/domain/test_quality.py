"""Signals that would sell an account by mistake are refused, the others are traded with warnings."""

from dataclasses import replace
from decimal import Decimal

from tests.trading.support.values import failed, said
from trading.domain.portfolio import SignalQuality, consolidate, judge_signals
from trading.domain.signal import StrategySignals


def judge(*day: StrategySignals) -> SignalQuality:
    return judge_signals(day, consolidate(day))


def test_good_signals_are_acceptable_without_a_word() -> None:
    assert judge(said("x", "1", AAA="1")) == SignalQuality((), ())


def test_a_day_on_which_every_strategy_failed_is_not_traded() -> None:
    quality = judge(failed("x", "0.5", "no history"), failed("y", "0.5", "no history"))
    assert quality.problems == ("no strategy gave a signal",)
    assert not quality.acceptable


def test_one_silent_strategy_is_a_warning() -> None:
    quality = judge(said("x", "0.5", AAA="1"), failed("y", "0.5", "no history"))
    assert quality.acceptable
    assert quality.warnings == ("y gave no signal: no history",)


def test_a_conflict_is_a_warning() -> None:
    quality = judge(said("x", "0.5", AAA="1"), said("y", "0.5", AAA="SELL"))
    assert quality.acceptable
    assert quality.warnings == ("AAA: x buy, y sell",)


def test_weights_that_do_not_add_up_are_refused() -> None:
    day = [said("x", "1", AAA="1")]
    portfolio = replace(consolidate(day), cash_weight=Decimal("0.1"))
    assert judge_signals(day, portfolio).problems == ("target weights and cash add up to 1.100000, not 1",)


def test_weights_beyond_the_account_are_refused() -> None:
    assert judge(said("x", "1", AAA="1.5")).problems == (
        "target weights add up to 1.500000, more than the account",
    )


def test_a_negative_weight_is_refused() -> None:
    day = [said("x", "1", AAA="0.5")]
    weights = {"AAA": Decimal("0.5"), "BBB": Decimal("-0.1")}
    portfolio = replace(consolidate(day), target_allocations=weights, cash_weight=Decimal("0.6"))
    assert judge_signals(day, portfolio).problems == ("BBB: target weight -0.1 is negative",)
