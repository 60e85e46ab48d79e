"""Handlers go on trading after the workflow has failed.

Each handler reacted to the fact before it, and none asked what had become of the workflow. Signals that were
refused were planned for and traded all the same.
"""

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading import composition
from trading.events.bus.handling import Handling
from trading.events.messages.portfolio import PortfolioAnalysisCompleted, PortfolioAnalysisRequested
from trading.events.messages.rebalance import RebalancePlanCompleted, RebalancePlanRequested, TradeExecuted
from trading.events.messages.signals import SignalGenerated
from trading.execution.executor import PlanExecutor
from trading.handlers.progress import progress_of, state_of
from trading.handlers.subscriptions import Subscription, subscriptions
from trading.handlers.transitions import WorkflowState
from trading.services import Services
from trading.settings import Settings


class Chain:
    """What the handlers do by themselves; as long as the workflow lives, it asks them for the same."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._executor = PlanExecutor(services.broker, services.clock, settings.execution_policy())

    def analyse(self, event: SignalGenerated, handling: Handling) -> None:
        if _has_failed(handling, event.correlation_id):
            handling.publish(
                PortfolioAnalysisRequested,
                trigger_event_id=event.event_id,
                target_allocations=event.consolidated_portfolio.target_allocations,
            )

    def plan(self, event: PortfolioAnalysisCompleted, handling: Handling) -> None:
        if _has_failed(handling, event.correlation_id):
            rows = event.allocation_comparison.rows
            handling.publish(
                RebalancePlanRequested,
                target_allocations={row.symbol: row.target_weight for row in rows if row.target_weight},
                portfolio_state=event.portfolio_state,
                trigger_signal_id=event.event_id,
            )

    def execute(self, event: RebalancePlanCompleted, handling: Handling) -> None:
        if _has_failed(handling, event.correlation_id):
            done = self._executor.execute(event.plan, resuming=False)
            handling.publish(
                TradeExecuted,
                execution_result=done,
                portfolio_state_after=None,
                success=done.success,
                error_message=None if done.success else "not everything was traded",
            )


def _has_failed(handling: Handling, workflow_id: str) -> bool:
    known = progress_of(handling, workflow_id)
    failed = state_of(handling.workflow(workflow_id)) is WorkflowState.FAILED
    return failed and known is not None and known.trades


def with_chain(services: Services, settings: Settings) -> tuple[Subscription, ...]:
    chain = Chain(services, settings)
    return (
        *subscriptions(services, settings),
        (SignalGenerated, chain.analyse, "chain.analysis"),
        (PortfolioAnalysisCompleted, chain.plan, "chain.plan"),
        (RebalancePlanCompleted, chain.execute, "chain.execution"),
    )


def plant(patch: pytest.MonkeyPatch) -> None:
    """Handlers are subscribed to the facts as well, and ask for no workflow's leave."""
    patch.setattr(composition, "subscriptions", with_chain)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.workflow", "events.trading.PortfolioAnalysisRequested", Kind.EVENT_AFTER_END),
    ],
)
