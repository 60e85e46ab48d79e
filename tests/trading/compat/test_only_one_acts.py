"""Over many replays, the world holds exactly what the answering path did to it."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from changeover import Run
from trading.app import choose_sessions
from trading.compat.history_source import run_of
from trading.composition import compose_migration, open_desk, trading_system
from trading.desk import journal_path
from trading.display import NoDisplay, Screen
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.notify.notifiers import MailboxNotifier
from trading.settings import Settings

MIGRATION = compose_migration()

SESSIONS = choose_sessions(load_bundled(), date(2011, 8, 1), date(2011, 8, 26))


@pytest.fixture
def shadowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Run]]:
    """Every phase in shadow; the runs as they are handed on."""
    for phase in ("PORTFOLIO", "TRADING", "ENTRY_POINTS"):
        monkeypatch.setenv(f"CHANGEOVER_STAGE_{phase}", "shadow")
    MIGRATION.look_again()
    runs: list[Run] = []
    monkeypatch.setattr(MIGRATION.runtime, "sink", runs.append)
    yield runs
    monkeypatch.undo()
    MIGRATION.look_again()


def content(account: Path) -> str:
    """A digest of the journal's file and log."""
    journal = journal_path(account)
    files = (journal, journal.with_name(journal.name + "-wal"))
    return sha256(b"".join(file.read_bytes() for file in files if file.exists())).hexdigest()


def test_replays_leave_no_order_no_message_and_nothing_in_the_candidates_journal(
    shadowed: list[Run], tmp_path: Path
) -> None:
    account, mail = tmp_path / "a.db", tmp_path / "mail"
    with open_desk(
        Settings(),
        load_bundled(),
        account=account,
        now=session_time(SESSIONS[0]),
        notifier=MailboxNotifier(mail),
    ) as desk:
        entry_points = trading_system(desk, Screen(NoDisplay()))
        before = content(account)
        for session in SESSIONS:
            desk.clock.advance_to(session_time(session))
            run_of(desk, entry_points)()
        placed = len(desk.broker.orders())
        assert content(account) == before
    performed = [
        call.name
        for run in shadowed
        if run.seam == "entry.execute-trading" and run.legacy is not None
        for call in run.legacy.effects
    ]
    assert len(shadowed) > 150
    assert {str(run.verdict) for run in shadowed} == {"match"}
    assert performed.count("broker.submit_order") == placed > 50
    assert performed.count("notifier.send") == len(list((mail / "new").iterdir())) == len(SESSIONS)
