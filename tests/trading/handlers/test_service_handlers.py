"""The handlers that work with services, each alone."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.support.fakes import BrokerThrough, FailingBroker
from tests.trading.support.handler_alone import SESSION, Alone, alone, recorded_run
from trading import wording
from trading.broker.port import Broker, BrokerUnavailable
from trading.domain.order import OrderRequest, Side
from trading.domain.plan import RebalanceAction
from trading.events.journal.records import WorkflowRecord
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
    ExecutionParameters,
    TradingWorkflowCompleted,
    WorkflowMode,
    WorkflowStepFailed,
)
from trading.handlers.event_driven_orchestrator import EventDrivenOrchestrator
from trading.handlers.execution_handler import ExecutionHandler, NotReleased
from trading.handlers.notification_handler import NotificationHandler
from trading.handlers.portfolio_event_handler import AccountDataHandler, PortfolioEventHandler
from trading.handlers.progress import WorkflowProgress
from trading.handlers.signal_handler import SignalHandler
from trading.notify.port import Notification, NotificationFailed
from trading.services import Services

STORY: dict[type, Any] = {type(event): event for event in recorded_run()}
ASKED: ExecutionRequested = STORY[ExecutionRequested]
PLAN: RebalancePlanCompleted = STORY[RebalancePlanCompleted]
RUN = PLAN.correlation_id


def with_broker(world: Alone, broker: Broker) -> Services:
    return replace(world.desk.services, broker=broker)


def out(world: Alone, *calls: str, times: int = 99) -> Services:
    failing = {call: (BrokerUnavailable("out"), times) for call in calls}
    return with_broker(world, FailingBroker(world.desk.broker, failing))


def stands(
    world: Alone, state: str, *, session: str = SESSION.isoformat(), mode: WorkflowMode | None = None
) -> None:
    """The workflow's record says so."""
    parameters = ExecutionParameters("paper", SESSION, Decimal("0.5"), Decimal(50))
    progress = WorkflowProgress.begin(mode or WorkflowMode.FULL_TRADING, parameters)
    now = world.desk.clock.now()
    world.journal.keep(WorkflowRecord(RUN, state, progress.to_json(), "paper", session, now, now))


def test_signals_are_evaluated_as_of_the_session_that_is_asked_for() -> None:
    with alone() as world:
        asked = world.event(SignalsRequested, as_of=SESSION)
        (said,) = world.deliver(SignalHandler(world.desk.services).handle_signals_requested, asked)
        assert isinstance(said, SignalGenerated)
        assert said.as_of == SESSION
        assert said.signals == STORY[SignalGenerated].signals
        assert said.causation_id == asked.event_id


def test_the_account_is_read_when_asked() -> None:
    with alone() as world:
        handler = AccountDataHandler(world.desk.services)
        (read,) = world.deliver(handler.handle_account_data_requested, world.event(AccountDataRequested))
        assert isinstance(read, AccountDataRetrieved)
        assert read.portfolio_state == world.desk.broker.state()


@pytest.mark.parametrize("call", ["account", "positions", "open_orders"])
def test_an_account_that_cannot_be_read_is_a_failed_step_that_says_so(call: str) -> None:
    with alone() as world:
        services, settings = out(world, call), world.desk.settings
        asked = world.event(PortfolioAnalysisRequested, trigger_event_id="e-1", target_allocations={})
        for handle, event, told in (
            (
                AccountDataHandler(services).handle_account_data_requested,
                world.event(AccountDataRequested),
                wording.ACCOUNT_UNAVAILABLE,
            ),
            (
                PortfolioEventHandler(services, settings).handle_portfolio_analysis_requested,
                asked,
                wording.COMPARISON_UNAVAILABLE,
            ),
        ):
            (failed,) = world.deliver(handle, event)
            assert isinstance(failed, WorkflowStepFailed)
            assert (failed.message, failed.retryable) == (told, False)


def test_an_analysis_compares_with_the_reserve_that_its_workflow_began_with() -> None:
    with alone() as world:
        stands(world, "ANALYSING")
        handler = PortfolioEventHandler(world.desk.services, world.desk.settings)
        asked = world.event(
            PortfolioAnalysisRequested, run=RUN, trigger_event_id="e", target_allocations={"TLT": Decimal(1)}
        )
        (done,) = world.deliver(handler.handle_portfolio_analysis_requested, asked)
        assert isinstance(done, PortfolioAnalysisCompleted)
        (row,) = done.allocation_comparison.rows
        assert row.target_value == Decimal("50000.00")


def planned(world: Alone, targets: dict[str, Decimal]) -> list[Any]:
    asked = world.event(
        RebalancePlanRequested,
        run=RUN,
        target_allocations=targets,
        portfolio_state=world.desk.broker.state(),
        trigger_signal_id="e-1",
    )
    handler = PortfolioEventHandler(world.desk.services, world.desk.settings)
    return world.deliver(handler.handle_rebalance_plan_requested, asked)


def test_a_plan_is_named_after_its_workflow_and_told_as_answer_and_as_fact() -> None:
    with alone() as world:
        answer, fact = planned(world, {"TLT": Decimal("0.5")})
        assert answer.plan.plan_id == fact.plan.plan_id == f"plan-{RUN}"
        assert [(item.symbol, item.action) for item in answer.plan.trades] == [("TLT", RebalanceAction.BUY)]


def test_nothing_to_trade_is_an_answer_with_its_reason_and_no_fact() -> None:
    with alone() as world:
        (answer,) = planned(world, {})
        assert answer.nothing_to_trade == wording.NOTHING_TO_TRADE


def executed(world: Alone, services: Services | None = None, *, redelivered: bool = False) -> list[Any]:
    handler = ExecutionHandler(services or world.desk.services, world.desk.settings)
    return world.deliver(handler.handle_execution_requested, ASKED, redelivered=redelivered)


def test_a_requested_plan_is_traded() -> None:
    with alone() as world:
        stands(world, "EXECUTING")
        (done,) = executed(world)
        assert isinstance(done, TradeExecuted)
        assert done.success
        assert done.portfolio_state_after == world.desk.broker.state()
        assert len(world.desk.broker.orders()) == len(PLAN.plan.trades)


def test_a_repeat_finds_the_orders_of_the_first_attempt() -> None:
    with alone() as world:
        stands(world, "EXECUTING")
        first, second = executed(world)[0], executed(world, redelivered=True)[0]
        assert second.execution_result == first.execution_result
        assert len(world.desk.broker.orders()) == len(PLAN.plan.trades)


@pytest.mark.parametrize("state", ["NEW", "AWAITING_SIGNALS", "ANALYSING", "PLANNING", "RECONCILING"])
def test_a_plan_is_not_traded_while_its_workflow_is_elsewhere(state: str) -> None:
    with alone() as world:
        if state != "NEW":
            stands(world, state)
        with pytest.raises(NotReleased, match=state):
            executed(world)
        assert world.desk.broker.orders() == ()


@pytest.mark.parametrize("state", ["COMPLETED", "FAILED"])
def test_a_plan_of_an_ended_workflow_does_nothing(state: str) -> None:
    with alone() as world:
        stands(world, state)
        watched = BrokerThrough(world.desk.broker)
        assert executed(world, with_broker(world, watched)) == []
        assert watched.calls == []


def test_a_plan_of_another_session_is_not_traded_and_says_why() -> None:
    with alone() as world:
        stands(world, "EXECUTING", session="2011-08-08")
        (failed,) = executed(world)
        assert failed.message == wording.session_over("2011-08-08")
        assert world.desk.broker.orders() == ()


def left_over(world: Alone) -> list[Any]:
    """A plan whose execution an earlier program left undelivered."""
    handler = ExecutionHandler(world.desk.services, world.desk.settings)
    return world.deliver(handler.handle_leftover_plan, PLAN, redelivered=True)


def test_a_plan_that_was_released_before_there_were_requests_is_traded() -> None:
    with alone() as world:
        stands(world, "EXECUTING")
        (done,) = left_over(world)
        assert isinstance(done, TradeExecuted)
        assert len(world.desk.broker.orders()) == len(PLAN.plan.trades)


def test_a_plan_whose_execution_was_requested_is_not_traded_by_the_plan_too() -> None:
    with alone() as world:
        stands(world, "EXECUTING")
        world.deliver(lambda _event, _handling: None, ASKED)
        assert left_over(world) == []
        assert world.desk.broker.orders() == ()


@pytest.mark.parametrize("state", ["PLANNING", "RECONCILING", "COMPLETED", "FAILED"])
def test_a_leftover_plan_is_not_traded_while_its_workflow_is_elsewhere(state: str) -> None:
    with alone() as world:
        stands(world, state)
        assert left_over(world) == []
        assert world.desk.broker.orders() == ()


def test_an_account_that_cannot_be_read_after_the_trades_is_told_as_unknown() -> None:
    with alone() as world:
        stands(world, "EXECUTING")
        (done,) = executed(world, out(world, "open_orders"))
        assert done.success
        assert done.portfolio_state_after is None


def notified(world: Alone, *, clock_moves_on: timedelta = timedelta()) -> list[Notification]:
    world.desk.clock.sleep(clock_moves_on.total_seconds())
    handler = NotificationHandler(world.desk.services)
    world.deliver(handler.handle_trading_workflow_completed, STORY[TradingWorkflowCompleted])
    return world.sent


def test_the_end_of_a_trading_run_is_told_once_about_its_own_session_however_late() -> None:
    with alone() as world:
        stands(world, "COMPLETED")
        (sent,) = notified(world, clock_moves_on=timedelta(days=3))
        assert sent.subject == f"{SESSION}: trading run done"


def test_a_run_that_only_shows_signals_is_not_told() -> None:
    with alone() as world:
        stands(world, "COMPLETED", mode=WorkflowMode.SIGNAL_ONLY)
        assert notified(world) == []


class Deaf:
    def send(self, notification: Notification) -> None:
        raise NotificationFailed("nobody listens")


def test_a_notifier_that_reaches_nobody_is_not_a_failure_of_the_run() -> None:
    with alone() as world:
        stands(world, "COMPLETED")
        handler = NotificationHandler(replace(world.desk.services, notifier=Deaf()))
        assert world.deliver(handler.handle_trading_workflow_completed, STORY[TradingWorkflowCompleted]) == []


def reconciled(world: Alone, **fields: Any) -> ReconciliationCompleted:
    executed_event = STORY[TradeExecuted].model_copy(update=fields)
    for event in (STORY[PortfolioAnalysisCompleted], STORY[AccountDataRetrieved]):
        world.deliver(lambda _event, _handling: None, event)
    handler = EventDrivenOrchestrator(world.desk.services)
    (done,) = world.deliver(handler.handle_trade_executed, executed_event)
    assert isinstance(done, ReconciliationCompleted)
    return done


def test_positions_that_are_as_the_fills_say_agree() -> None:
    with alone() as world:
        assert reconciled(world).agrees


def test_a_position_that_nobody_ordered_is_told_as_a_difference() -> None:
    with alone() as world:
        state = STORY[TradeExecuted].portfolio_state_after
        held = (replace(state.positions[0], quantity=state.positions[0].quantity + 5), *state.positions[1:])
        done = reconciled(world, portfolio_state_after=replace(state, positions=held))
        assert done.differences == {held[0].symbol: Decimal(5)}


def test_positions_that_could_not_be_read_do_not_agree() -> None:
    with alone() as world:
        done = reconciled(world, portfolio_state_after=None)
        assert (done.agrees, done.found, done.differences) == (False, None, {})


def failed_with_open_orders(world: Alone, state: str, *, redelivered: bool) -> dict[str, str]:
    """What became of an order of the workflow and of a stranger, both open."""
    stands(world, state)
    for name in (f"plan-{RUN}.TLT.BUY", "by hand"):
        world.desk.broker.submit_order(OrderRequest(name, "TLT", Side.BUY, Decimal(1)))
    failed = world.event(
        WorkflowStepFailed, run=RUN, step="execution", error_type="OSError", message="?", retryable=True
    )
    handler = EventDrivenOrchestrator(world.desk.services)
    assert world.deliver(handler.handle_workflow_step_failed, failed, redelivered=redelivered) == []
    return {order.client_order_id: order.status.value for order in world.desk.broker.orders()}


@pytest.mark.parametrize(
    ("state", "redelivered"), [("EXECUTING", False), ("RECONCILING", False), ("FAILED", True)]
)
def test_recovery_cancels_the_open_orders_of_the_workflow_and_no_other(state: str, redelivered: bool) -> None:
    with alone() as world:
        statuses = failed_with_open_orders(world, state, redelivered=redelivered)
        assert statuses[f"plan-{RUN}.TLT.BUY"] == "CANCELLED"
        assert statuses["by hand"] != "CANCELLED"


@pytest.mark.parametrize("state", ["PLANNING", "COMPLETED", "FAILED"])
def test_recovery_leaves_a_workflow_alone_that_has_no_order_or_has_ended(state: str) -> None:
    with alone() as world:
        assert "CANCELLED" not in failed_with_open_orders(world, state, redelivered=False).values()
