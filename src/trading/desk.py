"""A paper account with its clock, services and journal, ready for either path."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from trading.broker.book import Opening
from trading.broker.faults import Faults
from trading.broker.ledger import Ledger
from trading.broker.paper import PaperBroker
from trading.clock import SimulatedClock
from trading.events.bus.bus import EventBus
from trading.events.journal.memory import MemoryJournal
from trading.events.journal.port import Journal
from trading.events.journal.sqlite import SqliteJournal
from trading.events.messages.startup import StartupConfiguration, StartupEvent, StartupMode
from trading.handlers.entry_points import PATIENCE_S
from trading.handlers.system import build_bus
from trading.handlers.trading_workflow_handler import WORKFLOW_DEADLINE_S
from trading.ids import CountingIds, Ids, RandomIds
from trading.market.calendar import is_session_open, session_date, session_time
from trading.market.history import HistoricalMarketData, PriceHistory
from trading.notify.notifiers import Outbox
from trading.notify.port import Notifier
from trading.run_guard import RunGuard
from trading.services import Services
from trading.settings import Settings
from trading.strategies.strategy import WeightedStrategy


class UsageError(Exception):
    """A request that cannot be met; the text says what it was and what is allowed."""


@dataclass(frozen=True)
class Special:
    """What a scenario may want and settings cannot say; None leaves it to the settings."""

    opening: Opening | None = None
    faults: Faults | None = None
    strategies: tuple[WeightedStrategy, ...] | None = None


@dataclass(frozen=True)
class Desk:
    """Everything that a command works with; an account in memory ends with its desk."""

    settings: Settings
    clock: SimulatedClock
    broker: PaperBroker
    services: Services
    journal: Journal
    bus: EventBus
    guard: RunGuard

    @classmethod
    def open(
        cls,
        settings: Settings,
        prices: PriceHistory,
        *,
        account: Path | None,
        now: datetime | None,
        notifier: Notifier,
        special: Special | None = None,
    ) -> "Desk":
        """Open the account (None: one in memory) at a moment of the history; its journal lies beside it.

        `now` None is the moment at which the account traded last, to look at it. On the day of its last order
        the desk opens at that order at the earliest. Raises DatabaseUnusable for a file that cannot be used,
        UsageError where the account has traded on a later day already.
        """
        paper = settings.paper
        special = special or Special()
        ledger = Ledger.open(account, special.opening or Opening(paper.account_id, paper.cash))
        clock = SimulatedClock(_moment_to_open_at(ledger, now, prices, account))
        journal = _open_journal(account, ledger)
        market = HistoricalMarketData(prices, clock)
        broker = PaperBroker(
            ledger,
            market,
            clock,
            is_open=partial(is_session_open, sessions=prices.sessions),
            faults=special.faults or paper.faults.build(),
            step=settings.execution.quantity_step,
            fill_delay_s=paper.fill_delay_s,
        )
        # A file outlives the process, so what is named there needs names that no other process gives.
        ids: Ids = RandomIds() if account else CountingIds(lambda: session_date(clock.now()).isoformat())
        strategies = special.strategies or settings.weighted_strategies()
        services = Services(market, broker, Outbox(notifier), clock, ids, strategies)
        bus = build_bus(services, settings, journal)
        guard = RunGuard(journal, broker, clock, paper.account_id)
        return cls(settings, clock, broker, services, journal, bus, guard)

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the files."""
        self.journal.close()
        self.broker.close()

    def announce_startup(self, mode: StartupMode) -> None:
        """Say on the bus what this process was started for, and with which settings."""
        settings = self.settings
        self.bus.emit(
            StartupEvent,
            correlation_id=self.services.ids.new("startup"),
            source_module=__name__,
            source_component="desk",
            startup_mode=mode,
            configuration=StartupConfiguration(
                broker=type(self.broker).__name__,
                market_data=type(self.services.market).__name__,
                strategy_weights={one.strategy.name: one.weight for one in self.services.strategies},
                cash_reserve=settings.cash_reserve,
                minimum_trade=settings.minimum_trade,
            ),
        )

    def settle_unfinished(self) -> None:
        """End what an earlier process left behind, before anything new begins; raises RunRefused."""
        self.guard.settle_unfinished(self._resume)

    def session(self) -> date:
        """The calendar date of the desk's clock in New York."""
        return session_date(self.clock.now())

    def _resume(self) -> None:
        self.bus.resume()
        patience = timedelta(seconds=WORKFLOW_DEADLINE_S + PATIENCE_S)
        self.bus.run_until(lambda: not self.guard.workflow_under_way(), deadline=self.clock.now() + patience)


def _open_journal(account: Path | None, ledger: Ledger) -> Journal:
    if account is None:
        return MemoryJournal()
    try:
        return SqliteJournal(journal_path(account))
    except BaseException:
        ledger.close()
        raise


def journal_path(account: Path) -> Path:
    """Where the journal of an account's runs lies: beside it."""
    return account.with_name(f"{account.stem}.journal.db")


def _moment_to_open_at(
    ledger: Ledger, now: datetime | None, prices: PriceHistory, account: Path | None
) -> datetime:
    last = ledger.last_order_at()
    if now is None:
        return last or session_time(prices.sessions[-1])
    if last is not None and last > now:
        if session_date(last) == session_date(now):
            return last  # the same command again, after a crash say: the account's time never goes back
        ledger.close()
        raise UsageError(
            f"{account}: this account traded on {session_date(last)} last, it cannot trade on "
            f"{session_date(now)}; choose a later day or another --account"
        )
    return now
