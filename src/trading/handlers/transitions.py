"""The state machine of a trading workflow: for every state and event, what becomes of the event."""

from enum import StrEnum

from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import (
    AccountDataRequested,
    AccountDataRetrieved,
    PortfolioAnalysisCompleted,
    PortfolioAnalysisRequested,
)
from trading.events.messages.rebalance import (
    ExecutionRequested,
    RebalancePlanCompleted,
    RebalancePlanRequested,
    ReconciliationCompleted,
    TradeExecuted,
)
from trading.events.messages.signals import SignalGenerated, SignalsRequested
from trading.events.messages.workflow import (
    TradingWorkflowRequested,
    WorkflowDeadlineReached,
    WorkflowStepFailed,
)


class WorkflowState(StrEnum):
    """Where a workflow stands, named for what it waits for; the last two are final."""

    NEW = "NEW"
    AWAITING_SIGNALS = "AWAITING_SIGNALS"
    ANALYSING = "ANALYSING"
    PLANNING = "PLANNING"
    EXECUTING = "EXECUTING"
    RECONCILING = "RECONCILING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """True where nothing that arrives can have an effect any more."""
        return self in (WorkflowState.COMPLETED, WorkflowState.FAILED)


class Decision(StrEnum):
    """What becomes of an event in a state."""

    APPLY = "apply"
    IGNORE = "ignore"  # it was applied before, or asks for nothing any more
    PARK = "park"  # it came early: it is kept, and applied when its state is reached
    LATE = "late"  # the workflow has ended: it is counted as late and has no effect
    REJECT = "reject"  # it contradicts the workflow: a dead letter, for a person to look at


EVENTS: tuple[type[BaseEvent], ...] = (
    TradingWorkflowRequested,
    SignalGenerated,
    AccountDataRetrieved,
    PortfolioAnalysisCompleted,
    RebalancePlanCompleted,
    TradeExecuted,
    ReconciliationCompleted,
    WorkflowStepFailed,
    WorkflowDeadlineReached,
)

_A, _I, _P, _L, _R = Decision.APPLY, Decision.IGNORE, Decision.PARK, Decision.LATE, Decision.REJECT

# One row per state; the columns are EVENTS.
#                   requested signals account analysis plan  executed reconciled failed deadline
_ROWS: dict[WorkflowState, tuple[Decision, ...]] = {
    WorkflowState.NEW: (_A, _R, _R, _R, _R, _R, _R, _A, _A),
    WorkflowState.AWAITING_SIGNALS: (_R, _A, _P, _P, _P, _P, _P, _A, _A),
    WorkflowState.ANALYSING: (_R, _I, _A, _A, _P, _P, _P, _A, _A),
    WorkflowState.PLANNING: (_R, _I, _I, _I, _A, _P, _P, _A, _A),
    WorkflowState.EXECUTING: (_R, _I, _I, _I, _I, _A, _P, _A, _A),
    WorkflowState.RECONCILING: (_R, _I, _I, _I, _I, _I, _A, _A, _A),
    WorkflowState.COMPLETED: (_R, _L, _L, _L, _L, _L, _L, _L, _I),
    WorkflowState.FAILED: (_R, _L, _L, _L, _L, _L, _L, _L, _I),
}

TABLE: dict[tuple[WorkflowState, type[BaseEvent]], Decision] = {
    (state, event): decision
    for state, row in _ROWS.items()
    for event, decision in zip(EVENTS, row, strict=True)
}

# Which states follow when an event has been applied: what `docs/workflow.md` draws.
NEXT: dict[type[BaseEvent], dict[WorkflowState, tuple[WorkflowState, ...]]] = {
    TradingWorkflowRequested: {
        WorkflowState.NEW: (
            WorkflowState.AWAITING_SIGNALS,
            WorkflowState.COMPLETED,
            WorkflowState.FAILED,
        )
    },
    SignalGenerated: {WorkflowState.AWAITING_SIGNALS: (WorkflowState.ANALYSING, WorkflowState.FAILED)},
    AccountDataRetrieved: {
        WorkflowState.ANALYSING: (
            WorkflowState.ANALYSING,
            WorkflowState.PLANNING,
            WorkflowState.COMPLETED,
        )
    },
    PortfolioAnalysisCompleted: {
        WorkflowState.ANALYSING: (
            WorkflowState.ANALYSING,
            WorkflowState.PLANNING,
            WorkflowState.COMPLETED,
        )
    },
    RebalancePlanCompleted: {WorkflowState.PLANNING: (WorkflowState.EXECUTING, WorkflowState.COMPLETED)},
    TradeExecuted: {WorkflowState.EXECUTING: (WorkflowState.RECONCILING,)},
    ReconciliationCompleted: {WorkflowState.RECONCILING: (WorkflowState.COMPLETED, WorkflowState.FAILED)},
    WorkflowStepFailed: {state: (WorkflowState.FAILED,) for state in WorkflowState if not state.is_final},
    WorkflowDeadlineReached: {
        state: (WorkflowState.FAILED,) for state in WorkflowState if not state.is_final
    },
}

# What a workflow asks for when it enters a state, and the answer that the state waits for.
REQUESTS: dict[WorkflowState, tuple[tuple[type[BaseEvent], type[BaseEvent]], ...]] = {
    WorkflowState.AWAITING_SIGNALS: ((SignalsRequested, SignalGenerated),),
    WorkflowState.ANALYSING: (
        (AccountDataRequested, AccountDataRetrieved),
        (PortfolioAnalysisRequested, PortfolioAnalysisCompleted),
    ),
    WorkflowState.PLANNING: ((RebalancePlanRequested, RebalancePlanCompleted),),
    WorkflowState.EXECUTING: ((ExecutionRequested, TradeExecuted),),
}


def decide(state: WorkflowState, event: BaseEvent) -> Decision:
    """What becomes of this event in this state."""
    return TABLE[state, type(event)]
