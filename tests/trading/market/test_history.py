"""Prices of several files as one table, asked through the port without looking ahead."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.clock import SimulatedClock
from trading.market.calendar import session_time
from trading.market.history import HistoricalMarketData, PriceHistory, load_bundled
from trading.market.port import MarketData, MarketDataError
from trading.market.price_file import PriceFile, PriceFileError

DAY = date(2008, 1, 1)


def days(first: int, last: int) -> tuple[date, ...]:
    return tuple(DAY + timedelta(days=n) for n in range(first, last + 1))


def file(name: str, sessions: tuple[date, ...], *symbols: str) -> PriceFile:
    prices = tuple(Decimal(1 + (session - DAY).days) for session in sessions)
    closes: Mapping[str, tuple[Decimal, ...]] = dict.fromkeys(symbols, prices)
    return PriceFile(Path(name), sessions, closes)


def market_on(day: date, history: PriceHistory) -> MarketData:
    return HistoricalMarketData(history, SimulatedClock(session_time(day)))


def test_the_bundle_holds_both_files_and_their_common_sessions() -> None:
    history = load_bundled()

    assert len(history.symbols) == 43
    assert list(history.symbols) == sorted(history.symbols)
    assert len(history.sessions) == 2141
    assert (history.sessions[0], history.sessions[-1]) == (date(2008, 1, 2), date(2016, 7, 1))
    assert load_bundled() is history


def test_bundled_prices_are_the_ones_in_the_files() -> None:
    market = market_on(date(2008, 1, 3), load_bundled())

    assert [str(close) for close in market.closes("SPY", date(2008, 1, 3), 2)] == ["144.9300", "144.8600"]
    assert len(market.closes("AAPL", date(2008, 1, 3), 10_000)) > 4_000  # stocks begin in 1990


def test_closes_are_the_last_ones_up_to_the_day_oldest_first() -> None:
    market = market_on(DAY + timedelta(days=9), PriceHistory.join([file("a", days(0, 9), "A")]))

    assert market.closes("A", DAY + timedelta(days=4), 3) == (Decimal(3), Decimal(4), Decimal(5))
    assert market.closes("A", DAY + timedelta(days=1), 3) == (Decimal(1), Decimal(2))
    assert market.closes("A", DAY - timedelta(days=1), 3) == ()
    assert market.closes("A", DAY, 0) == ()


def test_a_day_that_lies_ahead_is_refused() -> None:
    market = market_on(DAY, PriceHistory.join([file("a", days(0, 9), "A")]))

    with pytest.raises(MarketDataError, match="until 2008-01-02 lie ahead: it is 2008-01-01 in New York"):
        market.closes("A", DAY + timedelta(days=1), 1)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 40))
def test_no_answer_knows_a_price_of_a_later_day(today: int, until: int, n: int) -> None:
    history = PriceHistory.join([file("a", days(5, 25), "A")])
    market = market_on(DAY + timedelta(days=today), history)
    asked = DAY + timedelta(days=until)

    if until > today:
        with pytest.raises(MarketDataError):
            market.closes("A", asked, n)
    else:
        closes = market.closes("A", asked, n)
        assert len(closes) <= n
        assert all(DAY + timedelta(days=int(close) - 1) <= asked for close in closes)
    latest = market.latest_price("A")
    assert latest == (min(today, 25) + 1 if today >= 5 else None)


def test_the_latest_price_moves_with_the_clock() -> None:
    clock = SimulatedClock(session_time(DAY))
    market = HistoricalMarketData(PriceHistory.join([file("a", days(0, 9), "A")]), clock)
    before = market.latest_price("A")

    clock.advance_to(session_time(DAY + timedelta(days=3)))

    assert (before, market.latest_price("A")) == (Decimal(1), Decimal(4))


def test_sessions_are_the_days_of_every_file_past_and_future() -> None:
    history = PriceHistory.join([file("a", days(0, 9), "B"), file("b", days(5, 20), "A", "C")])

    assert market_on(DAY, history).sessions() == days(5, 9)
    assert history.symbols == ("A", "B", "C")


def test_an_unknown_symbol_is_named_with_what_was_perhaps_meant() -> None:
    market = market_on(date(2008, 1, 3), load_bundled())

    with pytest.raises(MarketDataError, match='no prices of "APPL"; did you mean AAPL'):
        market.closes("APPL", date(2008, 1, 3), 1)
    with pytest.raises(MarketDataError, match='no prices of "spy"; did you mean SPY'):
        market.latest_price("spy")


def test_an_unknown_symbol_like_no_other_is_answered_with_the_known_ones() -> None:
    market = market_on(DAY, PriceHistory.join([file("a", days(0, 9), "A", "B")]))

    with pytest.raises(MarketDataError, match='no prices of "ZZZ"; known are A, B'):
        market.latest_price("ZZZ")


def test_a_session_that_only_one_file_has_is_a_gap_in_the_other() -> None:
    whole, gappy = file("whole", days(0, 9), "A"), file("gappy", days(2, 4) + days(6, 9), "B")

    for files in ([whole, gappy], [gappy, whole]):
        with pytest.raises(PriceFileError, match="gappy: gap: no row for 2008-01-06, a session in whole"):
            PriceHistory.join(files)


def test_two_files_with_the_same_symbol_are_refused() -> None:
    with pytest.raises(PriceFileError, match="b: symbol A stands in a already"):
        PriceHistory.join([file("a", days(0, 9), "A"), file("b", days(0, 9), "A")])


def test_files_that_do_not_overlap_are_refused() -> None:
    with pytest.raises(PriceFileError, match="no session is common to a, b"):
        PriceHistory.join([file("a", days(0, 4), "A"), file("b", days(5, 9), "B")])


def test_a_history_of_no_file_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one price file"):
        PriceHistory.join([])
