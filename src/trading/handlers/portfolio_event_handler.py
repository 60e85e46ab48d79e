"""Reads the account, compares it with its target, and plans how to get there."""

from decimal import Decimal

import structlog

from trading import wording
from trading.broker.port import BrokerError, read_state
from trading.domain.comparison import compare_allocations
from trading.domain.plan import plan_rebalance
from trading.events.bus.handling import Handling
from trading.events.messages.portfolio import (
    AccountDataRequested,
    AccountDataRetrieved,
    PortfolioAnalysisCompleted,
    PortfolioAnalysisRequested,
)
from trading.events.messages.rebalance import RebalancePlanCompleted, RebalancePlanned, RebalancePlanRequested
from trading.handlers.failed_step import report_failed_step
from trading.handlers.progress import plan_id_of, progress_of
from trading.services import Services
from trading.settings import Settings

log = structlog.get_logger(__name__)


class AccountDataHandler:
    """Answers AccountDataRequested with AccountDataRetrieved, or says that the account cannot be read."""

    def __init__(self, services: Services) -> None:
        self._broker = services.broker

    def handle_account_data_requested(self, event: AccountDataRequested, handling: Handling) -> None:
        """Read account, positions and open orders together."""
        try:
            state = read_state(self._broker)
        except BrokerError as error:
            log.warning("broker_not_read", purpose="account data", error=str(error))
            report_failed_step(handling, wording.ACCOUNT_UNAVAILABLE)
        else:
            handling.publish(AccountDataRetrieved, portfolio_state=state)


log = structlog.get_logger(__name__)


class PortfolioEventHandler:
    """Answers requests for analyses and plans; a workflow's own parameters come before the settings."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._broker = services.broker
        self._clock = services.clock
        self._settings = settings

    def handle_portfolio_analysis_requested(
        self, event: PortfolioAnalysisRequested, handling: Handling
    ) -> None:
        """Read the account and measure it against the targets."""
        try:
            state = read_state(self._broker)
        except BrokerError as error:
            log.warning("broker_not_read", purpose="portfolio analysis", error=str(error))
            report_failed_step(handling, wording.COMPARISON_UNAVAILABLE)
            return
        cash_reserve, _ = self._parameters(handling, event.correlation_id)
        handling.publish(
            PortfolioAnalysisCompleted,
            portfolio_state=state,
            allocation_comparison=compare_allocations(event.target_allocations, state, cash_reserve),
            account_data=state.account,
            analysis_timestamp=self._clock.now(),
        )

    def handle_rebalance_plan_requested(self, event: RebalancePlanRequested, handling: Handling) -> None:
        """Plan from the state that the request carries; the plan is named after its workflow, for ever."""
        cash_reserve, minimum_trade = self._parameters(handling, event.correlation_id)
        comparison = compare_allocations(event.target_allocations, event.portfolio_state, cash_reserve)
        plan = plan_rebalance(comparison, minimum_trade, plan_id_of(event.correlation_id))
        if not plan.trades:
            handling.publish(RebalancePlanCompleted, plan=plan, nothing_to_trade=wording.NOTHING_TO_TRADE)
            return
        handling.publish(RebalancePlanCompleted, plan=plan)
        handling.publish(RebalancePlanned, plan=plan, portfolio_state=event.portfolio_state)

    def _parameters(self, handling: Handling, workflow_id: str) -> tuple[Decimal, Decimal]:
        progress = progress_of(handling, workflow_id)
        if progress is None:
            return self._settings.cash_reserve, self._settings.minimum_trade
        return Decimal(progress.cash_reserve), Decimal(progress.minimum_trade)
