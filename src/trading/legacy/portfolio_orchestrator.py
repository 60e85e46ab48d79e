"""The portfolio, the old way: every method reads the broker afresh, and gives None where it cannot."""

from collections.abc import Mapping
from decimal import Decimal

import structlog

from trading.broker.port import BrokerError, read_state
from trading.domain.account import PortfolioState
from trading.domain.comparison import AllocationComparison, compare_allocations
from trading.domain.plan import RebalancePlan, plan_rebalance
from trading.domain.portfolio import ConsolidatedPortfolio
from trading.results import ResultDict, account_data_dict, portfolio_state_dict
from trading.services import Services
from trading.settings import Settings

log = structlog.get_logger(__name__)


class PortfolioOrchestrator:
    """What is held, what should be held, and the plan from one to the other."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self.services = services
        self.settings = settings

    def get_comprehensive_account_data(self) -> ResultDict | None:
        """Account, positions and open orders for display."""
        state = self._read_state("account data")
        return None if state is None else account_data_dict(state)

    def analyze_portfolio_state(self) -> ResultDict | None:
        """How the account is invested, for display."""
        state = self._read_state("portfolio state")
        return None if state is None else portfolio_state_dict(state)

    def analyze_allocation_comparison(self, portfolio: ConsolidatedPortfolio) -> AllocationComparison | None:
        """Target against current allocation."""
        state = self._read_state("allocation comparison")
        if state is None:
            return None
        return compare_allocations(portfolio.target_allocations, state, self.settings.cash_reserve)

    def generate_rebalancing_plan(self, target_allocations: Mapping[str, Decimal]) -> RebalancePlan | None:
        """The plan that leads to the target; one without trades where there is nothing to do."""
        state = self._read_state("rebalancing plan")
        if state is None:
            return None
        comparison = compare_allocations(target_allocations, state, self.settings.cash_reserve)
        return plan_rebalance(comparison, self.settings.minimum_trade, self.services.ids.new("plan"))

    def _read_state(self, purpose: str) -> PortfolioState | None:
        try:
            return read_state(self.services.broker)
        except BrokerError as error:
            log.warning("broker_not_read", purpose=purpose, error=str(error))
            return None
