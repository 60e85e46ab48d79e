"""Events about the rebalance plan."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import model_validator

from trading.domain.account import PortfolioState
from trading.domain.plan import RebalancePlan
from trading.events.messages.envelope import BaseEvent


class RebalancePlanRequested(BaseEvent):
    """Plan how to reach the targets; asked in full_trading only."""

    event_type: Literal["RebalancePlanRequested"] = "RebalancePlanRequested"
    schema_version: Literal[1] = 1
    target_allocations: dict[str, Decimal]
    portfolio_state: PortfolioState
    trigger_signal_id: str


class RebalancePlanCompleted(BaseEvent):
    """The answer to every request: a plan that trades, or one that does not and the reason why."""

    event_type: Literal["RebalancePlanCompleted"] = "RebalancePlanCompleted"
    schema_version: Literal[1] = 1
    plan: RebalancePlan
    nothing_to_trade: str | None = None

    @model_validator(mode="after")
    def _trades_or_says_why_not(self) -> Self:
        if bool(self.plan.trades) is bool(self.nothing_to_trade):
            raise ValueError(
                "nothing_to_trade gives the reason where the plan has no BUY or SELL, only there"
            )
        return self


class RebalancePlanned(BaseEvent):
    """The fact that there is something to trade, for whoever wants to know; it triggers no execution."""

    event_type: Literal["RebalancePlanned"] = "RebalancePlanned"
    schema_version: Literal[1] = 1
    plan: RebalancePlan
    portfolio_state: PortfolioState
