"""The sessions of the price history, each one a case: an account that lives through them, run the old way."""

from collections.abc import Callable, Iterable
from datetime import date

from changeover.evidence.sources import Case, SourceOptions
from changeover.migration import Migration
from trading.compat.parts import Parts
from trading.desk import Desk, Special
from trading.display import NoDisplay, Screen
from trading.entry_points import EntryPoints
from trading.legacy.portfolio_orchestrator import PortfolioOrchestrator
from trading.market.calendar import session_time
from trading.market.history import load_bundled

FIRST, LAST = date(2008, 10, 1), date(2016, 6, 30)


def add_history_source(migration: Migration, parts: Parts) -> None:
    """`compare --source history`."""
    migration.source("history", population="generated", unit="sessions", count=lambda _: len(_sessions()))(
        lambda options: history_cases(options, parts)
    )


def history_cases(options: SourceOptions, parts: Parts) -> Iterable[Case]:
    """One case per session on one paper account, in the order of the days; each builds on the one before."""
    sessions = _sessions()[: options.limit]
    with parts.open_desk(session_time(sessions[0]), Special()) as desk:
        system = parts.trading_system(desk, Screen(NoDisplay()))
        for session in sessions:
            desk.clock.advance_to(session_time(session))
            yield Case(session.isoformat(), run_of(desk, system), key=desk.settings.paper.account_id)
            desk.journal.prune(before=desk.clock.now())


def _sessions() -> list[date]:
    return [day for day in load_bundled().sessions if FIRST <= day <= LAST]


def run_of(
    desk: Desk, entry_points: EntryPoints, *, ignore_market_hours: bool = False
) -> Callable[[], object]:
    """What a day crosses: the portfolio looked at, the signals shown, the session traded."""

    def run() -> object:
        PortfolioOrchestrator(desk.services, desk.settings).analyze_portfolio_state()
        entry_points.analyze_signals()
        return entry_points.execute_trading(ignore_market_hours)

    return run
