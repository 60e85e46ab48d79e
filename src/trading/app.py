"""The composition root: which clock, prices, account and notifier a command works with."""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import structlog

from trading.broker.ledger import Ledger
from trading.broker.opening import Opening
from trading.broker.paper import PaperBroker
from trading.clock import SimulatedClock
from trading.compat.entry_points import open_entry_points
from trading.display import Display
from trading.domain.performance import EquityCurve, held_throughout
from trading.entry_points import EntryPoints
from trading.history import AccountBooks, TradingDay, TradingHistory, live_through
from trading.ids import CountingIds, Ids, RandomIds
from trading.market.calendar import is_session_open, session_date, session_time
from trading.market.history import HistoricalMarketData, PriceHistory
from trading.notify.mailbox import MailboxNotifier
from trading.notify.port import Notifier
from trading.notify.smtp import SmtpNotifier
from trading.results import ResultDict
from trading.services import Services
from trading.settings import Settings

REFERENCE = "SPY"


class UsageError(Exception):
    """A request that cannot be met; the text says what it was and what is allowed."""


@dataclass(frozen=True)
class Desk:
    """A paper account with its clock and services, ready for either path."""

    settings: Settings
    clock: SimulatedClock
    broker: PaperBroker
    services: Services

    @classmethod
    def open(
        cls,
        settings: Settings,
        prices: PriceHistory,
        *,
        account: Path | None,
        now: datetime | None,
        notifier: Notifier,
    ) -> "Desk":
        """Open the account (None: one in memory, which ends with the desk) at a moment of the history.

        `now` None is the moment at which the account traded last, to look at it. Raises DatabaseUnusable for
        the account file, UsageError where the account has already traded after `now`.
        """
        paper = settings.paper
        ledger = Ledger.open(account, Opening(paper.account_id, paper.cash))
        clock = SimulatedClock(_moment_to_open_at(ledger, now, prices, account))
        market = HistoricalMarketData(prices, clock)
        broker = PaperBroker(
            ledger,
            market,
            clock,
            is_open=partial(is_session_open, sessions=prices.sessions),
            faults=paper.faults.build(),
            step=settings.execution.quantity_step,
            fill_delay_s=paper.fill_delay_s,
        )
        # A file outlives the process, so its orders need names that no other process gives.
        ids: Ids = RandomIds() if account else CountingIds(lambda: session_date(clock.now()).isoformat())
        services = Services(market, broker, notifier, clock, ids, settings.weighted_strategies())
        return cls(settings, clock, broker, services)

    def entry_points(self, display: Display) -> EntryPoints:
        """The front door on this desk."""
        return open_entry_points(self.settings, self.services, display)

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the account file."""
        self.broker.close()


class LastResults:
    """A display that nobody looks at: it keeps what was shown last."""

    def __init__(self) -> None:
        self.results: ResultDict | None = None

    def show_signals(self, results: ResultDict) -> None:
        """Keep them."""
        self.results = results

    def show_trading(self, results: ResultDict) -> None:
        """Keep them."""
        self.results = results

    def show_failure(self, message: str) -> None:
        """There are none."""
        self.results = None


def choose_notifier(settings: Settings, mailbox: Path) -> Notifier:
    """SMTP where it is configured, else a mailbox folder."""
    smtp = settings.smtp
    if smtp is None:
        return MailboxNotifier(mailbox)
    password = smtp.password.get_secret_value() if smtp.password else os.environ.get("TRADING_SMTP_PASSWORD")
    return SmtpNotifier(
        smtp.host, smtp.port, smtp.sender, smtp.recipient, smtp.user, password, starttls=smtp.starttls
    )


def choose_sessions(prices: PriceHistory, first: date, last: date) -> Sequence[date]:
    """The sessions from `first` to `last`, both included; raises UsageError where there are none."""
    known = prices.sessions
    span = f"prices run from {known[0]} to {known[-1]}"
    if first > last:
        raise UsageError(f"--from {first} lies after --to {last}; {span}")
    for option, day in (("--from", first), ("--to", last)):
        if not known[0] <= day <= known[-1]:
            raise UsageError(f"{option} {day} lies outside the data; {span}")
    chosen = [day for day in known if first <= day <= last]
    if not chosen:
        raise UsageError(f"no session from {first} to {last}; {span}")
    return chosen


def moment_in_new_york(text: str) -> datetime:
    """An ISO date (shortly before the close) or a date and time there, in UTC; raises ValueError."""
    if "T" not in text and " " not in text:
        return session_time(date.fromisoformat(text))
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    return session_time(local.date(), local.time())


def check_moment(prices: PriceHistory, moment: datetime) -> datetime:
    """The same moment; raises UsageError where it lies outside the data."""
    known, day = prices.sessions, session_date(moment)
    if not known[0] <= day <= known[-1]:
        raise UsageError(f"--at {day} lies outside the data; prices run from {known[0]} to {known[-1]}")
    return moment


def check_report_path(report: Path | None) -> None:
    """Raise UsageError where the page could not be written in the end: before the work, not after it."""
    if report is not None and not report.parent.is_dir():
        raise UsageError(f"--report {report}: there is no folder {report.parent}")


def trade_through(desk: Desk, sessions: Sequence[date]) -> Iterator[TradingDay]:
    """Trade the desk's account through the sessions, at its front door; yields each day as it ends."""
    return live_through(
        sessions,
        begin_session=lambda session: desk.clock.advance_to(session_time(session)),
        trade=_trade_once(desk),
        books=AccountBooks(desk.broker.state, desk.broker.fills),
    )


def held_reference(prices: PriceHistory, history: TradingHistory) -> EquityCurve:
    """The same money in one fund over the same sessions."""
    days = history.curve.days
    closes = [prices.closes(REFERENCE, day, 1)[0] for day in days]
    return held_throughout(days, closes, history.starting_value)


def _trade_once(desk: Desk) -> Callable[[], ResultDict | None]:
    display = LastResults()
    entry_points = desk.entry_points(display)

    def trade() -> ResultDict | None:
        entry_points.execute_trading()
        return display.results

    return trade


def _moment_to_open_at(
    ledger: Ledger, now: datetime | None, prices: PriceHistory, account: Path | None
) -> datetime:
    last = ledger.last_order_at()
    if now is None:
        return last or session_time(prices.sessions[-1])
    if last is not None and last > now:
        ledger.close()
        raise UsageError(
            f"{account}: this account traded on {session_date(last)} last, it cannot trade on "
            f"{session_date(now)}; choose a later day or another --account"
        )
    return now


def configure_logging() -> None:
    """Log lines go to standard error, for standard output belongs to results."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty() and "NO_COLOR" not in os.environ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
