"""Ten accidents of such migrations, each planted in the event-driven path by replacing one function."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from trading.compat import portfolio as portfolio_seams
from trading.domain.execution import ExecutionResult
from trading.domain.money import ZERO
from trading.domain.plan import RebalanceAction, RebalancePlan, plan_rebalance
from trading.domain.portfolio import SignalQuality
from trading.events.bus.handling import Handling
from trading.events.messages.workflow import TradingWorkflowCompleted
from trading.execution.executor import PlanExecutor
from trading.handlers import (
    execution_handler,
    notification_handler,
    portfolio_event_handler,
    steps,
    trading_workflow_handler,
)
from trading.handlers.entry_points import Collected
from trading.handlers.notification_handler import NotificationHandler
from trading.handlers.progress import collect_results
from trading.notify.message import trading_report

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class PlantedFault:
    """`place` is part of what names where it shows; `source` and `runs` find a day on which it does.

    A fault that asks the broker what legacy never asked shows its orders on copies: `world` is then `copy`.
    """

    name: str
    plant: Plant
    place: str
    unsafe: bool
    source: str = "history"
    runs: int = 3
    world: str = "tape"


def _whole_position_sold(patch: pytest.MonkeyPatch) -> None:
    def planned(*args: Any) -> RebalancePlan:
        plan = plan_rebalance(*args)
        return replace(
            plan,
            items=tuple(
                replace(item, target_weight=ZERO) if item.action is RebalanceAction.SELL else item
                for item in plan.items
            ),
        )

    patch.setattr(portfolio_event_handler, "plan_rebalance", planned)


class BuysFirst(PlanExecutor):
    def execute(self, plan: RebalancePlan, *, resuming: bool) -> ExecutionResult:
        parts = [
            super(BuysFirst, self).execute(
                replace(plan, items=tuple(item for item in plan.items if item.action is action)),
                resuming=resuming,
            )
            for action in (RebalanceAction.BUY, RebalanceAction.SELL)
        ]
        return ExecutionResult(plan.plan_id, (*parts[1].outcomes, *parts[0].outcomes))


def _buys_before_sells(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(execution_handler, "PlanExecutor", BuysFirst)


def _second_notification(patch: pytest.MonkeyPatch) -> None:
    once = NotificationHandler.handle_trading_workflow_completed

    def twice(self: NotificationHandler, event: TradingWorkflowCompleted, handling: Handling) -> None:
        once(self, event, handling)
        once(self, event, handling)

    patch.setattr(NotificationHandler, "handle_trading_workflow_completed", twice)


def _field_lost(patch: pytest.MonkeyPatch) -> None:
    def collected(*args: Any) -> dict[str, Any]:
        return {key: value for key, value in collect_results(*args).items() if key != "open_orders"}

    patch.setattr(trading_workflow_handler, "collect_results", collected)


def _float_for_decimal(patch: pytest.MonkeyPatch) -> None:
    honest = portfolio_seams.PortfolioOnEvents.generate_rebalancing_plan

    def with_floats(self: Any, targets: Any) -> Any:
        plan = honest(self, targets)
        assert plan is not None
        amounts: list[Any] = [float(item.trade_amount) for item in plan.items]
        items = zip(plan.items, amounts, strict=True)
        return replace(plan, items=tuple(replace(item, trade_amount=amount) for item, amount in items))

    patch.setattr(portfolio_seams.PortfolioOnEvents, "generate_rebalancing_plan", with_floats)


def _dust_traded(patch: pytest.MonkeyPatch) -> None:
    def planned(comparison: Any, _minimum: Decimal, plan_id: str) -> RebalancePlan:
        return plan_rebalance(comparison, ZERO, plan_id)

    patch.setattr(portfolio_event_handler, "plan_rebalance", planned)


def _order_after_a_failure(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(steps, "judge_signals", lambda *_: SignalQuality((), ()))


def _target_missing_in_the_mail(patch: pytest.MonkeyPatch) -> None:
    def report(session: Any, results: dict[str, Any]) -> Any:
        return trading_report(session, results | {"consolidated_portfolio": {}})

    patch.setattr(notification_handler, "trading_report", report)


def _wrong_correlation(patch: pytest.MonkeyPatch) -> None:
    honest = Collected.expect
    patch.setattr(Collected, "expect", lambda self, workflow_id: honest(self, f"{workflow_id}-other"))


class Swallowing(PlanExecutor):
    def execute(self, plan: RebalancePlan, *, resuming: bool) -> ExecutionResult:
        try:
            raise ConnectionError("the broker's client is not configured")
        except ConnectionError:
            return ExecutionResult(plan.plan_id, ())


def _swallowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(execution_handler, "PlanExecutor", Swallowing)


FAULTS = (
    PlantedFault("whole position sold instead of a trim", _whole_position_sold, "submit_order", True, runs=8),
    PlantedFault("buys before sells", _buys_before_sells, "submit_order", True, runs=8),
    PlantedFault("second notification", _second_notification, "notifier.send", True),
    PlantedFault("field lost in the result", _field_lost, "open_orders", False),
    PlantedFault("float for Decimal", _float_for_decimal, "trade_amount", False),
    PlantedFault("dust traded below the minimum", _dust_traded, "trade_amount", False, runs=8),
    PlantedFault("dust traded, on copies", _dust_traded, "submit_order", True, runs=8, world="copy"),
    PlantedFault(
        "order placed after a failure",
        _order_after_a_failure,
        "submit_order",
        True,
        source="stress",
        runs=16,
        world="copy",
    ),
    PlantedFault("target portfolio missing in the mail", _target_missing_in_the_mail, "notifier.send", True),
    PlantedFault("results under a wrong correlation id", _wrong_correlation, "entry.analyze-signals", True),
    PlantedFault("swallowed exception reported as success", _swallowed, "submit_order", True),
)
