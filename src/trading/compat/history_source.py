"""The sessions of the price history, each one a case: an account that lives through them, run the old way."""

from collections.abc import Callable, Iterable
from datetime import date

from changeover.evidence.sources import Case, SourceOptions
from changeover.migration import Migration
from trading.compat.entry_points import legacy_entry_points
from trading.desk import Desk
from trading.display import NoDisplay, Screen
from trading.entry_points import EntryPoints
from trading.legacy.portfolio_orchestrator import PortfolioOrchestrator
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.notify.notifiers import MemoryNotifier
from trading.settings import Settings

FIRST, LAST = date(2008, 10, 1), date(2016, 6, 30)


def add_history_source(migration: Migration) -> None:
    """`compare --source history`."""
    migration.source("history", population="generated", unit="sessions", count=lambda _: len(_sessions()))(
        history_cases
    )


def history_cases(options: SourceOptions) -> Iterable[Case]:
    """One case per session on one paper account, in the order of the days; each builds on the one before."""
    prices, sessions = load_bundled(), _sessions()[: options.limit]
    settings = Settings()
    with Desk.open(
        settings, prices, account=None, now=session_time(sessions[0]), notifier=MemoryNotifier()
    ) as desk:
        entry_points = legacy_entry_points(settings, desk.services, Screen(NoDisplay()), desk.bus)
        for session in sessions:
            desk.clock.advance_to(session_time(session))
            yield Case(session.isoformat(), run_of(desk, entry_points), key=settings.paper.account_id)
            desk.journal.prune(before=desk.clock.now())


def _sessions() -> list[date]:
    return [day for day in load_bundled().sessions if FIRST <= day <= LAST]


def run_of(desk: Desk, entry_points: EntryPoints) -> Callable[[], object]:
    """What a day crosses: the portfolio looked at, the signals shown, the session traded."""

    def run() -> object:
        PortfolioOrchestrator(desk.services, desk.settings).analyze_portfolio_state()
        entry_points.analyze_signals()
        return entry_points.execute_trading()

    return run
