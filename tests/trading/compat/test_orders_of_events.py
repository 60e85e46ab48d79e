"""Other orders of a workflow's events: none of them changes anything, and what trusts the usual one is found.

A cut of `python -m tests.sweeps workflow-orders`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import changeover
from changeover.explore.explored import Explored
from trading.events.messages.portfolio import PortfolioAnalysisCompleted
from trading.events.messages.rebalance import ReconciliationCompleted
from trading.handlers import steps, transitions
from trading.handlers.transitions import Decision, WorkflowState

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("CHANGEOVER_STORE", f"sqlite:///{tmp_path / 'evidence.db'}")


def explored(schedules: int, seam: str = "trading.workflow") -> Explored:
    return changeover.explore(seam, source="history", schedules=schedules, world="copy")


def test_every_order_of_a_run_that_only_shows_signals_matches() -> None:
    (done,) = explored(20, "trading.signals").explorations
    assert (done.orders, done.restarts) == (6, True)
    assert (done.match, done.tried) == (20, 20)


def test_drawn_orders_of_a_whole_workflow_match() -> None:
    (done,) = explored(24).explorations
    assert (done.match, done.tried, done.drawn) == (24, 24, 12)


def _early_reconciliation_is_rejected(patch: pytest.MonkeyPatch) -> None:
    table: dict[Any, Any] = transitions.TABLE
    patch.setitem(table, (WorkflowState.EXECUTING, ReconciliationCompleted), Decision.REJECT)


def _plans_on_the_first_of_two_answers(patch: pytest.MonkeyPatch) -> None:
    appliers: dict[Any, Any] = steps._APPLIERS  # type: ignore[assignment]
    patch.setitem(appliers, PortfolioAnalysisCompleted, steps._analysed)


@pytest.mark.parametrize("plant", [_early_reconciliation_is_rejected, _plans_on_the_first_of_two_answers])
def test_a_handler_that_trusts_the_usual_order_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    (done,) = explored(24).explorations
    assert done.found
    assert all(1 <= len(one.schedule) <= 4 for one in done.found), [str(one.schedule) for one in done.found]
