"""Events about the account measured against its target."""

from decimal import Decimal
from typing import Literal

from trading.domain.account import Account, PortfolioState
from trading.domain.comparison import AllocationComparison
from trading.events.envelope import BaseEvent, Moment


class PortfolioAnalysisRequested(BaseEvent):
    """Compare the account with these targets; `trigger_event_id` is the SignalGenerated that set them."""

    event_type: Literal["PortfolioAnalysisRequested"] = "PortfolioAnalysisRequested"
    schema_version: Literal[1] = 1
    trigger_event_id: str
    target_allocations: dict[str, Decimal]


class PortfolioAnalysisCompleted(BaseEvent):
    """The comparison, and the state that it was made from."""

    event_type: Literal["PortfolioAnalysisCompleted"] = "PortfolioAnalysisCompleted"
    schema_version: Literal[1] = 1
    portfolio_state: PortfolioState
    allocation_comparison: AllocationComparison
    account_data: Account
    analysis_timestamp: Moment
