"""Inverse-volatility allocation: calm funds get more, restless ones less."""

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from trading.domain.money import ZERO, to_weight
from trading.domain.signal import Signal, SignalAction
from trading.market.port import MarketData
from trading.strategies.indicators import volatility
from trading.strategies.strategy import last_closes, require_at_least, require_symbols


@dataclass(frozen=True, slots=True)
class InverseVolatility:
    """Weights in proportion to 1 / volatility, always invested in full (but for the rounding of weights).

    A fund whose price did not move has no volatility to divide by: HOLD, and the others share its part.

    Source: "naive risk parity", the solution of equal risk contributions for equal correlations; Maillard,
    Roncalli and Teiletche 2010, "The Properties of Equally Weighted Risk Contribution Portfolios".
    """

    name: str = "inverse_volatility"
    symbols: tuple[str, ...] = ("IEF", "TIP", "VGK", "VPL", "XLE", "XLU")
    volatility_days: int = 60

    def __post_init__(self) -> None:
        require_symbols(self.name, "symbols", self.symbols)
        require_at_least(self.name, "volatility_days", self.volatility_days, 2)

    def evaluate(self, prices: MarketData, as_of: date) -> list[Signal]:
        """BUY every fund that moved."""
        days = self.volatility_days
        volatilities = {
            symbol: volatility(last_closes(prices, symbol, as_of, days + 1), days) for symbol in self.symbols
        }
        whole = math.fsum(1.0 / figure for figure in volatilities.values() if figure > 0.0)
        return [self._signal(symbol, figure, whole, as_of) for symbol, figure in volatilities.items()]

    def _signal(self, symbol: str, figure: float, whole: float, as_of: date) -> Signal:
        weight = to_weight(Decimal(1.0 / figure / whole)) if figure > 0.0 else ZERO
        if weight > ZERO:
            action = SignalAction.BUY
            reason = (
                f"{self.volatility_days}-day volatility {100 * figure:.1f} %; weight {100 * weight:.1f} %"
            )
        elif figure > 0.0:
            action = SignalAction.HOLD
            reason = (
                f"{self.volatility_days}-day volatility {100 * figure:.1f} % leaves no weight to speak of"
            )
        else:
            action = SignalAction.HOLD
            reason = f"the price did not move in {self.volatility_days} days: no volatility to divide by"
        return Signal(self.name, symbol, action, weight, reason, as_of)
