"""New York time: which day it is there, and whether its exchange is open.

Half days (the day after Thanksgiving, Christmas Eve) are not known: they count as open until 16:00.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
OPENS = time(9, 30)
CLOSES = time(16, 0)


def session_date(now: datetime) -> date:
    """The calendar date in New York, be it a session or not; `now` must be aware."""
    return _in_new_york(now).date()


def is_session_open(now: datetime, sessions: Sequence[date]) -> bool:
    """Whether `now` lies in the trading hours of one of `sessions` (ascending), closing time excluded."""
    local = _in_new_york(now)
    if not OPENS <= local.time() < CLOSES:
        return False
    day = local.date()
    at = bisect_left(sessions, day)
    return at < len(sessions) and sessions[at] == day


def last_session(day: date, sessions: Sequence[date]) -> date | None:
    """The latest of `sessions` (ascending) on or before `day`; None where all lie ahead."""
    at = bisect_right(sessions, day)
    return sessions[at - 1] if at else None


def session_time(session: date, at: time = time(15, 45)) -> datetime:
    """The moment in UTC when New York's clocks show `at` (naive) on that day.

    The default is shortly before the close: the day's price is as good as known, and orders are still taken.
    """
    return datetime.combine(session, at, tzinfo=NEW_YORK).astimezone(UTC)


def _in_new_york(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError(f"New York time needs an aware datetime, got the naive {now}")
    return now.astimezone(NEW_YORK)
