"""The coordination of a workflow, one event at a time."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.support.handler_alone import SESSION, Alone, alone, recorded_run
from trading import wording
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRetrieved, PortfolioAnalysisCompleted
from trading.events.messages.rebalance import RebalancePlanCompleted, ReconciliationCompleted, TradeExecuted
from trading.events.messages.signals import SignalGenerated, SignalsRequested
from trading.events.messages.workflow import (
    ExecutionParameters,
    TradingWorkflowCompleted,
    TradingWorkflowRequested,
    WorkflowDeadlineReached,
    WorkflowMode,
    WorkflowOverdue,
    WorkflowStepFailed,
)
from trading.handlers.overdue import OVERDUE_AFTER_S, WORKFLOW_DEADLINE_S
from trading.handlers.subscriptions import subscriptions
from trading.handlers.trading_workflow_handler import (
    PARKED_MAX,
    EventRejected,
    TradingWorkflowHandler,
)

STORY = {type(event): event for event in recorded_run()}
RUN = STORY[TradingWorkflowRequested].correlation_id


def request(world: Alone, mode: WorkflowMode = WorkflowMode.FULL_TRADING, **fields: Any) -> BaseEvent:
    parameters = ExecutionParameters("paper", SESSION, Decimal("0.02"), Decimal(50))
    return world.event(
        TradingWorkflowRequested,
        run=RUN,
        workflow_mode=mode,
        ignore_market_hours=False,
        execution_parameters=parameters,
        **fields,
    )


def told(world: Alone, *events: BaseEvent | type[BaseEvent]) -> list[str]:
    """Types of what each led to; a class stands for the event of the recorded run."""
    services, settings = world.desk.services, world.desk.settings
    handlers = {
        event_class: handle
        for event_class, handle, name in subscriptions(services, settings)
        if name.startswith("workflow.")
    }
    published = []
    for each in events:
        event = STORY[each] if isinstance(each, type) else each
        published += world.deliver(handlers[type(event)], event)
    return [event.event_type for event in published]


def end_of(world: Alone) -> TradingWorkflowCompleted:
    (end,) = world.of_type(TradingWorkflowCompleted)
    return end


def failed_step(world: Alone, **fields: Any) -> WorkflowStepFailed:
    told_of: dict[str, Any] = {"step": "signals", "error_type": "OSError", "message": "away"}
    return world.event(WorkflowStepFailed, run=RUN, retryable=True, **(told_of | fields))


def test_a_request_asks_for_signals_and_sets_a_deadline() -> None:
    with alone() as world:
        assert told(world, request(world)) == ["SignalsRequested", "WorkflowDeadlineReached"]
        (asked,) = world.of_type(SignalsRequested)
        assert asked.as_of == SESSION
        ((_, due),) = world.due
        assert due == world.desk.clock.now() + timedelta(seconds=OVERDUE_AFTER_S)
        assert world.record(RUN).state == "AWAITING_SIGNALS"


def test_a_closed_market_ends_the_workflow_at_once_and_well() -> None:
    with alone(paper={"faults": {"market_closed": True}}) as world:
        assert told(world, request(world)) == ["TradingWorkflowCompleted"]
        assert (end_of(world).success, end_of(world).results["message"]) == (True, wording.MARKET_CLOSED)
        assert not world.progress(RUN).may_have_traded


def test_a_run_that_only_shows_signals_asks_nobody_about_the_market_and_never_plans() -> None:
    with alone(paper={"faults": {"market_closed": True}}) as world:
        story = (SignalGenerated, AccountDataRetrieved, PortfolioAnalysisCompleted)
        told(world, request(world, WorkflowMode.SIGNAL_ONLY), *story)
        assert end_of(world).results["message"] == wording.SIGNALS_ANALYSED
        assert "RebalancePlanRequested" not in [event.event_type for event in world.published]
        assert not world.progress(RUN).may_have_traded


def test_no_plan_is_asked_for_before_account_and_analysis_are_both_there() -> None:
    for first, second in (
        (AccountDataRetrieved, PortfolioAnalysisCompleted),
        (PortfolioAnalysisCompleted, AccountDataRetrieved),
    ):
        with alone() as world:
            told(world, request(world), SignalGenerated)
            assert told(world, first) == []
            assert told(world, second) == ["RebalancePlanRequested"]


def test_a_duplicate_is_ignored() -> None:
    with alone() as world:
        told(world, request(world), SignalGenerated, AccountDataRetrieved, PortfolioAnalysisCompleted)
        before = world.record(RUN)
        assert told(world, SignalGenerated, AccountDataRetrieved, PortfolioAnalysisCompleted) == []
        assert world.record(RUN) == before


def test_two_early_events_are_applied_as_soon_as_their_turn_has_come() -> None:
    with alone() as world:
        told(world, request(world))
        assert told(world, PortfolioAnalysisCompleted, AccountDataRetrieved) == []
        assert len(world.progress(RUN).parked) == 2
        assert told(world, SignalGenerated)[-1] == "RebalancePlanRequested"
        assert world.record(RUN).state == "PLANNING"
        assert not world.progress(RUN).parked


def test_what_comes_after_the_end_is_counted_and_has_no_effect() -> None:
    with alone() as world:
        story = (SignalGenerated, AccountDataRetrieved, PortfolioAnalysisCompleted, RebalancePlanCompleted)
        told(world, request(world), *story, TradeExecuted, ReconciliationCompleted)
        assert end_of(world).success
        before = world.progress(RUN)
        assert told(world, TradeExecuted, failed_step(world)) == []
        assert world.record(RUN).state == "COMPLETED"
        assert world.progress(RUN) == before.changed(late=2)


def test_a_second_request_for_the_same_workflow_is_rejected() -> None:
    with alone() as world:
        told(world, request(world))
        before = world.record(RUN)
        with pytest.raises(EventRejected, match=f"{RUN} has begun before"):
            told(world, request(world))
        assert world.record(RUN) == before


def test_an_answer_that_nobody_asked_for_is_rejected() -> None:
    with alone() as world, pytest.raises(EventRejected, match="there is no workflow"):
        told(world, SignalGenerated)


def test_early_events_are_kept_up_to_a_limit() -> None:
    with alone() as world:
        told(world, request(world), *[TradeExecuted] * PARKED_MAX)
        with pytest.raises(EventRejected, match=f"{PARKED_MAX} early events"):
            told(world, TradeExecuted)


def test_a_failed_step_ends_the_workflow_with_its_reason() -> None:
    with alone() as world:
        told(world, request(world))
        assert told(world, failed_step(world)) == ["TradingWorkflowCompleted"]
        assert end_of(world).error_message == "step signals failed: OSError: away"
        assert end_of(world).results["message"] == end_of(world).error_message
        assert world.record(RUN).state == "FAILED"


def test_a_step_that_failed_before_the_workflow_began_still_ends_it() -> None:
    with alone() as world:
        assert told(world, failed_step(world)) == ["TradingWorkflowCompleted"]
        assert not end_of(world).success


@pytest.mark.parametrize(("traded", "warned"), [(False, True), (True, False)])
def test_a_defect_during_execution_warns_of_orders_that_nobody_has_told_of(
    traded: bool, warned: bool
) -> None:
    with alone() as world:
        story = (SignalGenerated, AccountDataRetrieved, PortfolioAnalysisCompleted, RebalancePlanCompleted)
        told(world, request(world), *story, *([TradeExecuted] if traded else []))
        told(world, failed_step(world, step="execution"))
        assert (wording.MAY_HAVE_ORDERED in end_of(world).results["message"]) is warned
        assert bool(end_of(world).results["orders_executed"]) is traded


UNTIL_PLAN = (SignalGenerated, AccountDataRetrieved, PortfolioAnalysisCompleted, RebalancePlanCompleted)
AWAITED_AFTER: list[tuple[tuple[type[BaseEvent], ...], tuple[str, ...]]] = [
    ((), ("SignalGenerated",)),
    ((SignalGenerated,), ("AccountDataRetrieved", "PortfolioAnalysisCompleted")),
    ((SignalGenerated, PortfolioAnalysisCompleted), ("AccountDataRetrieved",)),
    ((SignalGenerated, AccountDataRetrieved), ("PortfolioAnalysisCompleted",)),
    ((SignalGenerated, AccountDataRetrieved, PortfolioAnalysisCompleted), ("RebalancePlanCompleted",)),
    (UNTIL_PLAN, ("TradeExecuted",)),
    ((*UNTIL_PLAN, TradeExecuted), ("ReconciliationCompleted",)),
]


@pytest.mark.parametrize(("story", "awaited"), AWAITED_AFTER)
def test_an_overdue_workflow_says_exactly_what_it_waits_for_and_ends_well_when_that_arrives(
    story: tuple[type[BaseEvent], ...], awaited: tuple[str, ...]
) -> None:
    with alone() as world:
        told(world, request(world), *story)
        (deadline,) = world.of_type(WorkflowDeadlineReached)
        before = world.record(RUN)
        assert told(world, deadline)[-2:] == ["WorkflowOverdue", "WorkflowDeadlineReached"]
        assert world.record(RUN) == before
        overdue = next(event for event in world.published if isinstance(event, WorkflowOverdue))
        assert overdue.awaited == awaited
        rest = (*UNTIL_PLAN, TradeExecuted, ReconciliationCompleted)
        told(world, *(event for event in rest if event not in story))
        assert end_of(world).success


def test_an_overdue_workflow_is_given_up_at_its_last_deadline() -> None:
    with alone() as world:
        told(world, request(world))
        told(world, world.of_type(WorkflowDeadlineReached)[0])
        _, last = world.of_type(WorkflowDeadlineReached)
        assert world.due[-1] == (last, last.deadline)
        assert last.deadline == world.desk.clock.now() + timedelta(seconds=WORKFLOW_DEADLINE_S)
        told(world, last)
        assert end_of(world).results["message"] == wording.overdue(last.deadline)


def test_a_workflow_of_a_program_that_knew_one_deadline_alone_is_given_up_by_that() -> None:
    with alone() as world:
        told(world, request(world))
        late = world.desk.clock.now() + timedelta(seconds=WORKFLOW_DEADLINE_S)
        told(world, world.event(WorkflowDeadlineReached, workflow_id=RUN, deadline=late))
        assert not end_of(world).success


def test_positions_that_differ_make_a_failure_of_trades_that_looked_well() -> None:
    with alone() as world:
        story = (SignalGenerated, AccountDataRetrieved, PortfolioAnalysisCompleted, RebalancePlanCompleted)
        told(world, request(world), *story, TradeExecuted)
        differs = world.event(
            ReconciliationCompleted,
            run=RUN,
            expected={"TLT": Decimal(370)},
            found={"TLT": Decimal(371)},
            differences={"TLT": Decimal(1)},
        )
        told(world, differs)
        assert not end_of(world).success
        assert end_of(world).results["message"].endswith("TLT +1")


def test_it_carries_no_state_of_its_own() -> None:
    with alone() as world:
        services, settings = world.desk.services, world.desk.settings
        handler = TradingWorkflowHandler(services, settings)
        world.deliver(handler.handle_trading_workflow_requested, request(world))
        another = TradingWorkflowHandler(services, settings)
        world.deliver(another.handle_signal_generated, STORY[SignalGenerated])
        assert world.record(RUN).state == "ANALYSING"
