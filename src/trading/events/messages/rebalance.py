"""Events of a rebalance: the plan, its execution, the reconciliation."""

from decimal import Decimal
from typing import Literal, Self

from pydantic import model_validator

from trading.domain.account import PortfolioState
from trading.domain.execution import ExecutionResult
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


class ExecutionRequested(BaseEvent):
    """Trade this plan; the names of its orders are durable with the request, before any of them is sent."""

    event_type: Literal["ExecutionRequested"] = "ExecutionRequested"
    schema_version: Literal[1] = 1
    plan: RebalancePlan

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.plan.trades:
            raise ValueError("the plan has no BUY or SELL: there is nothing to execute")
        return self


class TradeExecuted(BaseEvent):
    """All trades of a plan were tried; success means that everything wanted happened.

    `portfolio_state_after` is None where the account could not be read afterwards.
    """

    event_type: Literal["TradeExecuted"] = "TradeExecuted"
    schema_version: Literal[1] = 1
    execution_result: ExecutionResult
    portfolio_state_after: PortfolioState | None
    success: bool
    error_message: str | None = None

    @model_validator(mode="after")
    def _failure_says_why(self) -> Self:
        if self.success is bool(self.error_message):
            raise ValueError("a failure needs an error_message, a success has none")
        return self


class ReconciliationCompleted(BaseEvent):
    """Quantities by symbol after execution; `differences` is found less expected where they differ.

    `found` is None where positions could not be read: then nothing agrees, and nothing is known to differ.
    """

    event_type: Literal["ReconciliationCompleted"] = "ReconciliationCompleted"
    schema_version: Literal[1] = 1
    expected: dict[str, Decimal]
    found: dict[str, Decimal] | None
    differences: dict[str, Decimal]

    @property
    def agrees(self) -> bool:
        """True where the account holds what was expected."""
        return self.found is not None and not self.differences
