"""Events about what the account holds, and how that compares with the target."""

from decimal import Decimal
from typing import Literal

from trading.domain.account import Account, PortfolioState
from trading.domain.comparison import AllocationComparison
from trading.events.messages.envelope import BaseEvent, Moment


class AccountDataRequested(BaseEvent):
    """Read account, positions and open orders, together."""

    event_type: Literal["AccountDataRequested"] = "AccountDataRequested"
    schema_version: Literal[1] = 1


class AccountDataRetrieved(BaseEvent):
    """Account, positions and open orders as they were read; version 1 carried them side by side."""

    event_type: Literal["AccountDataRetrieved"] = "AccountDataRetrieved"
    schema_version: Literal[2] = 2
    portfolio_state: PortfolioState


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
