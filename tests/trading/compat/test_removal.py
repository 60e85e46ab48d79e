"""The end of the migration, rehearsed: a cut of `changeover legacy prove`, which `.ci/check` runs whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from changeover.removal.blockers import write_blocker
from changeover.removal.candidate_alone import environment_for
from changeover.removal.plan import load_removal
from changeover.removal.rehearsal import prepare

ROOT = Path(__file__).parents[3]
PLAN = ROOT / "migration" / "phases.toml"
GONE = ("trading.legacy", "trading.compat", "changeover")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scratch copy after the last commit of the migration, beside what blocks imports."""
    made = tmp_path_factory.mktemp("removal")
    (made / "copy").mkdir()
    done = prepare(ROOT, load_removal(PLAN), made / "copy")
    assert done.deleted > 20
    write_blocker(made / "blocker", GONE)
    return made


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in the copy, where neither the old path nor the toolkit can be imported."""
    environment = environment_for(folder / "copy", folder / "blocker", os.environ)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder / "copy",
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


SEEN = """
import sys, trading.cli
print(trading.__file__)
for name in ("trading.legacy", "trading.compat", "changeover"):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        print(error)
"""


def test_the_copy_is_what_is_run_and_neither_legacy_nor_toolkit_can_be_imported_there(folder: Path) -> None:
    where, *refused = run(folder, "-c", SEEN).stdout.splitlines()
    assert where == str(folder / "copy/src/trading/__init__.py")
    assert [line.partition(" is removed")[0] for line in refused] == list(GONE)


def test_a_session_is_traded_on_events_alone(folder: Path) -> None:
    done = run(folder, "-m", "trading", "trade", "--at", "2011-08-09", "--account", str(folder / "a.db"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "done: 17 of 17 trades done"


def test_thirty_sessions_of_history_are_lived_through_to_the_cent(folder: Path) -> None:
    done = run(folder, "-m", "trading", "history", "--from", "2008-10-01", "--to", "2008-11-11")
    assert done.returncode == 0, done.stderr
    assert "books     close to the cent after 30 of 30 sessions" in done.stdout


def test_the_old_path_is_no_choice_any_more(folder: Path) -> None:
    done = run(folder, "-m", "trading", "history", "--path", "legacy")
    assert done.returncode == 2
    assert "'legacy' is not" in done.stderr


def test_no_file_that_is_left_mentions_the_old_path(folder: Path) -> None:
    left = [
        path.relative_to(folder / "copy").as_posix()
        for path in (folder / "copy" / "src" / "trading").rglob("*.py")
        if "trading.legacy" in (text := path.read_text("utf-8")) or "trading.compat" in text
    ]
    assert left == []
