"""New York's days and trading hours, seen from UTC."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.market.calendar import is_session_open, last_session, session_date, session_time

# 2008-03-09 is the Sunday on which clocks in New York went forward.
SESSIONS = (date(2008, 3, 6), date(2008, 3, 7), date(2008, 3, 10))


def test_the_date_is_new_yorks_and_not_utcs() -> None:
    assert session_date(datetime(2008, 3, 7, 4, 59, tzinfo=UTC)) == date(2008, 3, 6)
    assert session_date(datetime(2008, 3, 7, 5, 0, tzinfo=UTC)) == date(2008, 3, 7)
    assert session_date(datetime(2008, 3, 7, 9, tzinfo=timezone(timedelta(hours=9)))) == date(2008, 3, 6)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (datetime(2008, 3, 7, 14, 29, 59, tzinfo=UTC), False),
        (datetime(2008, 3, 7, 14, 30, tzinfo=UTC), True),
        (datetime(2008, 3, 7, 20, 59, 59, tzinfo=UTC), True),
        (datetime(2008, 3, 7, 21, 0, tzinfo=UTC), False),
        (datetime(2008, 3, 8, 15, 0, tzinfo=UTC), False),  # a Saturday
        (datetime(2008, 3, 10, 13, 30, tzinfo=UTC), True),  # an hour earlier in UTC: summer time
        (datetime(2008, 3, 10, 20, 0, tzinfo=UTC), False),
        (datetime(2008, 3, 11, 15, 0, tzinfo=UTC), False),  # after the last session
    ],
)
def test_the_exchange_is_open_from_half_past_nine_to_four_on_sessions(
    moment: datetime, is_open: bool
) -> None:
    assert is_session_open(moment, SESSIONS) is is_open


@pytest.mark.parametrize(
    ("day", "session"),
    [
        (date(2008, 3, 5), None),
        (date(2008, 3, 6), date(2008, 3, 6)),
        (date(2008, 3, 9), date(2008, 3, 7)),
        (date(2020, 1, 1), date(2008, 3, 10)),
    ],
)
def test_the_last_session_is_the_latest_on_or_before_a_day(day: date, session: date | None) -> None:
    assert last_session(day, SESSIONS) == session


def test_the_time_of_a_session_follows_summer_time() -> None:
    assert session_time(date(2008, 3, 7)) == datetime(2008, 3, 7, 20, 45, tzinfo=UTC)
    assert session_time(date(2008, 3, 10)) == datetime(2008, 3, 10, 19, 45, tzinfo=UTC)
    assert session_time(date(2008, 3, 10), time(9, 30)).tzinfo is UTC


@given(st.dates(date(1990, 1, 1), date(2030, 1, 1)))
def test_the_exchange_is_open_at_every_sessions_default_time(day: date) -> None:
    assert session_date(session_time(day)) == day
    assert is_session_open(session_time(day), (day,))


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        session_date(datetime(2008, 3, 7, 15))
