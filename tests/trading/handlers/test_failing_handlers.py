"""A defect in each handler in turn, before and after its effects, once and for ever."""

from functools import cache

import pytest

from tests.trading.support.desks import open_desk
from tests.trading.support.failing_handlers import ALWAYS, WHY, Run, traded
from tests.trading.support.handler_alone import SESSION
from trading import wording
from trading.events.bus.retry import ATTEMPTS_MAX
from trading.handlers.subscriptions import subscriptions
from trading.market.history import load_bundled
from trading.settings import Settings

DESK = open_desk(Settings(), load_bundled(), SESSION)[0]
EVERY = [name for _, _, name in subscriptions(DESK.services, DESK.settings)]
ON_FAILURE = [
    "orchestrator.step-failed",
    "workflow.step-failed",
    "notification.overdue",
]  # not while all is well
AFTER_THE_END = ["notification", "orchestrator.deadline", "workflow.deadline"]
ONLY_LOOK_ON = ["orchestrator.startup", "orchestrator.planned"]
STEPS = [name for name in EVERY if name not in (*ON_FAILURE, *AFTER_THE_END, *ONLY_LOOK_ON)]
ORDERS_PLACED = ["execution", "workflow.executed", "orchestrator.reconciliation", "workflow.reconciled"]


@cache
def undisturbed() -> Run:
    return traded({})


@pytest.fixture(params=[False, True], ids=["before", "after"])
def after(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_every_handler_of_the_system_is_tried_in_one_of_these_groups() -> None:
    assert sorted([*STEPS, *ON_FAILURE, *AFTER_THE_END, *ONLY_LOOK_ON]) == sorted(EVERY)


@pytest.mark.parametrize("name", [name for name in EVERY if name not in ON_FAILURE])
def test_a_defect_that_passes_is_retried_and_the_run_ends_as_without_it(name: str, after: bool) -> None:
    run, whole = traded({name: 1}, after=after), undisturbed()
    assert run.failing[name].calls == 2
    assert (run.went_well, run.state, run.results) == (True, "COMPLETED", whole.results)
    assert run.orders == whole.orders
    assert (run.dead, run.announced) == (set(), [])
    twice = name == "notification" and after  # it may have been sent: better twice than never
    assert [message.subject for message in run.sent] == [whole.sent[0].subject] * (1 + twice)
    assert run.submitted_after_the_end == []


@pytest.mark.parametrize("name", STEPS)
def test_a_defect_that_stays_ends_the_workflow_as_failed_with_the_reason_everywhere(
    name: str, after: bool
) -> None:
    run = traded({name: ALWAYS}, after=after)
    reason = f"step {name} failed: ZeroDivisionError: {WHY}"
    assert run.failing[name].calls == ATTEMPTS_MAX
    assert (run.went_well, run.state, run.results["success"]) == (False, "FAILED", False)
    assert run.results["message"].startswith(reason)
    assert (run.announced[0].step, run.announced[0].message) == (name, WHY)
    assert name in run.dead
    (message,) = run.sent
    assert message.subject == f"{SESSION}: trading run FAILED"
    assert reason in message.body


@pytest.mark.parametrize("name", STEPS)
def test_no_order_is_placed_twice_or_after_the_end_by_a_defect_that_stays(name: str, after: bool) -> None:
    run = traded({name: ALWAYS}, after=after)
    may_trade = name in ORDERS_PLACED and (name, after) != ("execution", False)
    assert run.orders == (undisturbed().orders if may_trade else [])
    assert run.submitted_after_the_end == []
    warned = name in ("execution", "workflow.executed")
    assert (wording.MAY_HAVE_ORDERED in run.results["message"]) is warned


@pytest.mark.parametrize("name", STEPS)
def test_the_other_handlers_of_the_same_event_still_get_it(name: str) -> None:
    run = traded({name: ALWAYS})
    (record,) = run.desk.journal.workflows()
    for stored in run.desk.journal.events(record.workflow_id):
        fates = {each.handler: each.outcome.value for each in stored.deliveries}
        assert {fate for handler, fate in fates.items() if handler != name} <= {"handled"}


@pytest.mark.parametrize("name", ["notification", "orchestrator.planned"])
def test_what_fails_beside_a_workflow_that_ended_well_is_told_to_the_caller(name: str, after: bool) -> None:
    run = traded({name: ALWAYS}, after=after)
    assert (run.state, run.went_well) == ("COMPLETED", False)
    assert run.results["message"] == f"17 of 17 trades done; but step {name} failed: ZeroDivisionError: {WHY}"
    assert run.orders == undisturbed().orders
    assert run.dead == {name}
    times_sent = {("notification", False): 0, ("notification", True): ATTEMPTS_MAX}
    assert len(run.sent) == times_sent.get((name, after), 1)


@pytest.mark.parametrize("name", ["orchestrator.startup", "orchestrator.deadline", "workflow.deadline"])
def test_a_defect_where_nothing_is_to_be_done_leaves_the_run_alone(name: str, after: bool) -> None:
    run = traded({name: ALWAYS}, after=after)
    assert (run.went_well, run.results, run.orders) == (True, undisturbed().results, undisturbed().orders)
    assert run.dead >= {name}
    assert len(run.sent) == 1


def test_the_end_as_failed_is_retried_like_any_other_step(after: bool) -> None:
    run = traded({"signals": ALWAYS, "workflow.step-failed": 1}, after=after)
    assert (run.went_well, run.state, run.dead) == (False, "FAILED", {"signals"})
    assert run.results["message"].startswith("step signals failed")
    assert len(run.sent) == 1


def test_a_workflow_that_cannot_be_ended_by_its_failed_step_is_ended_by_its_deadline(after: bool) -> None:
    run = traded({"signals": ALWAYS, "workflow.step-failed": ALWAYS}, after=after)
    assert (run.went_well, run.state) == (False, "FAILED")
    assert run.dead == {"signals", "workflow.step-failed"}
    assert "was given up" in run.results["message"]
    assert len(run.announced) == 1  # the failure of an announcement is not announced again
    assert [message.kind for message in run.sent] == ["overdue", "failure"]


@pytest.mark.parametrize("times", [1, ALWAYS])
def test_a_recovery_that_fails_keeps_nobody_from_ending_the_workflow(times: int, after: bool) -> None:
    run = traded({"execution": ALWAYS, "orchestrator.step-failed": times}, after=after)
    assert (run.went_well, run.state) == (False, "FAILED")
    assert run.dead == {"execution"} | ({"orchestrator.step-failed"} if times == ALWAYS else set())
    assert run.results["message"].startswith("step execution failed")
    assert len(run.sent) == 1
