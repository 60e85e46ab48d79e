"""The composition root: which path, prices, account and notifier a command works with."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

from trading import wording
from trading.compat.entry_points import candidate_entry_points, legacy_entry_points
from trading.desk import Desk, UsageError
from trading.display import Display, NoDisplay, Screen
from trading.domain.performance import EquityCurve, held_throughout
from trading.events.journal.records import WorkflowRecord
from trading.history import AccountBooks, TradingDay, TradingHistory, live_through
from trading.market.calendar import session_date, session_time
from trading.market.history import PriceHistory, load_bundled
from trading.market.price_file import load_price_file
from trading.notify.notifiers import MailboxNotifier
from trading.notify.port import Notifier
from trading.notify.smtp import SmtpNotifier
from trading.results import ResultDict
from trading.settings import Settings

REFERENCE = "SPY"


class TradingPath(StrEnum):
    """Which orchestration stands behind the front door."""

    LEGACY = "legacy"
    CANDIDATE = "candidate"


DEFAULT_PATH = TradingPath.LEGACY
ENTRY_POINTS = {TradingPath.LEGACY: legacy_entry_points, TradingPath.CANDIDATE: candidate_entry_points}


class FrontDoor:
    """The entry points of one path on one desk, guarded: one set of orders per account and session."""

    def __init__(self, desk: Desk, path: TradingPath, display: Display) -> None:
        self._desk = desk
        self._path = path
        self._screen = Screen(display)
        services, settings = desk.services, desk.settings
        self._entry_points = ENTRY_POINTS[path](settings, services, self._screen, desk.bus)

    @property
    def results(self) -> ResultDict | None:
        """What was shown last, None where there was nothing to show."""
        return self._screen.results

    def analyze_signals(self) -> bool:
        """Show signals; True if there is something to go by."""
        return self._entry_points.analyze_signals()

    def execute_trading(self, *, ignore_market_hours: bool = False, again: bool = False) -> bool:
        """Trade the session; raises RunRefused where it was traded already, unless `again`."""
        desk = self._desk
        session = desk.session()
        desk.settle_unfinished()
        desk.guard.refuse_second(session, again=again)
        if self._path is TradingPath.LEGACY:
            return self._trade_directly(session, ignore_market_hours=ignore_market_hours)
        return self._entry_points.execute_trading(ignore_market_hours)  # its workflow is its record

    def _trade_directly(self, session: date, *, ignore_market_hours: bool) -> bool:
        desk = self._desk
        record = desk.guard.begin_direct(desk.services.ids.new("run"), session)
        went_well = self._entry_points.execute_trading(ignore_market_hours)
        desk.guard.end_direct(record, may_have_traded=self._may_have_traded())
        return went_well

    def _may_have_traded(self) -> bool:
        """A run that ended early may have got anywhere."""
        if self.results is None:
            return True
        executed = self.results["execution_result"] is not None
        return executed or self.results["message"] == wording.NOTHING_TO_TRADE


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


def check_report_path(report: Path | None, option: str) -> None:
    """Raise UsageError where the page could not be written in the end: before the work, not after it."""
    if report is not None and not report.parent.is_dir():
        raise UsageError(f"{option} {report}: there is no folder {report.parent}")


def choose_workflows(records: Sequence[WorkflowRecord], beginning: str | None) -> Sequence[WorkflowRecord]:
    """All of them, or the one whose id begins so; raises UsageError for none and for several."""
    if beginning is None:
        return records
    chosen = [record for record in records if record.workflow_id.startswith(beginning)]
    if len(chosen) == 1:
        return chosen
    found = "no workflow begins so" if not chosen else f"{len(chosen)} workflows begin so, write more of it"
    raise UsageError(f"{beginning}: {found}; `python -m trading workflows` lists them")


def retry_dead_letter(desk: Desk, letter: str) -> tuple[bool, str]:
    """Put a dead letter (`NUMBER:HANDLER`) back and deliver it; whether it went well, and a sentence."""
    number, _, handler = letter.partition(":")
    found = desk.journal.dead_letter(int(number), handler) if number.isdecimal() else None
    if found is None:
        raise UsageError(f"{letter}: no such dead letter; `python -m trading status` lists them")
    desk.journal.put_back(found.seq, handler, desk.clock.now())
    desk.bus.run_until(lambda: not desk.bus.is_retrying(found.correlation_id))
    again = desk.journal.dead_letter(int(number), handler)
    if again is None:
        return True, f"{letter} was delivered"
    return False, f"{letter} was given up again: {again.failure.error_type}: {again.failure.message}"


def trade_through(desk: Desk, path: TradingPath, sessions: Sequence[date]) -> Iterator[TradingDay]:
    """Trade the desk's account through the sessions, at its front door; yields each day as it ends."""
    door = FrontDoor(desk, path, NoDisplay())

    def trade() -> ResultDict | None:
        door.execute_trading()
        return door.results

    return live_through(
        sessions,
        begin_session=lambda session: desk.clock.advance_to(session_time(session)),
        trade=trade,
        books=AccountBooks(desk.broker.state, desk.broker.fills),
    )


def load_prices(settings: Settings, settings_path: Path | None) -> PriceHistory:
    """The bundled prices, or those of the files that the settings name, relative to the settings file."""
    if not settings.price_files:
        return load_bundled()
    folder = settings_path.parent if settings_path is not None else Path()
    return PriceHistory.join([load_price_file(folder / name) for name in settings.price_files])


def choose_reference(prices: PriceHistory) -> str:
    """The symbol that a history is held beside: a fund on the whole market, or the first there is."""
    return REFERENCE if REFERENCE in prices.symbols else prices.symbols[0]


def held_reference(prices: PriceHistory, symbol: str, history: TradingHistory) -> EquityCurve:
    """The same money in one symbol over the same sessions."""
    days = history.curve.days
    closes = [prices.closes(symbol, day, 1)[0] for day in days]
    return held_throughout(days, closes, history.starting_value)
