"""Events about what the account holds."""

from typing import Literal

from trading.domain.account import PortfolioState
from trading.events.envelope import BaseEvent


class AccountDataRequested(BaseEvent):
    """Read account, positions and open orders, together."""

    event_type: Literal["AccountDataRequested"] = "AccountDataRequested"
    schema_version: Literal[1] = 1


class AccountDataRetrieved(BaseEvent):
    """Account, positions and open orders as they were read; version 1 carried them side by side."""

    event_type: Literal["AccountDataRetrieved"] = "AccountDataRetrieved"
    schema_version: Literal[2] = 2
    portfolio_state: PortfolioState
