"""The workflow is reported complete at the first `TradeExecuted`.

There was one event for the sells and one for the buys. The workflow had been written for one.
"""

from dataclasses import replace
from typing import Any

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading import wording
from trading.domain.execution import ExecutionResult
from trading.domain.order import Side
from trading.domain.plan import RebalancePlan
from trading.events.bus.handling import Handling
from trading.events.journal.records import WorkflowRecord
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.rebalance import TradeExecuted
from trading.handlers import steps, subscriptions, trading_workflow_handler
from trading.handlers.execution_handler import ExecutionHandler
from trading.handlers.progress import WorkflowProgress
from trading.handlers.steps import Step, ended
from trading.handlers.transitions import NEXT, WorkflowState


class EventForEachSide(ExecutionHandler):
    def _execute(self, plan: RebalancePlan, record: WorkflowRecord, handling: Handling) -> None:
        done = self._executor.execute(plan, resuming=handling.redelivered)
        after = self._state_after()
        for side in (Side.SELL, Side.BUY):
            part = replace(done, outcomes=tuple(one for one in done.outcomes if one.side is side))
            if part.outcomes:
                handling.publish(
                    TradeExecuted,
                    execution_result=part,
                    portfolio_state_after=after,
                    success=part.success,
                    error_message=_why(part),
                )


def _why(part: ExecutionResult) -> str | None:
    return None if part.success else wording.traded(part)


def complete(event: TradeExecuted, progress: WorkflowProgress, handling: Handling) -> Step:
    return ended(progress, success=event.success, message=wording.traded(event.execution_result))


def plant(patch: pytest.MonkeyPatch) -> None:
    """Execution tells of each side by itself, and the workflow ends with what it is told first."""
    ends = {WorkflowState.EXECUTING: (WorkflowState.COMPLETED, WorkflowState.FAILED)}
    follows: dict[type[BaseEvent], Any] = {**NEXT, TradeExecuted: ends}
    appliers: dict[type[BaseEvent], Any] = {**steps._APPLIERS, TradeExecuted: complete}
    patch.setattr(subscriptions, "ExecutionHandler", EventForEachSide)
    patch.setattr(trading_workflow_handler, "NEXT", follows)
    patch.setattr(steps, "_APPLIERS", appliers)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.workflow", "events.trading.TradeExecuted", Kind.EVENT_REPEATED),
        Place("trading.workflow", "events.trading.TradeExecuted", Kind.EVENT_UNANSWERED),
    ],
)
