"""Where the trading orchestrator gets its parts: a factory each, so that one can be exchanged at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from trading.domain.comparison import AllocationComparison
from trading.domain.plan import RebalancePlan
from trading.domain.portfolio import ConsolidatedPortfolio
from trading.legacy.portfolio_orchestrator import PortfolioOrchestrator
from trading.legacy.signal_orchestrator import Announce, SignalOrchestrator
from trading.results import ResultDict
from trading.services import Services
from trading.settings import Settings


class PortfolioPart(Protocol):
    """What a trading run asks of the portfolio orchestrator, whichever it is."""

    def get_comprehensive_account_data(self) -> ResultDict | None:
        """Account, positions and open orders for display."""
        ...

    def analyze_portfolio_state(self) -> ResultDict | None:
        """How the account is invested."""
        ...

    def analyze_allocation_comparison(self, portfolio: ConsolidatedPortfolio) -> AllocationComparison | None:
        """Target against current allocation."""
        ...

    def generate_rebalancing_plan(self, target_allocations: Mapping[str, Decimal]) -> RebalancePlan | None:
        """The plan that leads to the target."""
        ...


@dataclass(frozen=True)
class Container:
    """Services, and the factories of orchestrators; by default the legacy classes."""

    services: Services
    announce: Announce
    signal_orchestrator: Callable[[Services, Announce], SignalOrchestrator] = SignalOrchestrator
    portfolio_orchestrator: Callable[[Services, Settings], PortfolioPart] = PortfolioOrchestrator
