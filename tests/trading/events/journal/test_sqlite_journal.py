import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.trading.support.event_samples import NOW, new_bus, request
from trading.clock import SimulatedClock
from trading.database import DatabaseUnusable
from trading.events.bus.bus import EventBus
from trading.events.journal.claim import part_path
from trading.events.journal.port import DamagedWorkflow, JournalBusy, SettlementRefused
from trading.events.journal.records import Delivery, Outcome, Outgoing, Settlement, WorkflowRecord
from trading.events.journal.shared import Share, SharedJournal
from trading.events.journal.sqlite import SqliteJournal
from trading.events.messages.signals import SignalsRequested
from trading.events.messages.workflow import TradingWorkflowCompleted, WorkflowStepFailed
from trading.events.schema.versions import EVENT_BYTES_MAX

KILLED = """
import os, sys
from datetime import timedelta
from pathlib import Path
from tests.trading.support.event_samples import NOW, new_bus, request
from tests.trading.events.journal.test_sqlite_journal import counted
from trading.events.journal.sqlite import SqliteJournal

journal = SqliteJournal(Path(sys.argv[1]), durable=False)
bus = new_bus(journal)
counted(bus, Path(sys.argv[2]), lambda event: event.event_id == "e-2" and os._exit(9))
bus.publish(request("e-1"))
bus.publish(request("e-2"))
"""


def counted(bus: EventBus, effects: Path, interrupt: Callable[[SignalsRequested], object]) -> None:
    """Subscribe a handler that writes a line per event, and may be interrupted before it returns."""

    def handle(got: SignalsRequested, _handling: object) -> None:
        interrupt(got)
        with effects.open("a") as lines:
            lines.write(f"{got.event_id}\n")

    bus.subscribe(SignalsRequested, handle, name="counts")


def damage(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def test_what_is_written_outlives_the_connection(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path)
    journal.append(Outgoing(request("e-1"), ("h",)), NOW)
    journal.close()
    journal = SqliteJournal(path)
    assert [found.event_id for found in journal.undelivered()] == ["e-1"]
    journal.close()


def test_a_killed_process_is_resumed_by_the_next_one(tmp_path: Path) -> None:
    path, effects = tmp_path / "journal.db", tmp_path / "effects"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), str(effects)], check=False)
    assert killed.returncode == 9
    assert effects.read_text() == "e-1\n"
    journal = SqliteJournal(path, durable=False)
    bus = new_bus(journal)
    counted(bus, effects, lambda _event: None)
    bus.resume()
    journal.close()
    assert effects.read_text() == "e-1\ne-2\n"


def test_two_processes_are_not_at_work_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trading.database.BUSY_TIMEOUT_S", 0.05)
    first, second = (SqliteJournal(tmp_path / "journal.db") for _ in range(2))
    first.claim()
    first.claim()
    bus = new_bus(second)
    with pytest.raises(JournalBusy, match="another process is at work"):
        bus.publish(request("e-1"))
    assert list(second.undelivered()) == []
    first.close()
    bus.publish(request("e-1"))
    assert second.events_of_run("run-1") == 1
    second.close()


def test_whoever_lost_its_claim_to_a_removed_file_writes_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with closing(SqliteJournal(path)) as thought_dead, closing(SqliteJournal(path)) as other:
        thought_dead.claim()
        path.with_name("j.db.lock").unlink()
        with pytest.raises(JournalBusy, match="was removed while this process held it"):
            thought_dead.append(Outgoing(request("e-1"), ()), NOW)
        other.claim()
        assert other.append(Outgoing(request("e-1"), ()), NOW) == 1


def test_whoever_lost_a_part_to_a_removed_file_writes_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with closing(SharedJournal(path, Share(("execution",)))) as thought_dead:
        thought_dead.claim()
        part_path(path, "execution").unlink()
        with pytest.raises(JournalBusy, match="was removed while this process held it"):
            thought_dead.append(Outgoing(request("e-1"), ()), NOW)


def test_reading_and_putting_back_need_no_claim(tmp_path: Path) -> None:
    worker, onlooker = (SqliteJournal(tmp_path / "journal.db") for _ in range(2))
    worker.claim()
    worker.append(Outgoing(request("e-1"), ("h",)), NOW)
    assert len(onlooker.events("run-1")) == 1
    assert onlooker.put_back(1, "h", NOW) is False
    worker.close()
    onlooker.close()


def test_a_journal_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    SqliteJournal(path).close()
    damage(path, "UPDATE about SET version = 99")
    with pytest.raises(DatabaseUnusable, match="event journal of version 99"):
        SqliteJournal(path)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("CAST(x'FF00' AS TEXT)", "is not UTF-8"),
        ("substr(body, 1, 40)", "cannot be read as JSON"),
        ("replace(body, '\"schema_version\":1', '\"schema_version\":7')", "7 is newer than 1"),
    ],
)
def test_a_damaged_event_is_set_aside_and_announced_and_the_rest_goes_on(
    tmp_path: Path, body: str, told: str
) -> None:
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path)
    for event_id in ("e-1", "e-2"):
        journal.append(Outgoing(request(event_id), ("h",)), NOW)
    journal.close()
    damage(path, f"UPDATE events SET body = {body} WHERE seq = 1")  # noqa: S608

    journal = SqliteJournal(path)
    bus, seen, announced = new_bus(journal), list[str](), list[WorkflowStepFailed]()
    bus.subscribe(SignalsRequested, lambda got, _h: seen.append(got.event_id), name="h")
    bus.subscribe(WorkflowStepFailed, lambda got, _h: announced.append(got), name="failures")
    bus.resume()
    assert seen == ["e-2"]
    assert bus.metrics().damaged == 1
    (failed,) = announced
    assert failed.message.startswith("row 1 of events: ")
    assert told in failed.message
    (letter,) = journal.dead_letters()
    assert (letter.event_id, letter.event) == ("e-1", None)
    stored = journal.events("run-1")[0]
    assert stored.damage is not None
    assert told in stored.damage
    journal.close()


@pytest.mark.parametrize("body", ["CAST(x'FF00' AS TEXT)", "'{half'"])
def test_damaged_workflow_state_is_named_and_the_others_are_listed(tmp_path: Path, body: str) -> None:
    path = tmp_path / "journal.db"
    journal = SqliteJournal(path)
    sent = request("e-1")
    seq = journal.append(Outgoing(sent, ("h",)), NOW)
    assert seq is not None
    records = tuple(WorkflowRecord(f"run-{n}", "begun", "{}", "paper", "s", NOW, NOW) for n in (1, 2))
    journal.settle(Settlement(Delivery(seq, sent, "h"), Outcome.HANDLED, NOW, workflows=records))
    journal.close()
    damage(path, f"UPDATE workflows SET body = {body} WHERE workflow_id = 'run-1'")  # noqa: S608

    journal = SqliteJournal(path)
    with pytest.raises(DamagedWorkflow, match="workflow run-1: its state cannot be read"):
        journal.workflow("run-1")
    assert [bool(record.damage) for record in journal.workflows()] == [True, False]
    journal.close()


def test_an_event_that_is_too_large_to_read_back_is_a_failure_of_who_published_it(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.db")
    sent = request("e-1")
    seq = journal.append(Outgoing(sent, ("h",)), NOW)
    assert seq is not None
    large = TradingWorkflowCompleted(
        event_id="e-2",
        correlation_id="run-1",
        causation_id="e-1",
        timestamp=NOW,
        source_module="tests",
        source_component="sample",
        workflow_id="run-1",
        success=True,
        results={"text": "x" * EVENT_BYTES_MAX},
    )
    with pytest.raises(SettlementRefused, match="allowed are"):
        journal.settle(
            Settlement(Delivery(seq, sent, "h"), Outcome.HANDLED, NOW, published=(Outgoing(large, ()),))
        )
    journal.close()


def test_times_are_kept_to_the_microsecond(tmp_path: Path) -> None:
    due = NOW + timedelta(microseconds=1)
    journal = SqliteJournal(tmp_path / "journal.db")
    journal.append(Outgoing(request("e-1"), ("h",), due), NOW)
    assert journal.next_due() == due
    assert list(journal.due(NOW)) == []
    journal.close()


def test_a_journal_may_live_in_memory() -> None:
    journal = SqliteJournal(None)
    bus, seen = new_bus(journal, clock=SimulatedClock(NOW)), list[str]()
    bus.subscribe(SignalsRequested, lambda got, _h: seen.append(got.event_id), name="h")
    bus.publish(request("e-1"))
    journal.close()
    assert seen == ["e-1"]
