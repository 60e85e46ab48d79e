"""What a workflow has learned so far: as small as a restart allows, for the journal holds the rest."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from trading.events.envelope import BaseEvent
from trading.events.handling import Handling
from trading.events.records import WorkflowRecord
from trading.events.workflow import ExecutionParameters, WorkflowMode
from trading.handlers.transitions import WorkflowState


@dataclass(frozen=True, slots=True)
class WorkflowProgress:
    """The body of a workflow's record.

    `applied` maps event types to the id of the event that was applied; `targets` are weights and
    `holdings_before` quantities by symbol, as decimal strings; `analysis` is an analysis that came before
    the account data, and `parked` are other events that came early, as JSON. `success` and `message` say how
    the execution ended, or the workflow. `may_have_traded` says that the account's session is spoken for;
    `late` counts what came after the end.
    """

    mode: str
    cash_reserve: str
    minimum_trade: str
    applied: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    holdings_before: dict[str, str] = field(default_factory=dict)
    analysis: str = ""
    parked: list[str] = field(default_factory=list)
    success: bool = False
    message: str = ""
    may_have_traded: bool = False
    late: int = 0

    @classmethod
    def begin(cls, mode: WorkflowMode, parameters: ExecutionParameters) -> "WorkflowProgress":
        """A workflow that knows only what it was asked for."""
        return cls(
            mode=mode.value,
            cash_reserve=str(parameters.cash_reserve),
            minimum_trade=str(parameters.minimum_trade),
        )

    @property
    def trades(self) -> bool:
        """False for a run that must never reach a plan."""
        return self.mode == WorkflowMode.FULL_TRADING

    def changed(self, **fields: Any) -> "WorkflowProgress":
        """The same with these fields changed."""
        return replace(self, **fields)

    def with_applied(self, event: BaseEvent) -> "WorkflowProgress":
        """The same, and this event is part of the workflow's story."""
        return replace(self, applied={**self.applied, event.event_type: event.event_id})

    def has_applied(self, event_class: type[BaseEvent]) -> bool:
        """Whether an event of this class is part of the story."""
        return event_class.__name__ in self.applied

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, separators=(",", ":"))

    @classmethod
    def from_json(cls, body: str) -> "WorkflowProgress":
        """What `to_json` wrote."""
        return cls(**json.loads(body))


def state_of(record: WorkflowRecord | None) -> WorkflowState:
    """The state that a record names; without a record the workflow is new."""
    return WorkflowState.NEW if record is None else WorkflowState(record.state)


def progress_of(handling: Handling, workflow_id: str) -> WorkflowProgress | None:
    """What a workflow has learned, for handlers that need to know what it was asked for."""
    record = handling.workflow(workflow_id)
    return None if record is None else WorkflowProgress.from_json(record.body)


def plan_id_of(workflow_id: str) -> str:
    """The one plan of a workflow: its orders are named after it, so that a repeat is recognised."""
    return f"plan-{workflow_id}"
