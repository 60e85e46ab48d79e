"""How an account did over a span of days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from trading.domain.money import ONE, ZERO


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a high: `depth` is a fraction of the high, 0 where values never fell."""

    depth: Decimal
    peak: date
    trough: date


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """Portfolio values at the end of ascending days; at least one day, all values above 0."""

    days: tuple[date, ...]
    values: tuple[Decimal, ...]

    def total_return(self, start: Decimal) -> Decimal:
        """Last value over the money at the start, less 1."""
        return self.values[-1] / start - ONE

    def maximum_drawdown(self) -> Drawdown:
        """The largest fall from a high to a later low."""
        peak_value, peak = self.values[0], self.days[0]
        worst = Drawdown(ZERO, peak, peak)
        for day, value in zip(self.days, self.values, strict=True):
            if value > peak_value:
                peak_value, peak = value, day
            depth = ONE - value / peak_value
            if depth > worst.depth:
                worst = Drawdown(depth, peak, day)
        return worst

    def yearly_returns(self, start: Decimal) -> dict[int, Decimal]:
        """Return per calendar year; the first counts from the money at the start."""
        last_of_year = {day.year: value for day, value in zip(self.days, self.values, strict=True)}
        return _chain(last_of_year, start)


def _chain(last_of_year: dict[int, Decimal], start: Decimal) -> dict[int, Decimal]:
    returns, before = {}, start
    for year, value in last_of_year.items():
        returns[year] = value / before - ONE
        before = value
    return returns


def held_throughout(days: Sequence[date], closes: Sequence[Decimal], start: Decimal) -> EquityCurve:
    """What `start` would have become in one symbol, bought at the first close and never touched."""
    return EquityCurve(tuple(days), tuple(start * close / closes[0] for close in closes))
