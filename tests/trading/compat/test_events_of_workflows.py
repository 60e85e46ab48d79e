"""The events of a workflow as the migration sees them, and the contract that its state machine gives."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from changeover.cli.main import changeover
from trading.compat.buses import contract
from trading.events.bus.deliveries import Deliveries
from trading.events.bus.handling import Handling
from trading.events.messages.rebalance import ExecutionRequested, TradeExecuted
from trading.handlers import steps, transitions
from trading.handlers.signal_handler import SignalHandler
from trading.handlers.steps import ended
from trading.handlers.transitions import WorkflowState

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("CHANGEOVER_STORE", f"sqlite:///{tmp_path / 'evidence.db'}")


def clusters(*arguments: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(
        changeover, ["compare", "trading.workflow", *arguments, "--format", "json"], catch_exceptions=False
    )
    (comparison,) = json.loads(done.stdout)["comparisons"]
    found: list[dict[str, Any]] = comparison["clusters"]
    return found


def test_the_contract_says_what_the_state_machine_says() -> None:
    made = contract()
    assert made.answers["ExecutionRequested"] == "TradeExecuted"
    before = set(made.before)
    assert ("SignalGenerated", "AccountDataRequested") in before
    assert ("AccountDataRetrieved", "RebalancePlanRequested") in before
    assert ("PortfolioAnalysisCompleted", "RebalancePlanRequested") in before
    assert ("RebalancePlanCompleted", "ExecutionRequested") in before
    assert ("SignalsRequested", "SignalGenerated") in before
    assert not {pair for pair in before if pair[0] == "WorkflowStepFailed"}


def _swallowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SignalHandler, "handle_signals_requested", lambda self, event, handling: None)


def _complete_at_the_first_trade(patch: pytest.MonkeyPatch) -> None:
    def executed(event: TradeExecuted, progress: Any, handling: Handling) -> Any:
        return ended(progress, success=event.success, message="traded")

    appliers: dict[Any, Any] = steps._APPLIERS  # type: ignore[assignment]
    drawn: dict[Any, Any] = transitions.NEXT
    ends = {WorkflowState.EXECUTING: (WorkflowState.COMPLETED, WorkflowState.FAILED)}
    patch.setitem(appliers, TradeExecuted, executed)
    patch.setitem(drawn, TradeExecuted, ends)


def _wrong_run(patch: pytest.MonkeyPatch) -> None:
    honest = Handling.publish

    def publish(self: Handling, event_class: Any, **fields: Any) -> Any:
        event = honest(self, event_class, **fields)
        if event_class is TradeExecuted:
            event = event.model_copy(update={"correlation_id": "another"})
            self.published[-1] = (event, None)
        return event

    patch.setattr(Handling, "publish", publish)


def _delivered_twice(patch: pytest.MonkeyPatch) -> None:
    honest = Deliveries.deliver

    def deliver(self: Deliveries, event: Any, targets: Any, seq: int = 0, attempt: int = 1) -> None:
        honest(self, event, targets * (1 + isinstance(event, ExecutionRequested)), seq, attempt)

    patch.setattr(Deliveries, "deliver", deliver)


def _item_lost(patch: pytest.MonkeyPatch) -> None:
    honest = Handling.publish

    def publish(self: Handling, event_class: Any, **fields: Any) -> Any:
        if event_class is ExecutionRequested:
            plan = fields["plan"]
            fields["plan"] = replace(plan, items=plan.items[1:])
        return honest(self, event_class, **fields)

    patch.setattr(Handling, "publish", publish)


ACCIDENTS: list[tuple[Callable[[pytest.MonkeyPatch], None], str, str, bool]] = [
    (_swallowed, "event-unanswered", "SignalsRequested", False),
    (_swallowed, "event-missing", "SignalGenerated", False),
    (_complete_at_the_first_trade, "event-after-end", "ReconciliationCompleted", True),
    (_complete_at_the_first_trade, "event-unanswered", "TradeExecuted", False),
    (_wrong_run, "event-correlation", "TradeExecuted", False),
    (_item_lost, "event-field-lost", "ExecutionRequested.plan", False),
    (_delivered_twice, "handled-twice", "ExecutionRequested[execution]", True),
]


@pytest.mark.parametrize(
    ("plant", "kind", "place", "unsafe"), ACCIDENTS, ids=[f"{row[0].__name__} {row[1]}" for row in ACCIDENTS]
)
def test_an_accident_among_the_events_is_named_as_what_it_is(
    plant: Callable[[pytest.MonkeyPatch], None],
    kind: str,
    place: str,
    unsafe: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    found = clusters("--source", "history", "--runs", "1")
    assert (kind, f"events.trading.{place}", unsafe) in [
        (one["kind"], one["place"], one["unsafe"]) for one in found
    ], found


def test_explain_lists_the_events_of_a_run_with_what_caused_them(monkeypatch: pytest.MonkeyPatch) -> None:
    _complete_at_the_first_trade(monkeypatch)
    clusters("--source", "history", "--runs", "1")
    shown = CliRunner().invoke(changeover, ["explain", "history/2008-10-01"], catch_exceptions=False).stdout
    lines = [line.split() for line in shown.splitlines()]
    assert ["1", "TradingWorkflowRequested", "-", "workflow.requested"] in lines
    assert ["2", "SignalsRequested", "1", "signals"] in lines
    late = next(line for line in lines if "ReconciliationCompleted" in line and "workflow.reconciled" in line)
    assert late[1] == "x"
