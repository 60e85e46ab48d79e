"""What stands still is on one list, with how many, how old, and the command that helps."""

import json
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.trading.support.event_samples import NOW, request
from trading.cli import main
from trading.desk import journal_path
from trading.events.journal.memory import MemoryJournal
from trading.events.journal.port import Journal
from trading.events.journal.records import Delivery, Outcome, Outgoing, Settlement
from trading.events.journal.shared import Share, SharedJournal
from trading.events.journal.sqlite import SqliteJournal
from trading.events.schema.catalogue import VERSIONS
from trading.events.transport.cloud_event import message_of

LATER = NOW + timedelta(seconds=5)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def status(account: Path) -> list[str]:
    return run("status", "--account", account).stdout.splitlines()


@pytest.fixture
def account(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    traded = run("trade", "--path", "candidate", "--at", "2011-08-09", "--account", path)
    assert traded.exit_code == 0
    return path


def parked_in(account: Path, headers: Mapping[str, str], body: bytes, *, times: int = 1) -> None:
    """As a process that handles events over a broker parks a message."""
    with closing(SharedJournal(journal_path(account), Share(("run",)))) as journal:
        for _ in range(times):
            journal.park("parked", "message: is no CloudEvent", headers, body, NOW)


@pytest.mark.parametrize("journal_of", [MemoryJournal, lambda: SqliteJournal(None)], ids=["memory", "file"])
def test_a_journal_tells_what_is_undelivered_by_handler_and_since_when(journal_of: type[Journal]) -> None:
    journal = journal_of()
    journal.append(Outgoing(request("e-1"), ("one", "two")), NOW)
    journal.append(Outgoing(request("e-2"), ("one",)), LATER)
    journal.append(Outgoing(request("e-3"), ("one",), LATER), LATER)  # delayed: nothing is late of it
    backlog = journal.backlog()
    waiting = {handler: (one.number, one.oldest) for handler, one in backlog.undelivered.items()}
    assert waiting == {"one": (2, NOW), "two": (1, NOW)}
    assert (backlog.outbox.number, backlog.parked, backlog.as_of) == (0, (), LATER)
    journal.settle(Settlement(Delivery(1, request("e-1"), "two"), Outcome.HANDLED, LATER))
    assert set(journal.backlog().undelivered) == {"one"}


def test_what_the_broker_has_not_confirmed_is_counted_until_it_has(tmp_path: Path) -> None:
    with closing(SharedJournal(tmp_path / "j.db", Share(("run",)))) as journal:
        journal.append(Outgoing(request("e-1"), ("one",)), NOW)
        journal.append(Outgoing(request("e-2"), ("one",)), LATER)
        outbox = journal.backlog().outbox
        assert (outbox.number, outbox.oldest) == (2, NOW)
        journal.mark_sent(journal.unsent())
        assert journal.backlog().outbox.number == 0


def test_nothing_stands_still_after_a_run_that_ended(account: Path) -> None:
    assert "outbox 0, undelivered 0, overdue 0, parked 0" in status(account)


def test_status_shows_outbox_and_undelivered_with_age_and_the_next_step(account: Path) -> None:
    with closing(SharedJournal(journal_path(account), Share(("run",)))) as journal:
        latest = journal.recorded_last()
        assert latest is not None
        journal.append(Outgoing(request("e-1"), ("signals",)), latest)
        later = latest + timedelta(seconds=90)
        journal.accept(Outgoing(request("e-2"), ()), later)
    lines = status(account)
    assert "outbox 1, undelivered 1, overdue 0, parked 0" in lines
    at = lines.index("! outbox   1, the oldest for 90 s, not confirmed by the broker")
    assert lines[at + 1].startswith("    next: `python -m trading run-handlers` sends them")
    assert "! signals   1, the oldest for 90 s, not delivered" in lines
    data = json.loads(run("status", "--account", account, "--format", "json").stdout)
    assert (data["outbox"]["number"], data["outbox"]["oldest_s"]) == (1, 90.0)
    assert data["undelivered"][0]["handler"] == "signals"


def test_a_parked_message_is_listed_once_with_its_reason_until_it_is_dropped(account: Path) -> None:
    parked_in(account, {}, b"{}", times=2)
    assert any(line.startswith("! parked:1   parked for ") for line in status(account))
    again = run("retry", "parked:1", "--account", account)
    assert (again.exit_code, again.stdout.startswith("parked:1 stays: message: is no CloudEvent")) == (
        1,
        True,
    )
    assert run("retry", "parked:1", "--drop", "--account", account).stdout == "parked:1 is off the list\n"
    assert "outbox 0, undelivered 0, overdue 0, parked 0" in status(account)


def test_a_parked_message_is_off_the_list_once_its_event_has_been_handled(account: Path) -> None:
    event = request("e-1")
    message = message_of(event, VERSIONS)
    parked_in(account, message.headers, message.body)
    with closing(SharedJournal(journal_path(account), Share(("run",)))) as journal:
        journal.accept(Outgoing(event, ("signals",)), NOW)
    assert any(line.startswith("! parked:1 ") for line in status(account))
    done = run("retry", "parked:1", "--account", account)
    assert (done.exit_code, done.stdout) == (0, "parked:1 was delivered\n")
    assert "outbox 0, undelivered 0, overdue 0, parked 0" in status(account)


@pytest.mark.parametrize("name", ["parked:7", "parked:x", "parked:"])
@pytest.mark.parametrize("more", [[], ["--drop"]], ids=["retry", "drop"])
def test_an_unknown_parked_message_is_refused(account: Path, name: str, more: list[str]) -> None:
    refused = run("retry", name, *more, "--account", account)
    assert refused.exit_code == 2
    assert f"{name}: no such parked message; `python -m trading status` lists them" in refused.stderr
