"""What a comparison of results alone notices: `laboratory`, a port of GitHub's Scientist, on the same seams.

It is given the best of conditions. Each path of each seam has an account of its own, so that nothing is
ordered twice; names that each path gives by itself are blanked before values are compared, with `==`.
`python -m tests.accidents.results_only NUMBER RUNS` prints the seams at which a result differs.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import laboratory
import pytest

from tests.accidents.catalogue import load
from tests.trading.support.two_paths import PLAN_NAME
from trading import composition
from trading.compat.portfolio import PortfolioOnEvents
from trading.compat.stress_source import StressCase, _draw_case
from trading.desk import Desk
from trading.display import NoDisplay, Screen
from trading.domain.portfolio import ConsolidatedPortfolio, consolidate
from trading.events.messages.workflow import WorkflowMode
from trading.handlers.entry_points import EventEntryPoints
from trading.legacy.portfolio_orchestrator import PortfolioOrchestrator
from trading.legacy.trading_orchestrator import TradingOrchestrator
from trading.legacy.trading_system import TradingSystem
from trading.market.calendar import session_date
from trading.screens.results import TextDisplay
from trading.strategies.strategy import evaluate_strategies


class Experiment(laboratory.Experiment):  # type: ignore[misc]  # it has no types
    """Notes where a candidate's result is not the control's."""

    def __init__(self, seam: str, differing: set[str]) -> None:
        super().__init__(seam)
        self._differing = differing

    def compare(self, control: Any, candidate: Any) -> bool:
        control.value, candidate.value = blanked(control.value), blanked(candidate.value)
        return bool(super().compare(control, candidate))

    def publish(self, result: Any) -> None:
        if not result.match:
            self._differing.add(self.name)


def blanked(value: Any) -> Any:
    """The same with the names of plans, and of orders after them, alike on both sides."""
    if isinstance(value, dict):
        return {key: blanked(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(blanked, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: blanked(getattr(value, field.name)) for field in fields(value)})
    return PLAN_NAME.sub("plan", value) if type(value) is str else value


def old_portfolio(desk: Desk) -> PortfolioOrchestrator:
    return PortfolioOrchestrator(desk.services, desk.settings)


def new_portfolio(desk: Desk) -> PortfolioOnEvents:
    return PortfolioOnEvents(composition._portfolio_bus(desk.services, desk.settings))


def old_orchestrator(desk: Desk, ignores: bool) -> TradingOrchestrator:
    return composition._trading_orchestrator(desk, ignore_market_hours=ignores)


def old_entry(desk: Desk) -> TradingSystem:
    return composition.trading_system(desk, Screen(NoDisplay()))


def new_entry(desk: Desk) -> EventEntryPoints:
    screen = Screen(TextDisplay(lambda text: None, ""))
    return EventEntryPoints(desk.settings, desk.services, screen, desk.bus)


def target(desk: Desk) -> ConsolidatedPortfolio:
    today = session_date(desk.clock.now())
    return consolidate(evaluate_strategies(desk.services.strategies, desk.services.market, today))


def weights(desk: Desk) -> dict[str, Any]:
    return target(desk).target_allocations


Path = Callable[[Desk, bool], Any]
PATHS: dict[str, tuple[Path, Path]] = {
    "portfolio.account-data": (
        lambda desk, _: old_portfolio(desk).get_comprehensive_account_data(),
        lambda desk, _: new_portfolio(desk).get_comprehensive_account_data(),
    ),
    "portfolio.analysis": (
        lambda desk, _: old_portfolio(desk).analyze_portfolio_state(),
        lambda desk, _: new_portfolio(desk).analyze_portfolio_state(),
    ),
    "portfolio.allocation-comparison": (
        lambda desk, _: old_portfolio(desk).analyze_allocation_comparison(target(desk)),
        lambda desk, _: new_portfolio(desk).analyze_allocation_comparison(target(desk)),
    ),
    "portfolio.rebalance-plan": (
        lambda desk, _: old_portfolio(desk).generate_rebalancing_plan(weights(desk)),
        lambda desk, _: new_portfolio(desk).generate_rebalancing_plan(weights(desk)),
    ),
    "trading.signals": (
        lambda desk, ignores: old_orchestrator(desk, ignores).execute_strategy_signals(),
        lambda desk, ignores: new_entry(desk).run(WorkflowMode.SIGNAL_ONLY, ignore_market_hours=ignores),
    ),
    "trading.workflow": (
        lambda desk, ignores: old_orchestrator(desk, ignores).execute_trading_workflow_with_details(),
        lambda desk, ignores: new_entry(desk).run(WorkflowMode.FULL_TRADING, ignore_market_hours=ignores),
    ),
    "entry.analyze-signals": (
        lambda desk, _: old_entry(desk).analyze_signals(),
        lambda desk, _: new_entry(desk).analyze_signals(),
    ),
    "entry.execute-trading": (
        lambda desk, ignores: old_entry(desk).execute_trading(ignores),
        lambda desk, ignores: new_entry(desk).execute_trading(ignores),
    ),
}


def differing_seams(runs: int) -> set[str]:
    """The seams at which at least one of so many cases of `--source stress` has another result."""
    differing: set[str] = set()
    for number in range(runs):
        case = _draw_case(0, number)
        for seam, (control, candidate) in PATHS.items():
            experiment = Experiment(seam, differing)
            experiment.control(_on_a_desk(control, case))
            experiment.candidate(_on_a_desk(candidate, case))
            experiment.conduct(randomize=False)
    return differing


def _on_a_desk(path: Path, case: StressCase) -> Callable[[], Any]:
    def run() -> Any:
        with composition._desk_in_memory(case.now, case.special) as desk:
            return path(desk, case.ignores_market_hours)

    return run


def main(arguments: Sequence[str]) -> None:
    """Plant the accident and print what differs, as JSON."""
    number, runs = map(int, arguments)
    composition.configure_logging(written=False)
    with pytest.MonkeyPatch.context() as patch:
        if number:
            load(number).plant(patch)
        print(json.dumps(sorted(differing_seams(runs))))


if __name__ == "__main__":
    main(sys.argv[1:])
