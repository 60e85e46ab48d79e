"""Cuts of the sweeps that deliver in every order, twice or not at all; proofs that they see a fault."""

from random import Random
from uuid import uuid4

import pytest

from tests.sweeps import permutations, withheld
from tests.trading.support.workflow_kinds import Kind
from trading.domain.plan import RebalancePlan
from trading.events.journal.backlog import Backlog
from trading.events.journal.memory import MemoryJournal
from trading.handlers import trading_workflow_handler
from trading.handlers.trading_workflow_handler import TradingWorkflowHandler

SEED = 20_200_121
ORDERS = {Kind.COMPLETE: 126, Kind.SIGNALS: 6, Kind.NOTHING: 6, Kind.FAILING: 288}
HELD_BACK = withheld.Subset(Kind.COMPLETE, ("RebalancePlanCompleted",), withheld.Release.TOO_LATE)


@pytest.mark.parametrize("kind", Kind)
def test_a_workflow_ends_the_same_in_any_order_with_anything_delivered_twice(kind: Kind) -> None:
    known = list(permutations.orders(kind))
    assert len(known) == ORDERS[kind]
    for order in Random(SEED).sample(known, 3):  # noqa: S311  (a seeded cut)
        assert permutations.try_order(order) == (2 + 2 * order.turns, [])
    assert permutations.all_dying(kind, 20)[2] == []


def test_an_order_that_a_repeat_would_name_anew_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    order = next(permutations.orders(Kind.COMPLETE))
    monkeypatch.setattr(
        RebalancePlan, "client_order_id", lambda plan, item: f"{plan.plan_id}.{item.symbol}.{uuid4().hex}"
    )
    _, wrong = permutations.try_order(order)
    assert any("process died" in problem for problem in wrong)


@pytest.mark.parametrize("kind", Kind)
def test_no_subset_of_withheld_events_is_lost_or_stands_still_in_silence(kind: Kind) -> None:
    known = list(withheld.subsets(kind))
    for subset in Random(SEED).sample(known, 24):  # noqa: S311  (a seeded cut)
        assert withheld.try_subset(subset)[1] == []


def test_a_workflow_that_nobody_is_told_of_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert withheld.try_subset(HELD_BACK) == (True, [])
    monkeypatch.setattr(TradingWorkflowHandler, "_tell_overdue", lambda *_: None)
    assert withheld.try_subset(HELD_BACK)[1]


def test_a_list_that_names_something_else_than_what_is_awaited_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trading.parking.awaited_events", lambda *_: ("SignalGenerated",))
    assert "the list says ('SignalGenerated',)" in withheld.try_subset(HELD_BACK)[1][0]


def test_a_list_that_forgets_what_is_undelivered_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryJournal, "backlog", lambda _: Backlog())
    assert withheld.try_subset(HELD_BACK)[1]


def test_a_workflow_that_is_given_up_at_its_first_deadline_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trading_workflow_handler, "is_given_up", lambda *_: True)
    assert withheld.try_subset(HELD_BACK)[1]
