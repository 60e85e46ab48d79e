"""What is kept of production is read by its owner alone, and git does not see it."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from changeover.evidence.store.store import note_lost, writing
from changeover.rollout.tripwire_state import Trip, add_trip
from tests.changeover.support.evidence_rows import Shadowed, a_run, store_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of files are those of POSIX")


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_store_and_its_folder_are_private(tmp_path: Path) -> None:
    store = store_of(tmp_path / ".changeover" / "evidence.db", a_run(1))
    assert (mode(store.parent), mode(store)) == (0o700, 0o600)
    assert (store.parent / ".gitignore").read_text() == "*\n"


def test_a_program_keeps_its_runs_private(tmp_path: Path) -> None:
    program = Shadowed(tmp_path)
    program.pay("ann")
    spooled = [path for path in (program.store.parent / "spool").iterdir() if "-" in path.name]
    assert {mode(path) for path in spooled} == {0o600}
    program.migration.flush()
    assert mode(program.store) == 0o600


def test_a_store_that_others_could_read_is_taken_from_them(tmp_path: Path) -> None:
    store = store_of(tmp_path / ".changeover" / "evidence.db", a_run(1))
    store.chmod(0o644)
    store.parent.chmod(0o755)
    with closing(sqlite3.connect(store)) as opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("CREATE TABLE IF NOT EXISTS more (one)")
        beside = [path for path in store.parent.iterdir() if path.name.startswith("evidence.db-")]
        for path in beside:
            path.chmod(0o644)
        with writing(store):
            pass
        assert len(beside) == 2
        assert {mode(path) for path in (store, *beside)} == {0o600}
    assert mode(store.parent) == 0o700


def test_the_store_is_private_where_its_folder_was_named_and_is_shared(tmp_path: Path) -> None:
    shared = tmp_path / "srv"
    shared.mkdir(mode=0o755)
    store = store_of(shared / "evidence.db", a_run(1))
    assert (mode(shared), mode(store)) == (0o755, 0o600)
    assert not (shared / ".gitignore").exists()


def test_a_list_of_ignored_files_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / ".changeover"
    folder.mkdir()
    (folder / ".gitignore").write_text("evidence.db\n")
    store_of(folder / "evidence.db", a_run(1))
    assert (folder / ".gitignore").read_text() == "evidence.db\n"


def test_what_is_lost_is_noted_in_a_private_folder(tmp_path: Path) -> None:
    store = tmp_path / ".changeover" / "evidence.db"
    assert note_lost(store, 3, "locked", datetime.now(UTC))
    assert mode(store.parent) == 0o700


def test_a_trip_is_written_in_a_private_folder_as_well(tmp_path: Path) -> None:
    add_trip(tmp_path / ".changeover" / "trips.json", Trip("till", 1, datetime.now(UTC), "unsafe"))
    store_of(tmp_path / ".changeover" / "evidence.db", a_run(1))
    assert mode(tmp_path / ".changeover") == 0o700
