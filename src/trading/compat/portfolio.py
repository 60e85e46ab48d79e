"""Phase 2: each method of the portfolio orchestrator, paired with the handlers that answer the same."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from changeover import fresh
from changeover.migration import Migration
from trading.compat.owners import Owners
from trading.compat.parts import Parts
from trading.compat.replayed import StoppedClock, replayed_services
from trading.domain.comparison import AllocationComparison
from trading.domain.plan import RebalancePlan
from trading.domain.portfolio import ConsolidatedPortfolio
from trading.events.bus.bus import EventBus
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import (
    AccountDataRequested,
    AccountDataRetrieved,
    PortfolioAnalysisCompleted,
    PortfolioAnalysisRequested,
)
from trading.events.messages.rebalance import RebalancePlanCompleted, RebalancePlanRequested
from trading.legacy.portfolio_orchestrator import PortfolioOrchestrator
from trading.results import ResultDict, account_data_dict, portfolio_state_dict

Answer = TypeVar("Answer", bound=BaseEvent)


class PortfolioOnEvents:
    """The portfolio orchestrator's methods, each a request and its answer on a bus that nobody else uses."""

    def __init__(self, bus: EventBus) -> None:
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


class OnEvents:
    """The event-driven side of each orchestrator: made once for it, and gone with it."""

    def __init__(self, parts: Parts) -> None:
        self._build_bus = parts.build_portfolio_bus
        self._built: WeakKeyDictionary[PortfolioOrchestrator, PortfolioOnEvents] = WeakKeyDictionary()

    def of(self, orchestrator: PortfolioOrchestrator) -> PortfolioOnEvents:
        """The one of this orchestrator."""
        found = self._built.get(orchestrator)
        if found is None:
            bus = self._build_bus(orchestrator.services, orchestrator.settings)
            found = self._built[orchestrator] = PortfolioOnEvents(bus)
        return found


def add_seams(migration: Migration, parts: Parts) -> None:
    """The four seams of the phase; what a portfolio orchestrator answers goes through them from now on."""
    built = OnEvents(parts)
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
            candidate=_on_events(method, built, parts),
            key=_account_of,
            owner=Owners(parts).portfolio_orchestrator,
            shared_self=True,
        )


def _on_events(method: str, built: OnEvents, parts: Parts) -> Any:
    def answering(orchestrator: PortfolioOrchestrator, *args: Any, **kwargs: Any) -> Any:
        return getattr(built.of(orchestrator), method)(*args, **kwargs)

    def build(ports: Any, orchestrator: PortfolioOrchestrator) -> Callable[..., Any]:
        services = replace(replayed_services(orchestrator.services, ports), clock=StoppedClock())
        on_events = PortfolioOnEvents(parts.build_portfolio_bus(services, orchestrator.settings))

        def replayed(_orchestrator: PortfolioOrchestrator, *args: Any, **kwargs: Any) -> Any:
            return getattr(on_events, method)(*args, **kwargs)

        return replayed

    return fresh(build, answering=answering)


def _account_of(orchestrator: PortfolioOrchestrator, *_: object) -> str:
    return orchestrator.settings.paper.account_id
