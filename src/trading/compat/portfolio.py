"""Phase 2: each method of the portfolio orchestrator, paired with the handlers that answer the same."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from changeover import fresh
from changeover.migration import Migration
from trading.compat.rebuilt import portfolio_orchestrator
from trading.compat.replayed import StandingClock, replayed_services
from trading.domain.comparison import AllocationComparison
from trading.domain.plan import RebalancePlan
from trading.domain.portfolio import ConsolidatedPortfolio
from trading.events.bus.bus import EventBus
from trading.events.journal.memory import MemoryJournal
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.plan import RebalancePlanCompleted, RebalancePlanned, RebalancePlanRequested
from trading.events.messages.portfolio import (
    AccountDataRequested,
    AccountDataRetrieved,
    PortfolioAnalysisCompleted,
    PortfolioAnalysisRequested,
)
from trading.handlers.portfolio_event_handler import AccountDataHandler, PortfolioEventHandler
from trading.legacy.portfolio_orchestrator import PortfolioOrchestrator
from trading.results import ResultDict, account_data_dict, portfolio_state_dict
from trading.services import Services
from trading.settings import Settings

Answer = TypeVar("Answer", bound=BaseEvent)


PUBLISHED = (
    *(AccountDataRequested, AccountDataRetrieved, PortfolioAnalysisRequested, PortfolioAnalysisCompleted),
    *(RebalancePlanRequested, RebalancePlanCompleted, RebalancePlanned),
)


class PortfolioOnEvents:
    """The portfolio orchestrator's methods, each a request and its answer on a bus of its own."""

    def __init__(self, services: Services, settings: Settings) -> None:
        account = AccountDataHandler(services)
        portfolio = PortfolioEventHandler(services, settings)
        bus = EventBus(clock=services.clock, ids=services.ids, journal=MemoryJournal())
        bus.subscribe(AccountDataRequested, account.handle_account_data_requested, name="account-data")
        bus.subscribe(
            PortfolioAnalysisRequested,
            portfolio.handle_portfolio_analysis_requested,
            name="portfolio.analysis",
        )
        bus.subscribe(
            RebalancePlanRequested, portfolio.handle_rebalance_plan_requested, name="portfolio.plan"
        )
        bus.prepare_routes(PUBLISHED)
        self._seen: list[BaseEvent] = []
        bus.observe(self._seen.append)
        self._bus = bus

    def get_comprehensive_account_data(self) -> ResultDict | None:
        """Account, positions and open orders for display."""
        answer = self._ask(AccountDataRetrieved, AccountDataRequested)
        return None if answer is None else account_data_dict(answer.portfolio_state)

    def analyze_portfolio_state(self) -> ResultDict | None:
        """How the account is invested, for display."""
        answer = self._analysis({})
        return None if answer is None else portfolio_state_dict(answer.portfolio_state)

    def analyze_allocation_comparison(self, portfolio: ConsolidatedPortfolio) -> AllocationComparison | None:
        """Target against current allocation."""
        answer = self._analysis(portfolio.target_allocations)
        return None if answer is None else answer.allocation_comparison

    def generate_rebalancing_plan(self, target_allocations: Mapping[str, Decimal]) -> RebalancePlan | None:
        """The plan that leads to the target."""
        analysis = self._analysis(target_allocations)
        if analysis is None:
            return None
        answer = self._ask(
            RebalancePlanCompleted,
            RebalancePlanRequested,
            target_allocations=dict(target_allocations),
            portfolio_state=analysis.portfolio_state,
            trigger_signal_id="direct",
        )
        return None if answer is None else answer.plan

    def _analysis(self, target_allocations: Mapping[str, Decimal]) -> PortfolioAnalysisCompleted | None:
        return self._ask(
            PortfolioAnalysisCompleted,
            PortfolioAnalysisRequested,
            trigger_event_id="direct",
            target_allocations=dict(target_allocations),
        )

    def _ask(self, answer: type[Answer], request: type[BaseEvent], **fields: Any) -> Answer | None:
        """The answer, or None where a step failed: what the old method would have given."""
        self._seen.clear()
        asked = self._bus.emit(
            request, source_module=__name__, source_component="PortfolioOnEvents", **fields
        )
        # An earlier call that was interrupted may have left an event behind, and that has an answer too.
        answers = (event for event in self._seen if event.correlation_id == asked.correlation_id)
        return next((event for event in answers if isinstance(event, answer)), None)


def add_portfolio_seams(migration: Migration) -> None:
    """The four seams of the phase; what a portfolio orchestrator answers goes through them from now on."""
    for seam, method in (
        ("portfolio.account-data", "get_comprehensive_account_data"),
        ("portfolio.analysis", "analyze_portfolio_state"),
        ("portfolio.allocation-comparison", "analyze_allocation_comparison"),
        ("portfolio.rebalance-plan", "generate_rebalancing_plan"),
    ):
        migration.wrap(
            PortfolioOrchestrator,
            method,
            name=seam,
            candidate=_on_events(method),
            key=_account_of,
            owner=portfolio_orchestrator,
        )


def _on_events(method: str) -> Any:
    def answering(orchestrator: PortfolioOrchestrator, *args: Any, **kwargs: Any) -> Any:
        return getattr(_on_events_of(orchestrator), method)(*args, **kwargs)

    def build(ports: Any, orchestrator: PortfolioOrchestrator) -> Callable[..., Any]:
        services = replace(replayed_services(orchestrator.services, ports), clock=StandingClock())
        on_events = PortfolioOnEvents(services, orchestrator.settings)

        def replayed(_orchestrator: PortfolioOrchestrator, *args: Any, **kwargs: Any) -> Any:
            return getattr(on_events, method)(*args, **kwargs)

        return replayed

    return fresh(build, answering=answering)


_built: WeakKeyDictionary[PortfolioOrchestrator, PortfolioOnEvents] = WeakKeyDictionary()


def _on_events_of(orchestrator: PortfolioOrchestrator) -> PortfolioOnEvents:
    """Built once for an orchestrator, and gone with it."""
    found = _built.get(orchestrator)
    if found is None:
        found = _built[orchestrator] = PortfolioOnEvents(orchestrator.services, orchestrator.settings)
    return found


def _account_of(orchestrator: PortfolioOrchestrator, *_: object) -> str:
    return orchestrator.settings.paper.account_id
