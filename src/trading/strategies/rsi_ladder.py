"""Mean reversion on Wilder's RSI: the further a stock fell, the more of it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from trading.domain.money import ONE, ZERO, to_weight
from trading.domain.signal import Signal, SignalAction
from trading.market.port import MarketData
from trading.strategies.indicators import wilder_rsi
from trading.strategies.strategy import last_closes, require_at_least, require_symbols

# With ten periods, older closes would move RSI(14) by less than 0.005 on the bundled stocks.
PERIODS_OF_HISTORY = 10


class Rung(NamedTuple):
    """An RSI under `below` buys `fraction` of a slot."""

    below: int
    fraction: Decimal


LADDER = (
    Rung(30, Decimal(1)),
    Rung(40, Decimal("0.75")),
    Rung(50, Decimal("0.5")),
    Rung(60, Decimal("0.25")),
)


@dataclass(frozen=True, slots=True)
class RsiLadder:
    """Every stock has an equal slot; how much of it is filled is read off a ladder of RSI bounds.

    The lowest rung above the RSI decides. From `overbought` on the stock is sold; between the last rung and
    `overbought` the strategy has no opinion and holds (which, as a HOLD has weight 0, asks for no money).

    Source: Wilder 1978, "New Concepts in Technical Trading Systems", section VI: 14 days, oversold under 30,
    overbought over 70. The rungs between the two are ours.
    """

    name: str = "rsi_ladder"
    symbols: tuple[str, ...] = ("AAPL", "BAC", "CVX", "GE", "HD", "JNJ", "KO", "MSFT", "PG", "WMT")
    period: int = 14
    ladder: tuple[Rung, ...] = LADDER
    overbought: int = 70

    def __post_init__(self) -> None:
        require_symbols(self.name, "symbols", self.symbols)
        require_at_least(self.name, "period", self.period, 2)
        bounds = [rung.below for rung in self.ladder]
        ascending = bool(bounds) and bounds == sorted(set(bounds))
        if not (ascending and bounds[0] > 0 and bounds[-1] <= self.overbought <= 100):
            raise ValueError(
                f"{self.name}: bounds of the ladder were {bounds} and overbought {self.overbought}, allowed: "
                "at least one rung, ascending above 0, none above overbought, and that at most 100"
            )
        if not all(rung.fraction <= ONE and self._weight(rung) > ZERO for rung in self.ladder):
            raise ValueError(
                f"{self.name}: fractions of the ladder were {[str(rung.fraction) for rung in self.ladder]}, "
                "allowed: at most 1, and enough for a weight of 0.000001"
            )

    def evaluate(self, prices: MarketData, as_of: date) -> list[Signal]:
        """BUY on a rung, SELL overbought stocks, HOLD between."""
        return [self._signal(prices, symbol, as_of) for symbol in self.symbols]

    def _signal(self, prices: MarketData, symbol: str, as_of: date) -> Signal:
        closes = last_closes(prices, symbol, as_of, PERIODS_OF_HISTORY * self.period + 1)
        rsi = wilder_rsi(closes, self.period)
        rung = next((rung for rung in self.ladder if rsi < rung.below), None)
        figure = f"RSI({self.period}) {rsi:.1f}"
        weight = ZERO
        if rung is not None:
            action = SignalAction.BUY
            weight = self._weight(rung)
            reason = f"{figure} is below {rung.below}: {100 * float(rung.fraction):.0f} % of a slot"
        elif rsi >= self.overbought:
            action = SignalAction.SELL
            reason = f"{figure} is overbought, at or above {self.overbought}"
        else:
            action = SignalAction.HOLD
            reason = f"{figure} is between {self.ladder[-1].below} and {self.overbought}: no opinion"
        return Signal(self.name, symbol, action, weight, reason, as_of)

    def _weight(self, rung: Rung) -> Decimal:
        return to_weight(rung.fraction / len(self.symbols))
