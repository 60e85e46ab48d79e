"""Figures that strategies judge by: pure functions of closes, oldest first, as dimensionless floats.

Only + - * / and `sqrt` are used, which IEEE 754 rounds correctly, and sums are `math.fsum`, which is exact
before its one rounding: the figures are the same on every platform. Too few closes raise ValueError.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

TRADING_DAYS_PER_YEAR = 252


def simple_moving_average(closes: Sequence[float], n: int) -> float:
    """The mean of the last `n` closes.

    Faber 2007, "A Quantitative Approach to Tactical Asset Allocation", takes it over 10 months or 200 days.
    """
    _require(closes, n, n)
    return math.fsum(closes[-n:]) / n


def return_over(closes: Sequence[float], n: int) -> float:
    """The simple return over the last `n` days as a fraction: close / close n days ago - 1."""
    _require(closes, n, n + 1)
    return closes[-1] / closes[-1 - n] - 1.0


def wilder_rsi(closes: Sequence[float], period: int = 14) -> float:
    """Wilder's relative strength index of the last close, 0 to 100.

    Wilder 1978, "New Concepts in Technical Trading Systems", section VI: the first averages are the means of
    the first `period` gains and losses, each later one is (average x (period - 1) + new) / period, and RSI is
    100 - 100 / (1 + average gain / average loss). Its value depends on where the closes begin, ever less the
    more there are. Closes that never moved have RSI 50: neither gains nor losses prevail.
    """
    _require(closes, period, period + 1)
    changes = [after - before for before, after in pairwise(closes)]
    gain = math.fsum(change for change in changes[:period] if change > 0.0) / period
    loss = math.fsum(-change for change in changes[:period] if change < 0.0) / period
    kept = period - 1
    for change in changes[period:]:
        if change > 0.0:
            gain = (gain * kept + change) / period
            loss = loss * kept / period
        else:
            gain = gain * kept / period
            loss = (loss * kept - change) / period
    return 100.0 * gain / (gain + loss) if gain + loss > 0.0 else 50.0


def volatility(closes: Sequence[float], n: int) -> float:
    """Annualised volatility: sample standard deviation of the last `n` simple daily returns x sqrt(252).

    Hull, "Options, Futures, and Other Derivatives", chapter "Estimating volatility from historical data",
    with simple instead of logarithmic returns, as weights of a portfolio average simple returns.
    """
    _require(closes, n, n + 1, n_min=2)
    returns = [after / before - 1.0 for before, after in pairwise(closes[-1 - n :])]
    mean = math.fsum(returns) / n
    variance = math.fsum((one - mean) ** 2 for one in returns) / (n - 1)
    return math.sqrt(variance * TRADING_DAYS_PER_YEAR)


def _require(closes: Sequence[float], n: int, needed: int, n_min: int = 1) -> None:
    if n < n_min:
        raise ValueError(f"number of days was {n}, allowed: {n_min} or more")
    if len(closes) < needed:
        raise ValueError(f"{len(closes)} closes, {needed} are needed")
