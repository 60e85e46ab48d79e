"""Trend and momentum rotation between equity funds and bond funds."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from trading.domain.money import ONE, ZERO, to_weight
from trading.domain.signal import Signal, SignalAction
from trading.market.port import MarketData
from trading.strategies.indicators import return_over, simple_moving_average
from trading.strategies.strategy import last_closes, require_at_least, require_symbols


@dataclass(frozen=True, slots=True)
class TrendRotation:
    """The strongest rising equity funds in equal slots, the best rising bond fund in the slots left empty.

    A fund rises if it closed above its average and its return is positive. Rising equity funds are ranked by
    return and the first `slots` get a slot each; all empty slots go to the rising bond fund of the highest
    return, and stay cash if none rises. Equal returns are ranked by symbol.

    Sources: the trend filter is Faber 2007, "A Quantitative Approach to Tactical Asset Allocation" (daily
    instead of monthly); relative momentum with an absolute filter and bonds as refuge is Antonacci 2014,
    "Dual Momentum Investing" (90 days instead of 12 months, zero instead of the Treasury bill's return).
    """

    name: str = "trend_rotation"
    equity_funds: tuple[str, ...] = ("EEM", "EFA", "SPY", "XLK")
    bond_funds: tuple[str, ...] = ("IEF", "LQD", "TLT")
    average_days: int = 200
    return_days: int = 90
    slots: int = 3

    def __post_init__(self) -> None:
        require_symbols(self.name, "equity_funds", self.equity_funds)
        require_symbols(self.name, "bond_funds", self.bond_funds)
        require_symbols(self.name, "equity_funds and bond_funds", self.symbols)
        require_at_least(self.name, "average_days", self.average_days, 1)
        require_at_least(self.name, "return_days", self.return_days, 1)
        require_at_least(self.name, "slots", self.slots, 1)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Equity and bond funds in symbol order."""
        return tuple(sorted(self.equity_funds + self.bond_funds))

    def evaluate(self, prices: MarketData, as_of: date) -> list[Signal]:
        """BUY what is chosen, SELL all other funds."""
        trends = {symbol: self._trend(prices, symbol, as_of) for symbol in self.symbols}
        chosen = _strongest(self.equity_funds, trends)[: self.slots]
        slot = to_weight(ONE / self.slots)
        weights = dict.fromkeys(chosen, slot)
        empty = self.slots - len(chosen)
        refuge = _strongest(self.bond_funds, trends)[:1] if empty else []
        weights.update(dict.fromkeys(refuge, slot * empty))
        return [
            Signal(
                strategy=self.name,
                symbol=symbol,
                action=SignalAction.BUY if symbol in weights else SignalAction.SELL,
                target_weight=weights.get(symbol, ZERO),
                reason=self._reason(trend, symbol, weights, empty),
                as_of=as_of,
            )
            for symbol, trend in trends.items()
        ]

    def _trend(self, prices: MarketData, symbol: str, as_of: date) -> "_Trend":
        closes = last_closes(prices, symbol, as_of, max(self.average_days, self.return_days + 1))
        return _Trend(
            close=closes[-1],
            average=simple_moving_average(closes, self.average_days),
            gain=return_over(closes, self.return_days),
        )

    def _reason(self, trend: "_Trend", symbol: str, weights: dict[str, Decimal], empty: int) -> str:
        is_above = "is above" if trend.close > trend.average else "is not above"
        figures = (
            f"{trend.close:.2f} {is_above} its {self.average_days}-day average {trend.average:.2f}; "
            f"{self.return_days}-day return {100 * trend.gain:.1f} %"
        )
        if symbol in weights:
            return (
                figures if symbol in self.equity_funds else f"{figures}; takes {empty} of {self.slots} slots"
            )
        if not trend.rises:
            return figures
        if symbol in self.equity_funds:
            return f"{figures}; not among the best {self.slots}"
        return f"{figures}; another bond fund is better" if empty else f"{figures}; no slot is empty"


@dataclass(frozen=True, slots=True)
class _Trend:
    close: float
    average: float
    gain: float

    @property
    def rises(self) -> bool:
        return self.close > self.average and self.gain > 0.0


def _strongest(symbols: tuple[str, ...], trends: dict[str, _Trend]) -> list[str]:
    rising = (symbol for symbol in symbols if trends[symbol].rises)
    return sorted(rising, key=lambda symbol: (-trends[symbol].gain, symbol))
