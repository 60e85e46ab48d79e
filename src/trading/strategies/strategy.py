"""What every strategy is, how its parameters are checked, and how all of them are asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from trading.domain.signal import Signal, StrategySignals
from trading.market.port import MarketData


class InsufficientHistory(Exception):
    """The strategy needs more closes than there are; it says nothing rather than guess."""


class Strategy(Protocol):
    """A named function from prices up to a day to signals for that day."""

    @property
    def name(self) -> str:
        """The name under which settings give it a weight."""
        ...

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol it may speak about, in symbol order."""
        ...

    def evaluate(self, prices: MarketData, as_of: date) -> list[Signal]:
        """A signal for each of its symbols, weights adding up to at most 1; raises InsufficientHistory."""
        ...


def last_closes(prices: MarketData, symbol: str, as_of: date, n: int) -> list[float]:
    """Exactly the last `n` closes until `as_of`, oldest first; raises InsufficientHistory."""
    closes = prices.closes(symbol, as_of, n)
    if len(closes) < n:
        raise InsufficientHistory(f"{symbol} has {len(closes)} closes until {as_of}, {n} are needed")
    return [float(close) for close in closes]


def require_symbols(strategy: str, parameter: str, symbols: Sequence[str]) -> None:
    """At least one symbol, each once, in symbol order; raises ValueError."""
    ordered = sorted(set(symbols))
    if not symbols or list(symbols) != ordered:
        raise ValueError(
            f"{strategy}: {parameter} was {', '.join(symbols) or 'empty'}, allowed: one symbol or more, "
            f"each once, in symbol order; write {', '.join(ordered) or 'the symbols to trade'}"
        )


def require_at_least(strategy: str, parameter: str, value: int, least: int) -> None:
    """A number that is not too small; raises ValueError."""
    if value < least:
        raise ValueError(f"{strategy}: {parameter} was {value}, allowed: {least} or more")


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
