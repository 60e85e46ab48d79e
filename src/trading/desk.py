"""A paper account with its clock, services and journal, and the guarded front door to trade it."""

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from trading.broker.book import Opening
from trading.broker.faults import Faults
from trading.broker.ledger import Ledger
from trading.broker.paper import PaperBroker
from trading.clock import SimulatedClock
from trading.display import Screen
from trading.entry_points import EntryPoints
from trading.events.bus.port import Bus
from trading.events.journal.port import Journal
from trading.events.messages.startup import StartupConfiguration, StartupEvent, StartupMode
from trading.handlers.entry_points import PATIENCE_S
from trading.handlers.overdue import WORKFLOW_DEADLINE_S
from trading.market.calendar import session_date, session_time
from trading.market.history import PriceHistory
from trading.results import ResultDict
from trading.run_guard import RunGuard, RunRefused
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
    bus: Bus
    guard: RunGuard

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
        """A run that was asked for has no record before its request is handled: wait for that as well."""
        self.bus.resume()
        patience = timedelta(seconds=WORKFLOW_DEADLINE_S + PATIENCE_S)
        self.bus.run_until(
            lambda: not (self.journal.is_waiting() or self.guard.workflow_under_way()),
            deadline=self.clock.now() + patience,
        )


class FrontDoor:
    """The entry points of one path on one desk, guarded: one set of orders per account and session."""

    def __init__(self, desk: Desk, entry_points: EntryPoints, screen: Screen) -> None:
        self._desk = desk
        self._entry_points = entry_points
        self._screen = screen

    @property
    def results(self) -> ResultDict | None:
        """What was shown last, None where there was nothing to show."""
        return self._screen.results

    def analyze_signals(self) -> bool:
        """Show signals; True if there is something to go by."""
        return self._entry_points.analyze_signals()

    def execute_trading(self, *, ignore_market_hours: bool = False, again: bool = False) -> bool:
        """Trade the session; raises RunRefused where a later one was traded, or this one, unless `again`."""
        session = self._desk.session()
        self._desk.settle_unfinished()
        self._desk.guard.refuse_earlier(session)
        self._desk.guard.refuse_second(session, again=again)
        if not again:
            self._refuse_unrecorded(session)
        return self._entry_points.execute_trading(ignore_market_hours)

    def _refuse_unrecorded(self, session: date) -> None:
        """Every order belongs to a run that the journal knows; where it does not, the journal is damaged."""
        last = self._desk.broker.last_order_at()
        if last is not None and session_date(last) == session:
            raise RunRefused(
                f"the account has orders of session {session}, and the journal knows of no run that placed "
                "them; `python -m trading status` shows them, --again trades the session once more"
            )


def real_file(account: Path) -> Path:
    """The account's own file: links and `..` followed, so that one file has one place."""
    return Path(os.path.realpath(account))


def journal_path(account: Path) -> Path:
    """Where the journal of an account's runs lies: beside the file itself, whatever link leads there."""
    account = real_file(account)
    return account.with_name(f"{account.stem}.journal.db")


def moment_to_open_at(
    ledger: Ledger, now: datetime | None, prices: PriceHistory, account: Path | None
) -> datetime:
    """The moment at which an account is opened; raises UsageError where it has traded on a later day."""
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
