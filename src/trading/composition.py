"""The composition root: every part that a process works with is made and put together here.

Each function composes when it is called; importing a module composes nothing.
"""

import logging
import os
import sys
from collections.abc import MutableMapping
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import structlog

from trading.broker.book import Opening
from trading.broker.ledger import Ledger as AccountLedger
from trading.broker.paper import PaperBroker
from trading.clock import SimulatedClock
from trading.desk import Desk, FrontDoor, Special, moment_to_open_at
from trading.display import Display, Screen
from trading.entry_points import EntryPoints
from trading.events.bus.bus import EventBus
from trading.events.journal.memory import MemoryJournal
from trading.events.journal.port import Journal, Ledger
from trading.events.journal.sqlite import SqliteJournal
from trading.events.messages.portfolio import (
    AccountDataRequested,
    AccountDataRetrieved,
    PortfolioAnalysisCompleted,
    PortfolioAnalysisRequested,
)
from trading.events.messages.rebalance import (
    RebalancePlanCompleted,
    RebalancePlanned,
    RebalancePlanRequested,
)
from trading.events.schema.catalogue import EVENTS
from trading.handlers.entry_points import EventEntryPoints
from trading.handlers.subscriptions import leftovers, subscriptions
from trading.ids import CountingIds, Ids, RandomIds
from trading.market.calendar import is_session_open, session_date
from trading.market.history import HistoricalMarketData, PriceHistory, load_bundled
from trading.notify.notifiers import MailboxNotifier, MemoryNotifier, Outbox
from trading.notify.port import Notifier
from trading.pairing import open_journal_of
from trading.run_guard import RunGuard
from trading.services import Services
from trading.settings import Settings

if TYPE_CHECKING:
    from changeover import Migration
    from trading.compat.entry_points import EventContainer
    from trading.legacy.trading_orchestrator import TradingOrchestrator
    from trading.legacy.trading_system import TradingSystem


class TradingPath(StrEnum):
    """What orchestrates a run."""

    FLAGS = "flags"  # the seams: for each call the stages in migration/ decide
    LEGACY = "legacy"  # the old orchestrators alone, wherever the stages are
    CANDIDATE = "candidate"  # the handlers alone, wherever the stages are


DEFAULT_PATH = TradingPath.FLAGS


def open_desk(
    settings: Settings,
    prices: PriceHistory,
    *,
    account: Path | None,
    now: datetime | None,
    notifier: Notifier,
    special: Special | None = None,
) -> Desk:
    """Open the account (None: one in memory) at a moment of the history; its journal lies beside it.

    `now` None is the moment at which the account traded last, to look at it. On the day of its last order
    the desk opens at that order at the earliest. Raises DatabaseUnusable for a file that cannot be used,
    UsageError where the account has traded on a later day already.
    """
    paper = settings.paper
    special = special or Special()
    ledger = AccountLedger.open(account, special.opening or Opening(paper.account_id, paper.cash))
    clock = SimulatedClock(moment_to_open_at(ledger, now, prices, account))
    journal = _open_journal(account, ledger)
    # A file outlives the process, so what is named there needs names that no other process gives.
    ids: Ids = RandomIds() if account else CountingIds(lambda: session_date(clock.now()).isoformat())
    broker, services = build_services(settings, prices, ledger, clock, ids, notifier, special)
    bus = build_bus(services, settings, journal)
    return Desk(
        settings, clock, broker, services, journal, bus, RunGuard(journal, broker, clock, paper.account_id)
    )


def build_services(
    settings: Settings,
    prices: PriceHistory,
    ledger: AccountLedger,
    clock: SimulatedClock,
    ids: Ids,
    notifier: Notifier,
    special: Special | None = None,
) -> tuple[PaperBroker, Services]:
    """The broker of an account that is open, and all ports of a run."""
    special = special or Special()
    market = HistoricalMarketData(prices, clock)
    broker = PaperBroker(
        ledger,
        market,
        clock,
        is_open=partial(is_session_open, sessions=prices.sessions),
        faults=special.faults or settings.paper.faults.build(),
        step=settings.execution.quantity_step,
        fill_delay_s=settings.paper.fill_delay_s,
    )
    strategies = special.strategies or settings.weighted_strategies()
    return broker, Services(market, broker, Outbox(notifier), clock, ids, strategies)


def _open_journal(account: Path | None, ledger: AccountLedger) -> Journal:
    try:
        return MemoryJournal() if account is None else open_journal_of(account, ledger, SqliteJournal)
    except BaseException:
        ledger.close()
        raise


def choose_notifier(settings: Settings, mailbox: Path) -> Notifier:
    """SMTP where it is configured, else a mailbox folder."""
    smtp = settings.smtp
    if smtp is None:
        return MailboxNotifier(mailbox)
    from trading.notify.smtp import SmtpNotifier  # reads smtplib and ssl

    password = smtp.password.get_secret_value() if smtp.password else os.environ.get("TRADING_SMTP_PASSWORD")
    return SmtpNotifier(
        smtp.host, smtp.port, smtp.sender, smtp.recipient, smtp.user, password, starttls=smtp.starttls
    )


def build_bus(services: Services, settings: Settings, journal: Ledger) -> EventBus:
    """A bus with all handlers; raises UnroutedEvents where an event of the system has no consumer."""
    bus = EventBus(clock=services.clock, ids=services.ids, journal=journal)
    for event_class, handle, name in subscriptions(services, settings):
        bus.subscribe(event_class, handle, name=name)
    for event_class, handle, name in leftovers(services, settings):
        bus.finish_leftovers(event_class, handle, name=name)
    bus.check_routes(EVENTS)
    bus.prepare_routes(EVENTS)
    return bus


def front_door(desk: Desk, path: TradingPath, display: Display) -> FrontDoor:
    """What the command line calls, with this path behind it."""
    screen = Screen(display)
    return FrontDoor(desk, _entry_points(desk, path, screen), screen)


def _entry_points(desk: Desk, path: TradingPath, screen: Screen) -> EntryPoints:
    if path is TradingPath.CANDIDATE:
        return EventEntryPoints(desk.settings, desk.services, screen, desk.bus)
    from trading.compat.entry_points import DirectRuns, LegacyAlone

    if path is TradingPath.FLAGS:
        compose_migration()
    system = trading_system(desk, screen)
    return DirectRuns(system if path is TradingPath.FLAGS else LegacyAlone(system), desk, screen)


def trading_system(desk: Desk, screen: Screen) -> "TradingSystem":
    """The old front door; once the migration is composed, its methods are seams."""
    from trading.legacy.trading_system import TradingSystem

    return TradingSystem(desk.settings, _old_container(desk), screen)


def _trading_orchestrator(desk: Desk, *, ignore_market_hours: bool) -> "TradingOrchestrator":
    from trading.legacy.trading_orchestrator import TradingOrchestrator

    return TradingOrchestrator(desk.settings, _old_container(desk), ignore_market_hours=ignore_market_hours)


def _old_container(desk: Desk) -> "EventContainer":
    from trading.compat.announcements import Announcements
    from trading.compat.entry_points import EventContainer

    if not isinstance(desk.bus, EventBus):
        raise TypeError("the events of direct calls stay in their process: no other bus is behind them")
    return EventContainer(desk.services, Announcements(desk.services).announce_signals, bus=desk.bus)


def _desk_in_memory(now: datetime, special: Special) -> Desk:
    """For comparisons: the bundled prices and the default settings."""
    return open_desk(
        Settings(), load_bundled(), account=None, now=now, notifier=MemoryNotifier(), special=special
    )


def _portfolio_bus(services: Services, settings: Settings) -> EventBus:
    """A bus on which only account data, analyses and plans can be asked for."""
    asked = (AccountDataRequested, PortfolioAnalysisRequested, RebalancePlanRequested)
    bus = EventBus(clock=services.clock, ids=services.ids, journal=MemoryJournal())
    for event_class, handle, name in subscriptions(services, settings):
        if event_class in asked:
            bus.subscribe(event_class, handle, name=name)
    bus.prepare_routes(
        (*asked, AccountDataRetrieved, PortfolioAnalysisCompleted, RebalancePlanCompleted, RebalancePlanned)
    )
    return bus


def open_migration() -> "Migration":
    """What the toolkit's commands are given: thousands of runs, some of which fail on purpose, in silence."""
    configure_logging(written=False)
    return compose_migration()


@cache
def compose_migration() -> "Migration":
    """The migration of this process: from the first call on, methods of the old orchestrators are seams."""
    from trading.compat import (
        buses,
        entry,
        history_source,
        invariants,
        portfolio,
        ports,
        stress_source,
        trading,
    )
    from trading.compat.parts import Parts

    parts = Parts(_desk_in_memory, trading_system, _trading_orchestrator, build_bus, _portfolio_bus)
    migration = ports.load_migration()
    portfolio.add_seams(migration, parts)
    events = buses.add_bus(migration)
    trading.add_seams(migration, parts, events)
    entry.add_seams(migration, parts, events)
    invariants.add_invariants(migration)
    history_source.add_history_source(migration, parts)
    stress_source.add_stress_source(migration, parts)
    return migration


def _drop(_logger: object, _method: str, _line: MutableMapping[str, Any]) -> NoReturn:
    raise structlog.DropEvent


def configure_logging(level: int = logging.WARNING, *, written: bool = True) -> None:
    """Write log lines of this level and above to standard error, for standard output belongs to results.

    What is not `written` is heard by a comparison all the same, and kept with its runs.
    """
    structlog.configure(
        processors=[
            *([] if written else [_drop]),
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty() and "NO_COLOR" not in os.environ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
