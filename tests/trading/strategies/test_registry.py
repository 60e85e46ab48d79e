"""Laws that every registered strategy keeps, on real prices and on made-up ones."""

import os
import random
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.support.made_market import TODAY, MadeMarket
from trading.clock import SimulatedClock
from trading.domain.money import ONE, WEIGHT_STEP, ZERO
from trading.domain.signal import Signal, SignalAction
from trading.market.calendar import session_time
from trading.market.history import HistoricalMarketData, PriceHistory, Series, load_bundled
from trading.strategies.registry import DEFAULT_STRATEGIES, STRATEGIES
from trading.strategies.strategy import InsufficientHistory, Strategy

every_strategy = pytest.mark.parametrize("strategy", DEFAULT_STRATEGIES, ids=lambda strategy: strategy.name)
traded_sessions = st.sampled_from(load_bundled().sessions[200:])


def on_day(day: date, history: PriceHistory) -> HistoricalMarketData:
    return HistoricalMarketData(history, SimulatedClock(session_time(day)))


def assert_lawful(strategy: Strategy, signals: list[Signal]) -> None:
    assert tuple(signal.symbol for signal in signals) == strategy.symbols
    assert list(strategy.symbols) == sorted(set(strategy.symbols))
    assert sum((signal.target_weight for signal in signals), ZERO) <= ONE
    for signal in signals:
        assert signal.strategy == strategy.name
        assert (signal.target_weight > ZERO) is (signal.action is SignalAction.BUY)
        assert signal.target_weight >= ZERO
        assert signal.target_weight % WEIGHT_STEP == ZERO
        assert signal.reason


def test_kinds_are_the_names_of_the_default_strategies() -> None:
    assert list(STRATEGIES) == [strategy.name for strategy in DEFAULT_STRATEGIES]
    assert [STRATEGIES[strategy.name]() for strategy in DEFAULT_STRATEGIES] == list(DEFAULT_STRATEGIES)


def test_default_universes_are_in_the_bundled_history() -> None:
    universe = {symbol for strategy in DEFAULT_STRATEGIES for symbol in strategy.symbols}

    assert universe <= set(load_bundled().symbols)


@every_strategy
@settings(max_examples=30, deadline=None)
@given(day=traded_sessions)
def test_every_symbol_gets_a_lawful_signal_on_real_prices(strategy: Strategy, day: date) -> None:
    assert_lawful(strategy, strategy.evaluate(on_day(day, load_bundled()), day))


@every_strategy
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), spread=st.floats(0.0, 0.9))
def test_every_symbol_gets_a_lawful_signal_on_any_prices(
    strategy: Strategy, seed: int, spread: float
) -> None:
    chance = random.Random(seed)  # noqa: S311  made-up prices, not secrets
    market = MadeMarket(
        {
            symbol: [100.0 * (1.0 + chance.uniform(-spread, spread)) for _ in range(200)]
            for symbol in strategy.symbols
        }
    )

    assert_lawful(strategy, strategy.evaluate(market, TODAY))


@every_strategy
@settings(max_examples=15, deadline=None)
@given(day=traded_sessions)
def test_no_strategy_looks_ahead(strategy: Strategy, day: date) -> None:
    history = load_bundled()
    until = {
        symbol: Series(series.days[:end], series.closes[:end])
        for symbol, series in history.series.items()
        for end in [sum(1 for known in series.days if known <= day)]
    }
    without_future = PriceHistory(history.symbols, history.sessions, until)
    later = history.sessions[-1]

    known_then = strategy.evaluate(on_day(day, without_future), day)

    assert strategy.evaluate(on_day(later, history), day) == known_then


@every_strategy
def test_a_strategy_without_history_says_so_rather_than_guess(strategy: Strategy) -> None:
    empty = PriceHistory(strategy.symbols, (), dict.fromkeys(strategy.symbols, Series((), ())))

    with pytest.raises(InsufficientHistory, match=f"^{strategy.symbols[0]} has 0 closes until 2010-06-30"):
        strategy.evaluate(on_day(TODAY, empty), TODAY)


def test_signals_do_not_depend_on_the_order_of_hashes() -> None:
    program = (
        "from tests.trading.strategies.test_registry import *\n"
        "day = date(2011, 8, 8)\n"
        "for strategy in DEFAULT_STRATEGIES: print(strategy.evaluate(on_day(day, load_bundled()), day))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(said) == 1
    assert "TLT" in said.pop()
