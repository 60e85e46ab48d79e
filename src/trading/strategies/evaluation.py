"""Asking all strategies, one by one, so that one that fails takes only its own money out of play."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from trading.domain.signal import StrategySignals
from trading.market.port import MarketData
from trading.strategies.strategy import InsufficientHistory, Strategy


@dataclass(frozen=True, slots=True)
class WeightedStrategy:
    """A strategy and its share of the account, a fraction of 1."""

    strategy: Strategy
    weight: Decimal


def evaluate_strategies(
    strategies: Sequence[WeightedStrategy], market: MarketData, as_of: date
) -> tuple[StrategySignals, ...]:
    """What each strategy says on that day; one that fails says nothing, and its failure is told."""
    return tuple(_evaluate(weighted, market, as_of) for weighted in strategies)


def _evaluate(weighted: WeightedStrategy, market: MarketData, as_of: date) -> StrategySignals:
    name = weighted.strategy.name
    try:
        signals = weighted.strategy.evaluate(market, as_of)
    except InsufficientHistory as error:
        return StrategySignals(name, weighted.weight, (), failure=str(error))
    except Exception as error:  # noqa: BLE001  a strategy is anybody's code: whatever it raises is its failure
        return StrategySignals(name, weighted.weight, (), failure=f"{type(error).__name__}: {error}")
    return StrategySignals(name, weighted.weight, tuple(signals))
