"""Damage to the files of an account that was traded, and what the commands may then say: one sentence."""

import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

from click.testing import CliRunner, Result

from trading.cli import main
from trading.composition import TradingPath

SESSIONS = ("2011-08-09", "2011-08-10")
SETTINGS = '[strategies.rsi_ladder]\nweight = 1\nsymbols = ["AAPL", "GE", "KO"]\n'
SEED = 20_110_809
FILES = ("a.journal.db", "a.db", "a.journal.db.lock")


def run(*arguments: str, folder: Path) -> Result:
    common = ["--account", str(folder / "a.db"), "--settings", str(folder / "settings.toml")]
    return CliRunner().invoke(main, [*arguments, *common])


def traded(folder: Path) -> Path:
    """The folder with an account that was traded in two sessions."""
    (folder / "settings.toml").write_text(SETTINGS)
    for session in SESSIONS:
        assert run("trade", "--at", session, "--path", "candidate", folder=folder).exit_code == 0
    return folder


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


def damaged_file(folder: Path, file: str, damage: Damage, number: int) -> None:
    """Damage one file of the folder by chance, and hear what each command says of it."""
    chance = random.Random(f"{SEED} {file} {damage.__name__} {number}")  # noqa: S311  no secret
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


def damaged_value(folder: Path, file: str, table: str, column: str, value: object) -> None:
    """Put a value where none like it belongs, and hear what each command says of it."""
    with closing(sqlite3.connect(folder / file)) as kept:
        try:
            kept.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608  (names of this file)
        except sqlite3.IntegrityError:
            return  # the file itself refuses that
        kept.commit()
    for command in ("status", "workflows"):
        assert_one_sentence(run(command, folder=folder))
    for session in (SESSIONS[1], "2011-08-11"):
        assert_one_sentence(run("trade", "--at", session, "--path", "candidate", folder=folder))
