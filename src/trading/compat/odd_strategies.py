"""Strategies that do what a strategy must not do."""

import random
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from trading.domain.money import ONE
from trading.domain.signal import Signal, SignalAction
from trading.market.port import MarketData
from trading.settings import Settings
from trading.strategies.strategy import WeightedStrategy


@dataclass(frozen=True, slots=True)
class Failing:
    """Raises whatever the day."""

    name: str
    symbols: tuple[str, ...] = ()

    def evaluate(self, prices: MarketData, as_of: date) -> list[Signal]:
        """Never comes to an answer."""
        raise ArithmeticError(f"{self.name} divides by zero on {as_of}")


@dataclass(frozen=True, slots=True)
class Silent:
    """Has nothing to say."""

    name: str = "silent"
    symbols: tuple[str, ...] = ()

    def evaluate(self, prices: MarketData, as_of: date) -> list[Signal]:
        """No signal."""
        return []


@dataclass(frozen=True, slots=True)
class Overweight:
    """Wants more than there is."""

    weights: tuple[Decimal, ...]
    name: str = "overweight"
    symbols: tuple[str, ...] = ("IEF", "SPY", "TLT")

    def evaluate(self, prices: MarketData, as_of: date) -> list[Signal]:
        """BUY of everything, with weights that add up to more than 1."""
        return [
            Signal(self.name, symbol, SignalAction.BUY, weight, "wants more than there is", as_of)
            for symbol, weight in zip(self.symbols, self.weights, strict=True)
        ]


def failing(settings: Settings, chance: random.Random) -> tuple[WeightedStrategy, ...]:
    """The usual strategies, one of which fails."""
    usual = settings.weighted_strategies()
    broken = chance.randrange(len(usual))
    return tuple(
        WeightedStrategy(Failing(one.strategy.name), one.weight) if number == broken else one
        for number, one in enumerate(usual)
    )


def silent() -> tuple[WeightedStrategy, ...]:
    """A day on which nobody has an opinion."""
    return (WeightedStrategy(Silent(), ONE),)


def overweight(chance: random.Random) -> tuple[WeightedStrategy, ...]:
    """Weights that do not add up."""
    weights = tuple(Decimal(chance.randint(40, 90)) / 100 for _ in range(3))
    return (WeightedStrategy(Overweight(weights), ONE),)
