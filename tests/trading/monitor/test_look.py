"""A look says what needs a person, whoever is at work, and never disturbs a run."""

import shutil
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.trading.support.desks import front_door
from tests.trading.support.event_samples import NOW
from tests.trading.support.watched_accounts import (
    DAY,
    Refusing,
    desk_on,
    end_in_the_middle,
    orders_of,
    trade,
    trade_with_defect,
)
from trading.composition import TradingPath
from trading.database import Connection, open_to_read
from trading.desk import journal_path
from trading.events.journal.shared import Share, SharedJournal
from trading.events.messages.envelope import BaseEvent
from trading.monitor.board import Board
from trading.monitor.finding import Finding, FindingKind, findings, needing_a_person
from trading.monitor.look import Look, RunResult, Signature, take_look
from trading.tracking import awaited_of


def look_at(account: Path, *, later: timedelta = timedelta(0)) -> Look:
    journal = journal_path(account)
    changed = Signature.of(journal).changed_at
    assert changed is not None
    return take_look(journal, "paper", changed + later)


def only(look: Look, kind: FindingKind) -> Finding:
    (found,) = (one for one in findings(look) if one.kind is kind)
    return found


@pytest.fixture(scope="module")
def ended_early(tmp_path_factory: pytest.TempPathFactory) -> Path:
    account = tmp_path_factory.mktemp("early") / "a.db"
    end_in_the_middle(account)
    return account


def test_nothing_needs_a_person_after_a_run_that_went_well(tmp_path: Path) -> None:
    trade(tmp_path / "a.db")
    look = look_at(tmp_path / "a.db")
    assert findings(look) == ()
    assert look.results()[RunResult.SUCCESSFUL] == 1
    assert look.totals.published["TradingWorkflowCompleted"] == 1


def test_a_run_whose_process_is_gone_is_overdue_ten_minutes_later_though_the_account_stands_still(
    ended_early: Path,
) -> None:
    soon, later = look_at(ended_early), look_at(ended_early, later=timedelta(minutes=11))
    (run,) = soon.runs
    assert (run.result, findings(soon)) == (RunResult.UNDER_WAY, ())
    found = only(later, FindingKind.OVERDUE)
    assert found.workflow_id == run.record.workflow_id
    assert awaited_of(run.record)
    assert all(kind in found.sentence for kind in awaited_of(run.record))
    assert later.as_of - soon.as_of == timedelta(minutes=11)


def test_a_clock_that_was_set_back_makes_no_run_younger_than_the_journal(ended_early: Path) -> None:
    look = look_at(ended_early, later=timedelta(days=-1))
    assert look.parking is not None
    assert look.as_of == look.parking.backlog.as_of


def test_a_failed_run_and_what_its_handler_gave_up_are_two_findings(tmp_path: Path) -> None:
    trade_with_defect(tmp_path / "a.db", "portfolio.plan", after=False)
    look = look_at(tmp_path / "a.db")
    assert [found.kind for found in findings(look)] == [FindingKind.DEAD_LETTER, FindingKind.FAILED]
    letter, failed = findings(look)
    assert letter.retry is not None
    assert letter.next_step == f"python -m trading retry {letter.retry}"
    assert "after 3 attempts: ZeroDivisionError: a defect, on purpose" in letter.sentence
    assert "step portfolio.plan failed" in failed.sentence
    assert (failed.retry, failed.is_past) == (None, False)


def test_a_failed_run_is_told_and_needs_nobody_once_a_later_one_went_well(tmp_path: Path) -> None:
    trade_with_defect(tmp_path / "a.db", "portfolio.plan", after=False)
    trade(tmp_path / "a.db", date(2011, 8, 10))
    failed = only(look_at(tmp_path / "a.db"), FindingKind.FAILED)
    assert failed.is_past
    assert needing_a_person((failed,)) == ()


def test_a_run_whose_notification_was_given_up_has_not_failed(tmp_path: Path) -> None:
    trade(tmp_path / "a.db", notifier=Refusing())
    assert [found.kind for found in findings(look_at(tmp_path / "a.db"))] == [FindingKind.DEAD_LETTER]


def test_a_parked_message_is_a_finding_that_can_be_retried(tmp_path: Path) -> None:
    account = tmp_path / "a.db"
    trade(account)
    with closing(SharedJournal(journal_path(account), Share(("run",)))) as journal:
        journal.park("parked", "message: is no CloudEvent", {}, b"{}", NOW)
    assert only(look_at(account), FindingKind.PARKED).retry == "parked:1"


def test_looking_on_in_the_middle_of_a_run_changes_nothing_of_it(tmp_path: Path) -> None:
    alone, watched = tmp_path / "alone.db", tmp_path / "watched.db"
    trade(alone)
    seen: list[int] = []
    with desk_on(watched) as desk:
        board = Board(watched, "paper")

        def look(event: BaseEvent) -> None:
            seen.append(board.refresh().totals.last_number)

        desk.bus.observe(look)
        assert front_door(desk, TradingPath.CANDIDATE).execute_trading()
    assert len(seen) > 10
    assert seen == sorted(seen)
    shapes = [[order[1:] for order in orders_of(account)] for account in (alone, watched)]
    assert shapes[0] == shapes[1]


def fence_of(account: Path) -> object:
    with closing(open_to_read(account, kind="paper account", version=1)) as connection:
        found: Connection = connection
        return found.execute("SELECT part, epoch FROM fence ORDER BY part").fetchall()


def test_whoever_looks_never_takes_the_account_over(tmp_path: Path) -> None:
    account = tmp_path / "a.db"
    trade(account)
    before, content = fence_of(account), account.read_bytes()
    board = Board(account, "paper")
    board.refresh()
    board.stories([run.record.workflow_id for run in board.look().runs])
    assert (fence_of(account), account.read_bytes()) == (before, content)
    trade(account, date(2011, 8, 10))  # and nobody who trades was put behind the fence


@pytest.mark.parametrize("damage", ["gone", "no database", "torn"])
def test_a_journal_that_cannot_be_read_is_a_finding_and_never_an_error(tmp_path: Path, damage: str) -> None:
    account = tmp_path / "a.db"
    trade(account)
    board = Board(account, "paper")
    journal = journal_path(account)
    content = journal.read_bytes()
    for path in tmp_path.glob("a.journal.db*"):
        path.unlink()
    if damage == "no database":
        journal.write_bytes(b"something else" * 1000)
    elif damage == "torn":
        journal.write_bytes(content[:20_000] + b"\xff" * (len(content) - 20_000))
    board.refresh()
    look = board.look()
    assert only(look, FindingKind.UNREADABLE).sentence.startswith("the journal cannot be read: ")
    assert journal.exists() is (damage != "gone")


def test_a_record_that_cannot_be_read_leaves_the_others_readable(tmp_path: Path) -> None:
    account = tmp_path / "a.db"
    trade(account)
    trade(account, date(2011, 8, 10))
    with closing(SharedJournal(journal_path(account), Share(("run",)))) as journal:
        journal._connection.execute("UPDATE workflows SET body = '{' WHERE session = ?", (DAY.isoformat(),))
    look = look_at(account)
    assert only(look, FindingKind.DAMAGED).workflow_id == look.runs[0].record.workflow_id
    assert look.runs[1].result is RunResult.SUCCESSFUL


def test_a_board_takes_a_new_look_when_something_was_written_and_says_so_once(tmp_path: Path) -> None:
    account = tmp_path / "a.db"
    trade(account)
    now = [datetime.now(UTC)]
    board = Board(account, "paper", wall=lambda: now[0])
    first, version = board.look(), board.version
    assert board.refresh() is first
    trade(account, date(2011, 8, 10))
    assert len(board.refresh().runs) == 2
    assert board.version == version + 1
    now[0] += timedelta(minutes=1)
    assert board.refresh().taken_at == now[0]
    assert board.version == version + 1  # time passed, and nothing else


def test_a_copy_under_a_second_name_of_the_file_is_refused(tmp_path: Path) -> None:
    account = tmp_path / "a.db"
    trade(account)
    shutil.copy(journal_path(account), tmp_path / "b.journal.db")
    (tmp_path / "c.journal.db").hardlink_to(tmp_path / "b.journal.db")
    assert "2 names" in str(take_look(tmp_path / "b.journal.db", "paper", datetime.now(UTC)).unreadable)
