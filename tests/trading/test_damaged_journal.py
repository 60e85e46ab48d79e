"""Rows of the journal that cannot be read any more: told with what and where, and the rest goes on."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.trading.support.deaths import (
    SECOND,
    THIRD,
    Moment,
    Reaper,
    account_after_a_session,
    interrupt,
    open_account,
    trade,
)
from tests.trading.support.desks import front_door
from trading.composition import TradingPath
from trading.database import open_database
from trading.desk import journal_path
from trading.events.journal.rows import KIND, SCHEMA, VERSION
from trading.run_guard import RunRefused


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """An account whose second session was interrupted, with a plan that waits to be released."""
    folder = account_after_a_session(tmp_path / "account")
    assert trade(folder, SECOND, reaper=Reaper(Moment("portfolio.plan", 1, True), interrupt)) == "died"
    return folder


def damage(account: Path, statement: str) -> None:
    path = journal_path(account / "a.db")
    with closing(open_database(path, kind=KIND, version=VERSION, schema=SCHEMA)) as journal:
        assert journal.execute(statement).rowcount == 1


PENDING = (
    "UPDATE events SET body = CAST(x'7bff7d' AS TEXT) "
    "WHERE seq = (SELECT max(seq) FROM events WHERE event_type = 'RebalancePlanCompleted')"
)
LAST_RECORD = (
    "UPDATE workflows SET body = CAST(x'7bff7d' AS TEXT) WHERE session = (SELECT max(session) FROM workflows)"
)


def test_a_damaged_event_ends_its_workflow_as_failed_and_the_next_session_trades(account: Path) -> None:
    damage(account, PENDING)
    desk, notifier = open_account(account, THIRD)
    with desk:
        assert front_door(desk, TradingPath.CANDIDATE).execute_trading()
        states = {record.session: record.state for record in desk.journal.workflows()}
        assert (states[SECOND.isoformat()], states[THIRD.isoformat()]) == ("FAILED", "COMPLETED")
        assert [letter.handler for letter in desk.journal.dead_letters()] == ["workflow.plan"]
        (told, _) = notifier.sent
        assert told.subject == f"{SECOND}: trading run FAILED"
        assert "row " in told.body
        assert "is not UTF-8" in told.body


def test_a_damaged_record_of_a_workflow_is_closed_and_its_session_counts_as_traded(account: Path) -> None:
    damage(account, LAST_RECORD)
    desk, _ = open_account(account, SECOND)
    with desk:
        with pytest.raises(RunRefused, match=f"was traded in session {SECOND}"):
            front_door(desk).execute_trading()
        record = desk.journal.workflows()[-1]
        assert (record.state, record.finished, record.damage) == ("FAILED", True, None)
        assert "cannot be read as JSON" in record.body
    assert trade(account, THIRD) == "ended"


def test_a_damaged_record_of_an_ended_workflow_counts_as_traded(account: Path) -> None:
    trade(account, SECOND)
    damage(account, LAST_RECORD)
    assert trade(account, SECOND) == "refused"
    assert trade(account, THIRD) == "ended"
