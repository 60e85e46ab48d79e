"""Files that are damaged, or that nothing can be written to: one sentence, exit 1 or 2, no order twice."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trading.cli import main
from trading.composition import TradingPath

SESSIONS = ("2011-08-09", "2011-08-10")
SETTINGS = '[strategies.rsi_ladder]\nweight = 1\nsymbols = ["AAPL", "GE", "KO"]\n'
SEED = 20_110_809
FULL = Path("/dev/full")


def run(*arguments: str, folder: Path) -> Result:
    common = ["--account", str(folder / "a.db"), "--settings", str(folder / "settings.toml")]
    return CliRunner().invoke(main, [*arguments, *common])


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an account that was traded in two sessions."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "settings.toml").write_text(SETTINGS)
    for session in SESSIONS:
        assert run("trade", "--at", session, "--path", "candidate", folder=folder).exit_code == 0
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "account")


Damage = Callable[[bytearray, random.Random], bytearray]


def flip_a_bit(raw: bytearray, chance: random.Random) -> bytearray:
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return raw


def write_noise(raw: bytearray, chance: random.Random) -> bytearray:
    for _ in range(200):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return raw


def cut_short(raw: bytearray, chance: random.Random) -> bytearray:
    return raw[: chance.randrange(len(raw))]


def zero_a_page(raw: bytearray, chance: random.Random) -> bytearray:
    begin = chance.randrange(len(raw)) // 4096 * 4096
    raw[begin : begin + 4096] = bytes(len(raw[begin : begin + 4096]))
    return raw


def put_another_file_there(_raw: bytearray, chance: random.Random) -> bytearray:
    return bytearray(chance.choice([b"", b"hello", bytes(8192), SETTINGS.encode()]))


DAMAGES: list[Damage] = [flip_a_bit, write_noise, cut_short, zero_a_page, put_another_file_there]


def assert_one_sentence(result: Result) -> None:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code in (0, 1, 2)
    assert "Traceback" not in result.output
    if result.exit_code == 2:
        assert len([line for line in result.output.splitlines() if line.startswith("Error: ")]) == 1


def orders_of_the_file(account: Path) -> list[tuple[str, str, str]]:
    """Session, symbol and name of every order that can still be read, without the program."""
    with closing(sqlite3.connect(account)) as kept:
        found = kept.execute("SELECT submitted_at, symbol, client_order_id FROM orders").fetchall()
    return [(str(date.fromisoformat(at[:10])), symbol, name) for at, symbol, name in found]


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", ["a.journal.db", "a.db", "a.journal.db.lock"])
def test_a_damaged_file_ends_in_one_sentence(folder: Path, file: str, damage: Damage, number: int) -> None:
    chance = random.Random(f"{SEED} {file} {damage.__name__} {number}")  # noqa: S311  (a seeded cut)
    path = folder / file
    path.write_bytes(damage(bytearray(path.read_bytes()), chance))
    for command in ("status", "workflows"):
        assert_one_sentence(run(command, folder=folder))
    orchestrated = chance.choice(list(TradingPath)).value
    for session in (SESSIONS[1], "2011-08-11", "2011-08-11"):
        assert_one_sentence(run("trade", "--at", session, "--path", orchestrated, folder=folder))
    if file != "a.db":
        orders = orders_of_the_file(folder / "a.db")
        traded = Counter((session, symbol) for session, symbol, _ in orders)
        assert not traded or max(traded.values()) == 1
        assert len({name for _, _, name in orders}) == len(orders)


COLUMNS = {
    "a.journal.db": {
        "events": ("event_id", "event_type", "correlation_id", "recorded_at", "body"),
        "deliveries": ("handler", "outcome", "attempt", "due", "settled_at", "took_s", "error_type"),
        "workflows": ("state", "account", "session", "started_at", "updated_at", "sequence", "body"),
        "pair": ("id",),
        "about": ("kind", "version"),
    },
    "a.db": {
        "account": ("account_id", "cash"),
        "positions": ("symbol", "quantity", "average_entry_price", "last_price"),
        "orders": ("symbol", "side", "quantity", "status", "submitted_at", "filled_quantity"),
        "fills": ("quantity", "price", "cash_flow", "at", "order_id"),
        "fence": ("part", "epoch"),
    },
}
VALUES = (b"\xff\xfe", "", "?", "NaN", "[]", "{}", 10**18, -1.5)
PLACES = [
    (file, table, column)
    for file, tables in COLUMNS.items()
    for table, columns in tables.items()
    for column in columns
]


@pytest.mark.parametrize(("file", "table", "column"), PLACES, ids=lambda part: part)
def test_a_damaged_value_ends_in_one_sentence(
    template: Path, tmp_path: Path, file: str, table: str, column: str
) -> None:
    for number, value in enumerate(VALUES):
        folder = shutil.copytree(template, tmp_path / str(number))
        with closing(sqlite3.connect(folder / file)) as kept:
            try:
                kept.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608  (names of this file)
            except sqlite3.IntegrityError:
                continue  # the file itself refuses that
            kept.commit()
        for command in ("status", "workflows"):
            assert_one_sentence(run(command, folder=folder))
        for session in (SESSIONS[1], "2011-08-11"):
            assert_one_sentence(run("trade", "--at", session, "--path", "candidate", folder=folder))


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
    command = [sys.executable, "-m", "trading", *arguments]
    if arguments != ("--help",):
        command += ["--account", str(folder / "a.db"), "--settings", str(folder / "settings.toml")]
    with FULL.open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
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
    command = [sys.executable, "-c", LIMITED, str(size), "trade", "--at", "2011-08-11", "--path", "candidate"]
    command += ["--account", str(folder / "a.db"), "--settings", str(folder / "settings.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode in (0, 1, 2)
    assert "Traceback" not in done.stderr
    assert_one_sentence(run("trade", "--at", "2011-08-11", "--path", "candidate", folder=folder))
    orders = orders_of_the_file(folder / "a.db")
    assert max(Counter((session, symbol) for session, symbol, _ in orders).values()) == 1
