"""What commands are asked for, checked against what there is: prices, sessions, moments, workflows."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from trading.composition import TradingPath, front_door, open_desk
from trading.desk import Desk, UsageError
from trading.display import NoDisplay
from trading.domain.performance import EquityCurve, held_throughout
from trading.events.journal.backlog import ParkedMessage
from trading.events.journal.records import WorkflowRecord
from trading.events.transport.address import Carrier, read_address
from trading.handlers.subscriptions import HandlerGroup
from trading.history import AccountBooks, TradingDay, TradingHistory, trade_sessions
from trading.market.calendar import session_date, session_time
from trading.market.history import PriceHistory, load_bundled
from trading.market.price_file import load_price_file
from trading.notify.port import Notifier
from trading.results import ResultDict
from trading.settings import Settings

REFERENCE = "SPY"
PARKED = "parked:"
PARKED_PATIENCE = timedelta(seconds=60)


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


def write_page(page: Path, text: str) -> None:
    """Write an HTML page; an OSError names it."""
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(page)) from error


def choose_workflows(records: Sequence[WorkflowRecord], beginning: str | None) -> Sequence[WorkflowRecord]:
    """All of them, or the one whose id begins so; raises UsageError for none and for several."""
    if beginning is None:
        return records
    chosen = [record for record in records if record.workflow_id.startswith(beginning)]
    if len(chosen) == 1:
        return chosen
    found = "no workflow begins so" if not chosen else f"{len(chosen)} workflows begin so, write more of it"
    raise UsageError(f"{beginning}: {found}; `python -m trading workflows` lists them")


def open_desk_for(
    settings: Settings,
    prices: PriceHistory,
    *,
    account: Path | None,
    now: datetime | None,
    notifier: Notifier,
    path: TradingPath = TradingPath.CANDIDATE,
) -> AbstractContextManager[Desk]:
    """A desk whose events stay in this process, or go where TRADING_BUS says; raises UsageError."""
    address = read_address(os.environ)
    if address.carrier is Carrier.MEMORY:
        return open_desk(settings, prices, account=account, now=now, notifier=notifier)
    if path is not TradingPath.CANDIDATE:
        raise UsageError(
            f"TRADING_BUS={address.shown}: carries the events of --path {TradingPath.CANDIDATE}, and --path "
            f"is {path}; write --path {TradingPath.CANDIDATE}, or set TRADING_BUS=memory"
        )
    from trading.shared_desk import open_shared_desk  # what a broker needs is read where there is one

    return open_shared_desk(settings, prices, account=account, now=now, notifier=notifier, address=address)


def run_handlers(
    settings: Settings,
    prices: PriceHistory,
    *,
    account: Path,
    notifier: Notifier,
    groups: Sequence[HandlerGroup],
    began: Callable[[], None],
) -> None:
    """Handle events until SIGTERM or SIGINT, which lets the present one come to its end."""
    from trading.shared_desk import open_handlers

    asked: list[int] = []
    usual = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def ask(number: int, _frame: object) -> None:
        asked.append(number)
        signal.signal(number, usual[signal.Signals(number)])  # who cannot wait asks twice

    with open_handlers(
        settings, prices, account=account, notifier=notifier, address=read_address(os.environ), groups=groups
    ) as consumer:
        for number in usual:
            signal.signal(number, ask)
        try:
            consumer.run(lambda: bool(asked), began)
        finally:
            for number, handler in usual.items():
                signal.signal(number, handler)


def retry(desk: Desk, name: str) -> tuple[bool, str]:
    """Deliver a dead letter again, or what a parked message brought; whether it went well, and a sentence."""
    return retry_parked(desk, name) if name.startswith(PARKED) else retry_dead_letter(desk, name)


def retry_parked(desk: Desk, name: str) -> tuple[bool, str]:
    """Deliver a dead letter again, or the event of a parked message; whether it went well, and a sentence."""
    found = _find_parked(desk, name)
    if desk.journal.find_event(found.event_id) is None:
        return False, f"{name} stays: {found.reason}; `--drop` takes it off the list"
    desk.settle_unfinished()
    desk.bus.run_until(lambda: not desk.journal.is_waiting(), deadline=desk.clock.now() + PARKED_PATIENCE)
    left = {message.number for message in desk.journal.backlog().parked}
    if found.number in left:
        return False, f"{name} stays: its event was not handled; `python -m trading status` says by whom"
    return True, f"{name} was delivered"


def drop_parked(desk: Desk, name: str) -> tuple[bool, str]:
    """Take a parked message off the list; whatever holds it at the broker keeps it."""
    desk.journal.remove_parked(_find_parked(desk, name).number)
    return True, f"{name} is off the list"


def _find_parked(desk: Desk, name: str) -> ParkedMessage:
    for message in desk.journal.backlog().parked:
        if name == f"{PARKED}{message.number}":
            return message
    raise UsageError(f"{name}: no such parked message; `python -m trading status` lists them")


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
    door = front_door(desk, path, NoDisplay())

    def trade() -> ResultDict | None:
        door.execute_trading()
        return door.results

    return trade_sessions(
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
