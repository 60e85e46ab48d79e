"""Files that are damaged, or that nothing can be written to: one sentence, exit 1 or 2, no order twice.

A cut of `python -m tests.sweeps damages`.
"""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.programs.process import TRADING, run_python
from tests.trading.support.damage import (
    DAMAGES,
    FILES,
    PLACES,
    SESSIONS,
    VALUES,
    Damage,
    assert_one_sentence,
    damaged_file,
    damaged_value,
    orders_of_the_file,
    run,
    traded,
)
from trading.composition import TradingPath

VALUES_OF_A_PLACE = 3
FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an account that was traded in two sessions."""
    return traded(tmp_path_factory.mktemp("template"))


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "account")


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_ends_in_one_sentence(folder: Path, file: str, damage: Damage, number: int) -> None:
    damaged_file(folder, file, damage, number)


@pytest.mark.parametrize(("file", "table", "column"), PLACES, ids=lambda part: part)
def test_a_damaged_value_ends_in_one_sentence(
    template: Path, tmp_path: Path, file: str, table: str, column: str
) -> None:
    first = PLACES.index((file, table, column))
    for number in range(first, first + VALUES_OF_A_PLACE):  # each value at every place: the sweep `damages`
        value = VALUES[number * 3 % len(VALUES)]
        damaged_value(shutil.copytree(template, tmp_path / str(number)), file, table, column, value)


def test_a_session_that_a_damaged_journal_has_forgotten_is_not_traded_again(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "a.journal.db")) as kept:
        kept.execute("DELETE FROM workflows")
        kept.commit()
    before = orders_of_the_file(folder / "a.db")
    for path in TradingPath:
        result = run("trade", "--at", SESSIONS[1], "--path", path.value, folder=folder)
        assert (result.exit_code, "knows of no run" in result.output) == (2, True)
    assert orders_of_the_file(folder / "a.db") == before


LIMITED = """
import resource, signal, sys
from trading.cli import main
size = int(sys.argv.pop(1))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
main()
"""


def in_a_process(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of a command whose standard output is full."""
    command = ["-m", "trading", *arguments]
    if arguments != ("--help",):
        command += ["--account", str(folder / "a.db"), "--settings", str(folder / "settings.toml")]
    with FULL.open("w") as full:
        done = run_python(command, stdout=full, text=True, timeout=300)
    return done.returncode, done.stderr


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "command",
    [
        ("--help",),
        ("status",),
        ("workflows",),
        *(("trade", "--at", "2011-08-11", "--path", path.value) for path in TradingPath),
    ],
    ids=" ".join,
)
def test_a_full_standard_output_is_told_in_one_sentence(folder: Path, command: tuple[str, ...]) -> None:
    code, said = in_a_process(folder, *command)
    assert code == 1
    assert said.startswith("Error: standard output: cannot be written: No space left on device; ")
    assert len(said.splitlines()) == 1
    if command[0] == "trade":
        assert [order for order in orders_of_the_file(folder / "a.db") if order[0] == "2011-08-11"]
        assert run("trade", "--at", "2011-08-11", folder=folder).exit_code == 2


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_page_that_cannot_be_written_is_told_in_one_sentence(folder: Path) -> None:
    result = run("workflows", "--html", str(FULL), folder=folder)
    assert_one_sentence(result)
    assert result.exit_code == 1


@pytest.mark.parametrize("pages", range(0, 30, 5))
def test_a_file_that_cannot_grow_is_told_in_one_sentence(folder: Path, pages: int) -> None:
    """As on a full disk: the system refuses to let any file grow beyond its present size and these pages."""
    size = max(file.stat().st_size for file in folder.iterdir()) // 4096 * 4096 + pages * 4096
    command = ["-c", LIMITED, str(size), "trade", "--at", "2011-08-11", "--path", "candidate"]
    command += ["--account", str(folder / "a.db"), "--settings", str(folder / "settings.toml")]
    done = run_python(command, loads=TRADING, text=True, timeout=300)
    assert done.returncode in (0, 1, 2)
    assert "Traceback" not in done.stderr
    assert_one_sentence(run("trade", "--at", "2011-08-11", "--path", "candidate", folder=folder))
    orders = orders_of_the_file(folder / "a.db")
    assert max(Counter((session, symbol) for session, symbol, _ in orders).values()) == 1
