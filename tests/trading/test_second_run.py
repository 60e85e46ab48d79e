"""One set of orders per account and session, whichever path runs and whatever happened before."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.trading.support.deaths import (
    SECOND,
    THIRD,
    Moment,
    Reaper,
    account_after_a_session,
    interrupt,
    open_account,
    settings_with,
    trade,
)
from tests.trading.support.desks import front_door
from trading import wording
from trading.composition import TradingPath
from trading.domain.order import Order
from trading.events.journal.port import JournalBusy
from trading.events.journal.records import (
    Delivery,
    Failure,
    Outcome,
    Outgoing,
    Settlement,
    WorkflowRecord,
)
from trading.events.messages.workflow import (
    ExecutionParameters,
    TradingWorkflowRequested,
    WorkflowMode,
)
from trading.run_guard import RunRefused
from trading.settings import Settings

PATHS = list(TradingPath)
BOTH = list(product(PATHS, PATHS))


@pytest.fixture
def account(tmp_path: Path) -> Path:
    return account_after_a_session(tmp_path / "account")


STEPS = ("workflow.requested", "signals", "workflow.analysis", "workflow.plan", "submit")
DURABLE_UNTIL = [Moment(step, 1, True) for step in STEPS]


def die(account: Path, path: TradingPath, moment: Moment, settings: Settings | None = None) -> None:
    assert trade(account, SECOND, path=path, settings=settings, reaper=Reaper(moment, interrupt)) == "died"


def seen(account: Path) -> tuple[list[WorkflowRecord], list[Order]]:
    desk, _ = open_account(account, None)
    with desk:
        return list(desk.journal.workflows()), list(desk.broker.orders())


def orders_of(account: Path, session: date) -> list[Order]:
    return [order for order in seen(account)[1] if order.submitted_at.date() == session]


def names(orders: list[Order]) -> list[str]:
    return [order.client_order_id for order in orders]


@pytest.mark.parametrize(("first", "second"), BOTH)
def test_a_second_run_for_the_same_session_is_refused_with_a_sentence(
    account: Path, first: TradingPath, second: TradingPath
) -> None:
    assert trade(account, SECOND, path=first) == "ended"
    before = seen(account)
    desk, notifier = open_account(account, SECOND)
    with desk, pytest.raises(RunRefused) as refused:
        front_door(desk, second).execute_trading()
    assert str(refused.value).startswith(f"account paper was traded in session {SECOND} already, by ")
    assert str(refused.value).endswith("--again trades it once more")
    assert seen(account) == before
    assert notifier.sent == []


@pytest.mark.parametrize(("first", "second"), BOTH)
def test_again_trades_the_same_session_once_more(
    account: Path, first: TradingPath, second: TradingPath
) -> None:
    trade(account, SECOND, path=first)
    desk, _ = open_account(account, SECOND)
    with desk:
        door = front_door(desk, second)
        assert door.execute_trading(again=True)
        assert door.results is not None
        assert door.results["message"] == wording.NOTHING_TO_TRADE


@pytest.mark.parametrize(("first", "second"), BOTH)
@pytest.mark.parametrize(
    "faults",
    [{"market_closed": True}, {"outage_methods": ["account"]}, {"outage_methods": ["is_market_open"]}],
    ids=lambda faults: "+".join(map(str, faults.values())),
)
def test_a_run_that_ended_before_it_could_trade_does_not_count(
    account: Path, first: TradingPath, second: TradingPath, faults: dict[str, Any]
) -> None:
    trade(account, SECOND, path=first, settings=settings_with(**faults))
    assert trade(account, SECOND, path=second) == "ended"
    assert orders_of(account, SECOND)


@pytest.mark.parametrize(("first", "second"), BOTH)
def test_a_run_that_found_nothing_to_trade_counts(
    account: Path, first: TradingPath, second: TradingPath
) -> None:
    desk, _ = open_account(account, SECOND)
    with desk:
        front_door(desk, TradingPath.CANDIDATE).execute_trading()
        assert front_door(desk, first).execute_trading(again=True)
    assert trade(account, SECOND, path=second) == "refused"


@pytest.mark.parametrize("path", PATHS)
def test_a_session_is_each_days_own(account: Path, path: TradingPath) -> None:
    assert [trade(account, session, path=path) for session in (SECOND, THIRD)] == ["ended", "ended"]


@pytest.mark.parametrize("path", PATHS)
def test_an_unfinished_workflow_is_settled_before_another_run_on_either_path(
    account: Path, path: TradingPath
) -> None:
    die(account, TradingPath.CANDIDATE, Moment("account-data", 1, False))
    assert seen(account)[0][-1].finished is False
    assert trade(account, SECOND, path=path) == "refused"
    workflows, _ = seen(account)
    assert [record.state for record in workflows] == ["COMPLETED", "COMPLETED"]
    assert len(orders_of(account, SECOND)) == 3


@pytest.mark.parametrize("path", PATHS)
def test_a_run_whose_request_is_to_be_tried_again_is_settled_before_another_run_on_either_path(
    account: Path, path: TradingPath
) -> None:
    desk, _ = open_account(account, SECOND)
    with desk:
        asked = TradingWorkflowRequested(
            event_id="event-1",
            correlation_id="workflow-1",
            causation_id=None,
            timestamp=desk.clock.now(),
            source_module="tests",
            source_component="second-run",
            workflow_mode=WorkflowMode.FULL_TRADING,
            ignore_market_hours=False,
            execution_parameters=ExecutionParameters("paper", SECOND, Decimal("0.02"), Decimal(500)),
        )
        now, handler = desk.clock.now(), "workflow.requested"
        seq = desk.journal.append(Outgoing(asked, (handler,)), now)
        assert seq is not None
        due, failure = now + timedelta(seconds=1), Failure("ValueError", "once")
        desk.journal.settle(
            Settlement(Delivery(seq, asked, handler), Outcome.RETRY, now, due=due, failure=failure)
        )
    assert trade(account, SECOND, path=path) == "refused"
    assert {name.split(".")[0] for name in names(orders_of(account, SECOND))} == {"plan-workflow-1"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("moment", DURABLE_UNTIL, ids=str)
def test_what_is_resumed_on_another_day_orders_nothing_more_and_is_closed_as_failed(
    account: Path, path: TradingPath, moment: Moment
) -> None:
    die(account, TradingPath.CANDIDATE, moment)
    ordered = orders_of(account, SECOND)
    desk, notifier = open_account(account, THIRD)
    with desk:
        assert front_door(desk, path).execute_trading()
        workflows = {record.session: record for record in desk.journal.workflows()}
        resumed = workflows[SECOND.isoformat()]
        assert resumed.state == "FAILED"
        assert workflows[THIRD.isoformat()].finished
        assert wording.session_over(SECOND.isoformat()) in resumed.body
        subjects = [message.subject for message in notifier.sent]
        assert subjects == [f"{SECOND}: trading run FAILED", f"{THIRD}: trading run done"]
    assert names(orders_of(account, SECOND)) == names(ordered)
    assert orders_of(account, THIRD)


def test_what_was_executed_before_the_process_ended_is_reported_in_full_even_on_another_day(
    account: Path,
) -> None:
    die(account, TradingPath.CANDIDATE, Moment("execution", 1, True))
    desk, notifier = open_account(account, THIRD)
    with desk:
        desk.settle_unfinished()
        assert desk.journal.workflows()[-1].state == "COMPLETED"
        (message,) = notifier.sent
        assert message.subject == f"{SECOND}: trading run done"
        assert "3 of 3 trades done" in message.body


@pytest.mark.parametrize(("first", "second"), BOTH)
def test_two_processes_do_not_trade_one_account_at_the_same_time(
    account: Path, first: TradingPath, second: TradingPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trading.database.BUSY_TIMEOUT_S", 0.01)
    desk, _ = open_account(account, SECOND)
    with desk:
        front_door(desk, first).execute_trading()
        before = desk.broker.orders()
        other, _ = open_account(account, SECOND)
        with other, pytest.raises(JournalBusy, match="another process is at work"):
            front_door(other, second).execute_trading(again=True)
        assert desk.broker.orders() == before


@pytest.mark.parametrize("path", PATHS)
def test_a_run_that_was_let_in_and_then_lost_its_claim_to_another_one_orders_nothing(
    account: Path, path: TradingPath
) -> None:
    """Paused and thought dead: somebody removed its claim, and another process traded the session."""
    paused, notifier = open_account(account, SECOND)
    with paused:
        paused.settle_unfinished()
        for claim in account.glob("*.lock*"):
            claim.unlink()
        assert trade(account, SECOND) == "ended"
        before = seen(account)
        with pytest.raises(JournalBusy, match="was removed while this process held it"):
            front_door(paused, path).execute_trading(again=True)
    assert seen(account) == before
    assert notifier.sent == []


@pytest.mark.parametrize("path", PATHS)
def test_a_run_that_was_passed_over_on_its_way_to_an_order_places_none_however_late_it_wakes(
    account: Path, path: TradingPath
) -> None:
    """Paused before its first order, its claim removed, and another process has traded the next session."""

    def be_passed_over() -> None:
        for claim in account.glob("*.lock*"):
            claim.unlink()
        assert trade(account, THIRD) == "ended"
        orders.extend(seen(account)[1])

    orders: list[Order] = []
    paused, _ = open_account(account, SECOND, reaper=Reaper(Moment("submit", 1, False), be_passed_over))
    with paused, pytest.raises(JournalBusy, match="was removed while this process held it"):
        front_door(paused, path).execute_trading()
    assert {order.submitted_at.date() for order in orders} >= {THIRD}
    assert seen(account)[1] == orders


@pytest.mark.parametrize("path", PATHS)
def test_a_run_that_wakes_after_a_later_session_was_traded_is_refused_with_a_sentence(
    account: Path, path: TradingPath
) -> None:
    """It had opened the account and claimed nothing yet: no claim was removed, and it would be the newest."""
    paused, _ = open_account(account, SECOND)
    with paused:
        assert trade(account, THIRD) == "ended"
        before = seen(account)
        with pytest.raises(
            RunRefused, match=f"in session {THIRD} already, by .*; {SECOND} is earlier, choose"
        ):
            front_door(paused, path).execute_trading(again=True)
    assert seen(account) == before
