"""Indicators agree with published figures and with independent arithmetic."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.strategies.indicators import return_over, simple_moving_average, volatility, wilder_rsi

closes_of_any_kind = st.lists(st.floats(1, 1_000), min_size=16, max_size=60)

# StockCharts ChartSchool, "Relative Strength Index", worksheet "cs-rsi" (QQQQ, 2009-12-14 to 2010-02-01).
WORKSHEET_CLOSES = [
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931,
    46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521,
    45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
]  # fmt: skip
WORKSHEET_RSI = [
    70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46, 41.87,
    45.46, 37.30, 33.08, 37.77,
]  # fmt: skip

# Hull, "Options, Futures, and Other Derivatives", estimating volatility: logarithmic returns give 19.3 %.
HULL_CLOSES = [
    20.00, 20.10, 19.90, 20.00, 20.50, 20.25, 20.90, 20.90, 20.90, 20.75, 20.75, 21.00, 21.10, 20.90, 20.90,
    21.25, 21.40, 21.40, 21.25, 21.75, 22.00,
]  # fmt: skip


def test_rsi_agrees_with_the_published_worksheet_to_its_last_digit() -> None:
    figures = [wilder_rsi(WORKSHEET_CLOSES[:end]) for end in range(15, len(WORKSHEET_CLOSES) + 1)]

    # The worksheet's closes are rounded to four places, its figures to two: half of the last digit.
    assert figures == pytest.approx(WORKSHEET_RSI, abs=0.005)


def test_rsi_of_closes_that_only_rise_only_fall_or_stand_still() -> None:
    rising = [float(n) for n in range(1, 31)]

    assert wilder_rsi(rising) == 100.0
    assert wilder_rsi(rising[::-1]) == 0.0
    assert wilder_rsi([5.0] * 30) == 50.0


@given(closes_of_any_kind)
def test_rsi_of_mirrored_changes_is_mirrored(closes: list[float]) -> None:
    mirrored = [2_000.0 - close for close in closes]

    assert 0.0 <= wilder_rsi(closes) <= 100.0
    if len({round(close, 6) for close in closes}) > 1:
        assert wilder_rsi(closes) + wilder_rsi(mirrored) == pytest.approx(100.0, abs=1e-3)


def test_the_moving_average_is_the_mean_of_the_last_closes() -> None:
    # StockCharts ChartSchool, "Moving Averages": five-day averages of 11, 12, ... 17 are 13, 14, 15.
    closes = [11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0]

    assert [simple_moving_average(closes[:end], 5) for end in (5, 6, 7)] == [13.0, 14.0, 15.0]


def test_the_return_is_over_that_many_days() -> None:
    assert return_over([50.0, 100.0, 104.2], 1) == pytest.approx(0.042)
    assert return_over([50.0, 100.0, 104.2], 2) == pytest.approx(1.084)


def test_volatility_is_near_hulls_worked_example() -> None:
    # Simple returns differ from Hull's logarithmic ones by less than a fifth of a percentage point here.
    assert volatility(HULL_CLOSES, 20) == pytest.approx(0.193, abs=0.002)


@given(closes_of_any_kind)
def test_volatility_is_the_sample_deviation_of_simple_returns(closes: list[float]) -> None:
    returns = [after / before - 1 for before, after in zip(closes[-16:-1], closes[-15:], strict=True)]

    assert volatility(closes, 15) == pytest.approx(statistics.stdev(returns) * 252**0.5, abs=1e-9)


@given(closes_of_any_kind)
def test_only_the_last_closes_count(closes: list[float]) -> None:
    longer = [1.0, 2.0, *closes]

    assert simple_moving_average(longer, 10) == simple_moving_average(closes, 10)
    assert return_over(longer, 10) == return_over(closes, 10)
    assert volatility(longer, 10) == volatility(closes, 10)


def test_too_few_closes_or_days_are_refused() -> None:
    with pytest.raises(ValueError, match="4 closes, 5 are needed"):
        simple_moving_average([1.0] * 4, 5)
    with pytest.raises(ValueError, match="5 closes, 6 are needed"):
        return_over([1.0] * 5, 5)
    with pytest.raises(ValueError, match="14 closes, 15 are needed"):
        wilder_rsi([1.0] * 14)
    with pytest.raises(ValueError, match="number of days was 1, allowed: 2 or more"):
        volatility([1.0] * 14, 1)
