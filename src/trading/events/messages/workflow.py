"""Events of a workflow as a whole: asked for, failed in a step, overdue, completed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from trading.events.envelope import BaseEvent, Moment
from trading.events.results import WorkflowResults

MESSAGE_CHARACTERS_MAX = 2000


class WorkflowMode(StrEnum):
    """How far a workflow goes; a `SIGNAL_ONLY` run never reaches a plan."""

    SIGNAL_ONLY = "signal_only"
    FULL_TRADING = "full_trading"


@dataclass(frozen=True, slots=True)
class ExecutionParameters:
    """What a run is pinned to, so that it resumes with the settings it began with."""

    account_id: str
    session: date
    cash_reserve: Decimal
    minimum_trade: Decimal


class TradingWorkflowRequested(BaseEvent):
    """The root of a workflow: its `correlation_id` becomes the workflow's id."""

    event_type: Literal["TradingWorkflowRequested"] = "TradingWorkflowRequested"
    schema_version: Literal[1] = 1
    workflow_mode: WorkflowMode
    ignore_market_hours: bool
    execution_parameters: ExecutionParameters


class WorkflowStepFailed(BaseEvent):
    """A step gave up; `step` is the handler's name. Published by the bus, or by a handler that knows why."""

    event_type: Literal["WorkflowStepFailed"] = "WorkflowStepFailed"
    schema_version: Literal[1] = 1
    step: str
    error_type: str
    message: str = Field(max_length=MESSAGE_CHARACTERS_MAX)
    retryable: bool


class WorkflowDeadlineReached(BaseEvent):
    """Published with a due time when a workflow starts; it finds the workflow ended, or overdue."""

    event_type: Literal["WorkflowDeadlineReached"] = "WorkflowDeadlineReached"
    schema_version: Literal[1] = 1
    workflow_id: str
    deadline: Moment


class TradingWorkflowCompleted(BaseEvent):
    """The end, exactly once per workflow; a failure says why."""

    event_type: Literal["TradingWorkflowCompleted"] = "TradingWorkflowCompleted"
    schema_version: Literal[1] = 1
    workflow_id: str
    success: bool
    results: WorkflowResults
    error_message: str | None = None

    @model_validator(mode="after")
    def _failure_says_why(self) -> Self:
        if not self.success and not self.error_message:
            raise ValueError("a workflow that failed needs an error_message")
        return self
