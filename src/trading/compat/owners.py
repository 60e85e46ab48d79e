"""The objects whose methods are seams, made anew for a stored scenario: on a desk in memory, of its day.

The tape answers for everything that the desk's broker, clock and notifier would say. What a tape does not
hold is the strategies, and which day it is for prices: the scenario's case tells both.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

from changeover import Returned
from changeover.record.scenario_file import Scenario
from trading.compat.history_source import LAST
from trading.compat.parts import Parts
from trading.compat.stress_source import named_stress_case
from trading.desk import Desk, Special
from trading.display import NoDisplay, Screen
from trading.ids import CountingIds
from trading.legacy.portfolio_orchestrator import PortfolioOrchestrator
from trading.legacy.trading_orchestrator import TradingOrchestrator
from trading.legacy.trading_system import TradingSystem
from trading.market.calendar import session_time


class Owners:
    """Makes the owner of a seam for a scenario."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @contextmanager
    def portfolio_orchestrator(self, scenario: Scenario) -> Iterator[PortfolioOrchestrator]:
        """For the seams of the portfolio phase; its names are numbered, as a tape need not hold the time."""
        with self._desk(scenario) as desk:
            services = replace(desk.services, ids=CountingIds(lambda: "replay"))
            yield PortfolioOrchestrator(services, desk.settings)

    @contextmanager
    def trading_orchestrator(self, scenario: Scenario) -> Iterator[TradingOrchestrator]:
        """For the seams of the trading phase; a run that never asked for the market's hours ignored them."""
        ignores = not _asked(scenario, "is_market_open")
        with self._desk(scenario) as desk:
            yield self._parts.trading_orchestrator(desk, ignore_market_hours=ignores)

    @contextmanager
    def trading_system(self, scenario: Scenario) -> Iterator[TradingSystem]:
        """For the seams of the entry points."""
        with self._desk(scenario) as desk:
            yield self._parts.trading_system(desk, Screen(NoDisplay()))

    def _desk(self, scenario: Scenario) -> Desk:
        special, now = _case(scenario)
        return self._parts.open_desk(now, special)


def _case(scenario: Scenario) -> tuple[Special, datetime]:
    """What the sources made up for this case; a run of production has the usual strategies."""
    source, *names = (scenario.correlation_id or scenario.id).split("/")
    if source == "stress" and names:
        case = named_stress_case(names[0])
        return case.special, case.now
    if source == "history" and names:
        return Special(), session_time(date.fromisoformat(names[0]))
    return Special(), _first_moment(scenario) or session_time(LAST)


def _first_moment(scenario: Scenario) -> datetime | None:
    for entry in scenario.tape.entries:
        if entry.method.full_name == "clock.now" and isinstance(entry.outcome, Returned):
            moment: datetime = entry.outcome.value
            return moment
    return None


def _asked(scenario: Scenario, method: str) -> bool:
    return any(entry.method.full_name == f"broker.{method}" for entry in scenario.tape.entries)
