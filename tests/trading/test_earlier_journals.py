"""Journals of runs that were under way when an earlier program wrote them: no order twice, none lost.

`before-execution-requested` holds the rows of accounts and journals as the program wrote them that began the
execution with RebalancePlanCompleted. Its process died when the plan waited for its release by the workflow,
when it was released, and when two orders were placed.
"""

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from tests.trading.support.deaths import (
    SECOND,
    THIRD,
    Moment,
    Outcome,
    Reaper,
    account_after_a_session,
    copied,
    interrupt,
    open_account,
    outcome,
    trade,
)
from trading.broker import rows as account_rows
from trading.database import open_database
from trading.desk import journal_path
from trading.events.journal import rows as journal_rows

STORED = Path(__file__).parents[1] / "data" / "journals" / "before-execution-requested"
MOMENTS = ("plan-waits-for-its-release", "plan-is-released", "two-orders-are-placed")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return account_after_a_session(tmp_path_factory.mktemp("accounts") / "template")


@pytest.fixture(scope="module")
def whole(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The second session as it ends when nobody dies."""
    folder = copied(template, tmp_path_factory.mktemp("accounts") / "whole")
    assert trade(folder, SECOND) == "ended"
    return outcome(folder, template)


def restored(moment: str, folder: Path) -> Path:
    """A folder with the stored account and its journal."""
    folder.mkdir()
    account = folder / "a.db"
    for path, rows, part in (
        (account, account_rows, "account"),
        (journal_path(account), journal_rows, "journal"),
    ):
        with closing(open_database(path, kind=rows.KIND, version=rows.VERSION, schema=rows.SCHEMA)) as file:
            for statement in (STORED / f"{moment}.{part}.sql").read_text().splitlines():
                file.execute(statement)
    return folder


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_of_an_earlier_program_is_finished_with_every_order_once(
    moment: str, template: Path, whole: Outcome, tmp_path: Path
) -> None:
    folder = restored(moment, tmp_path / "account")
    assert trade(folder, SECOND) == "refused"  # settled first, and then the session is traded already
    assert outcome(folder, template) == whole


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_process_that_dies_while_it_finishes_such_a_run_leaves_the_rest_to_the_next(
    moment: str, template: Path, whole: Outcome, tmp_path: Path
) -> None:
    for what in ("commit", "call"):
        number = 0
        died = True
        while died:
            number += 1
            folder = restored(moment, tmp_path / f"account-{what}-{number}")
            died = trade(folder, SECOND, reaper=Reaper(Moment(what, number, True), interrupt)) == "died"
            trade(folder, SECOND)
            assert outcome(folder, template) == whole, (what, number)
        assert number > 3


@pytest.mark.parametrize("moment", MOMENTS)
def test_such_a_run_orders_nothing_more_on_another_day(moment: str, tmp_path: Path) -> None:
    folder = restored(moment, tmp_path / "account")
    placed = names_of(folder, SECOND)
    assert trade(folder, THIRD) == "ended"
    assert names_of(folder, SECOND) == placed
    desk, _ = open_account(folder, None)
    with desk:
        assert desk.journal.workflows()[1].state == "FAILED"


def names_of(folder: Path, session: date) -> list[str]:
    desk, _ = open_account(folder, None)
    with desk:
        orders = desk.broker.orders()
    return [order.client_order_id for order in orders if order.submitted_at.date() == session]
