"""The strategies there are: settings choose among these by kind, nothing is imported by a name from data."""

from collections.abc import Mapping
from types import MappingProxyType

from trading.strategies.inverse_volatility import InverseVolatility
from trading.strategies.rsi_ladder import RsiLadder
from trading.strategies.strategy import Strategy
from trading.strategies.trend_rotation import TrendRotation

STRATEGIES: Mapping[str, type[TrendRotation] | type[RsiLadder] | type[InverseVolatility]] = MappingProxyType(
    {
        "trend_rotation": TrendRotation,
        "rsi_ladder": RsiLadder,
        "inverse_volatility": InverseVolatility,
    }
)

DEFAULT_STRATEGIES: tuple[Strategy, ...] = tuple(make() for make in STRATEGIES.values())
