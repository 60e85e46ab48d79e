"""Events of a workflow as a whole: asked for, failed in a step, overdue, completed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainSerializer, model_validator

from trading.events.messages.envelope import BaseEvent, Moment

RESULTS_DEPTH_MAX = 32


def _written(results: dict[str, Any]) -> dict[str, Any]:
    """The same; what JSON would change on the way (a Decimal, a tuple, a NaN) is refused in writing."""
    _check(results, RESULTS_DEPTH_MAX)
    return results


def _check(value: Any, depth: int) -> None:
    """Written out by type: pydantic's own JSON values cost five times as much."""
    kind = type(value)
    if kind is str or kind is bool or kind is int or value is None:
        return
    if kind is float:
        if value - value != 0.0:
            raise ValueError("results hold a number that is not finite; JSON has no word for it")
    elif kind is not dict and kind is not list:
        raise ValueError(f"results hold a {kind.__name__}; JSON has no word for it")
    elif depth == 0:
        raise ValueError(f"results are nested deeper than {RESULTS_DEPTH_MAX} levels")
    elif kind is dict:
        for key, inner in value.items():
            if type(key) is not str:
                raise ValueError(f"results have the key {key!r}; keys are texts")
            _check(inner, depth - 1)
    else:
        for inner in value:
            _check(inner, depth - 1)


WorkflowResults = Annotated[dict[str, Any], PlainSerializer(_written)]
"""What `execute_trading_workflow_with_details` returns: JSON values that read back as they were written."""


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
    """Published with a due time when a workflow starts; it finds the workflow ended, or overdue.

    The first one tells people that it is overdue, and publishes the last one, which gives it up.
    """

    event_type: Literal["WorkflowDeadlineReached"] = "WorkflowDeadlineReached"
    schema_version: Literal[1] = 1
    workflow_id: str
    deadline: Moment


class WorkflowOverdue(BaseEvent):
    """A workflow has not ended in time: exactly what it waits for, and until when that may still arrive."""

    event_type: Literal["WorkflowOverdue"] = "WorkflowOverdue"
    schema_version: Literal[1] = 1
    workflow_id: str
    awaited: tuple[str, ...]
    given_up_from: Moment


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
