"""Whoever looks at a journal changes nothing of it, and keeps nobody from working on it."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.trading.support.event_samples import NOW, request
from trading.database import DatabaseUnusable, SqlError
from trading.events.journal.reading import looking_at
from trading.events.journal.records import Delivery, Failure, Outcome, Outgoing, Settlement
from trading.events.journal.sqlite import SqliteJournal
from trading.events.journal.totals import BOUNDS_S, Trouble


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.db"


def settle(journal: SqliteJournal, handler: str, outcome: Outcome, *, attempt: int = 1) -> None:
    journal.settle(
        Settlement(
            Delivery(1, request("e-1"), handler, attempt),
            outcome,
            NOW,
            due=NOW if outcome is Outcome.RETRY else None,
            failure=None if outcome is Outcome.HANDLED else Failure("ValueError", "on purpose"),
            took_s=0.02,
        )
    )


def test_totals_count_attempts_failures_and_times_by_event_type_and_handler(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        journal.append(Outgoing(request("e-1"), ("good", "bad", "tried", "asleep")), NOW)
        journal.append(Outgoing(request("e-2"), ("asleep",), NOW + timedelta(hours=1)), NOW)
        settle(journal, "good", Outcome.HANDLED)
        settle(journal, "bad", Outcome.RETRY)
        settle(journal, "bad", Outcome.DEAD, attempt=2)
        settle(journal, "tried", Outcome.RETRY)
        with looking_at(path) as reader:
            totals = reader.totals()
    assert (dict(totals.published), totals.last_number) == ({request("e-1").event_type: 2}, 2)
    by_name = {one.handler: one for one in totals.handlers}
    good, bad, tried, asleep = (by_name[name] for name in ("good", "bad", "tried", "asleep"))
    assert (good.handled, good.failed, good.retried, good.dead) == (1, 0, 0, 0)
    assert (bad.handled, bad.failed, bad.retried, bad.dead) == (0, 2, 1, 1)
    assert (tried.retrying, tried.failed, tried.waiting) == (1, 1, 1)
    assert (asleep.waiting, asleep.delayed, asleep.timed) == (1, 1, 0)
    assert good.seconds == pytest.approx(0.02)
    assert dict(zip(BOUNDS_S, good.within, strict=True))[0.025] == 1
    assert dict(zip(BOUNDS_S, good.within, strict=True))[0.01] == 0
    assert totals.troubles == {request("e-1").correlation_id: Trouble(retries=2, dead=1)}


def test_a_writer_goes_on_while_somebody_looks_and_the_look_does_not_change(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        journal.append(Outgoing(request("e-1"), ("one",)), NOW)
        with looking_at(path) as reader:
            before = reader.totals()
            journal.claim()
            journal.append(Outgoing(request("e-2"), ("one",)), NOW)
            assert reader.totals() == before
        with looking_at(path) as reader:
            assert reader.last_number() == 2


def test_a_look_needs_no_claim_and_leaves_every_byte_as_it_was(path: Path) -> None:
    with closing(SqliteJournal(path)) as journal:
        journal.append(Outgoing(request("e-1"), ("one",)), NOW)
    before = path.read_bytes()
    with closing(SqliteJournal(path)) as journal:
        journal.claim()
        with looking_at(path) as reader:
            assert reader.backlog().undelivered["one"].number == 1
    assert path.read_bytes() == before


def test_nothing_can_be_written_through_a_look(path: Path) -> None:
    with closing(SqliteJournal(path)):
        pass
    with looking_at(path) as reader, pytest.raises(SqlError, match="readonly"):
        reader._connection.execute("DELETE FROM events")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "is no event journal that can be read"),
        (b"no database" * 100, "is no event journal that can be read"),
    ],
    ids=["missing", "other"],
)
def test_what_is_no_journal_is_refused_and_never_made(
    path: Path, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatabaseUnusable, match=sentence), looking_at(path):
        pass
    assert path.exists() is (content is not None)
