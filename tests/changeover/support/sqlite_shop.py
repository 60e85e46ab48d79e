"""A shop over `sqlite3` as programs are written: each way to hold a connection, and a wrong row to plant."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect as connect_by_name
from typing import Any

SCHEMA = """
CREATE TABLE stock (sku TEXT PRIMARY KEY, on_hand INTEGER NOT NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, ref TEXT UNIQUE, sku TEXT, qty INTEGER);
INSERT INTO stock VALUES ('s1', 6), ('s2', 6);
INSERT INTO orders (ref, sku, qty) VALUES ('old', 's2', 1);
"""
TAKE = "UPDATE stock SET on_hand = on_hand - ? WHERE sku = ?"
ORDER = "INSERT INTO orders (ref, sku, qty) VALUES (?, 's1', ?)"
LEFT = "SELECT on_hand FROM stock WHERE sku = 's1'"


class Shop:
    """A database with the connection and the cursor that a program keeps at hand.

    Args:
        path: of its file.
    """

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        with closing(sqlite3.Connection(self.path)) as db:
            db.executescript(SCHEMA)

    def open(self, *, is_shared: bool = False) -> None:
        """What a program does as it starts, after the pack is in use."""
        self.db = sqlite3.connect(self.path, check_same_thread=not is_shared)
        self.cursor = self.db.cursor()

    def close(self) -> None:
        """The program ends."""
        self.db.close()

    def contents(self) -> tuple[Any, ...]:
        """What somebody else sees."""
        with closing(sqlite3.Connection(self.path)) as db:
            stock = dict(db.execute("SELECT sku, on_hand FROM stock"))
            return stock, db.execute("SELECT ref, qty FROM orders ORDER BY id").fetchall()


@contextmanager
def shop_in(folder: Path) -> Iterator[Shop]:
    """A shop, whose connection is open once `open` was called."""
    shop = Shop(folder / "shop.db")
    try:
        yield shop
    finally:
        if hasattr(shop, "db"):
            shop.close()


def own_connection(shop: Shop, ref: str, qty: int) -> Any:
    """Opened, used as a context and closed."""
    db = sqlite3.connect(shop.path)
    with db:
        db.execute(TAKE, (qty, "s1"))
        number = db.execute(ORDER, (ref, qty)).lastrowid
    left = db.execute(LEFT).fetchone()
    db.close()
    return left, number


def dropped_connection(shop: Shop, ref: str, qty: int) -> Any:
    """Nobody closes it."""
    db = connect_by_name(shop.path)
    db.execute(TAKE, (qty, "s1"))
    db.execute(ORDER, (ref, qty))
    db.commit()
    return db.execute(LEFT).fetchall()


def two_in_turn(shop: Shop, ref: str, qty: int) -> Any:
    """Each function opens its own, and the first one forgets to commit."""

    def forgets() -> None:
        db = sqlite3.connect(shop.path)
        db.execute(TAKE, (5, "s2"))
        db.close()

    forgets()
    return own_connection(shop, ref, qty)


def kept_connection(shop: Shop, ref: str, qty: int) -> Any:
    """The one of the program, with the cursor that it keeps."""
    shop.cursor.execute(TAKE, (qty, "s1"))
    shop.cursor.execute(ORDER, (ref, qty))
    shop.db.commit()
    return list(shop.cursor.execute(LEFT))


def caller_commits(shop: Shop, ref: str, qty: int) -> Any:
    """The one of the program, left in a transaction."""
    shop.db.execute(TAKE, (qty, "s1"))
    shop.db.execute(ORDER, (ref, qty))
    return shop.db.execute(LEFT).fetchone(), shop.db.in_transaction


def named_rows(shop: Shop, ref: str, qty: int) -> Any:
    """Rows with names, and rows that a function of the program makes."""
    with closing(sqlite3.connect(shop.path)) as db, db:
        db.row_factory = sqlite3.Row
        row = db.execute(LEFT).fetchone()
        db.row_factory = lambda cursor, values: {
            column[0]: value for column, value in zip(cursor.description, values, strict=True)
        }
        found = db.execute("SELECT ref, qty FROM orders").fetchmany(5)
        db.execute("UPDATE stock SET on_hand = :left WHERE sku = 's1'", {"left": row["on_hand"] - qty})
        db.execute(ORDER, (ref, qty))
        return row["on_hand"], found


def explicit_transaction(shop: Shop, ref: str, qty: int) -> Any:
    """Begun and ended by statements."""
    with closing(sqlite3.connect(shop.path, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute(TAKE, (1, "s2"))
        db.execute("ROLLBACK")
        db.execute("BEGIN IMMEDIATE")
        db.execute(TAKE, (qty, "s1"))
        db.execute(ORDER, (ref, qty))
        db.execute("COMMIT")
        return db.execute(LEFT).fetchone()


def each_by_itself(shop: Shop, ref: str, qty: int) -> Any:
    """Every statement is a transaction."""
    with closing(sqlite3.connect(shop.path, isolation_level=None)) as db:
        db.execute(TAKE, (qty, "s1"))
        db.execute(ORDER, (ref, qty))
        return db.execute(LEFT).fetchone()


def many_rows(shop: Shop, ref: str, qty: int) -> Any:
    """Many at once, from a generator."""
    with closing(sqlite3.connect(shop.path)) as db, db:
        given = ((f"{ref}-{number}", qty + number) for number in range(3))
        return db.executemany(ORDER, given).rowcount


def refused(shop: Shop, ref: str, qty: int) -> Any:
    """A statement that the schema does not allow."""
    with closing(sqlite3.connect(shop.path)) as db:
        db.execute(TAKE, (qty, "s1"))
        try:
            db.execute(ORDER, ("old", qty))
        except sqlite3.IntegrityError as error:
            db.commit()
            return str(error)
        return "made"


def raises(shop: Shop, ref: str, qty: int) -> Any:
    """What was done before the error is rolled back."""
    with closing(sqlite3.connect(shop.path)) as db:
        with db:
            db.execute(ORDER, (ref, qty))
        with db:
            db.execute(TAKE, (qty, "s1"))
            raise ValueError(f"out of {qty}")


def with_savepoint(shop: Shop, ref: str, qty: int) -> Any:
    """Part of it is taken back."""
    with closing(sqlite3.connect(shop.path)) as db, db:
        db.execute(ORDER, (ref, qty))
        db.execute("SAVEPOINT part")
        db.execute(TAKE, (4, "s2"))
        db.execute("ROLLBACK TO part")
        db.execute("RELEASE part")
        return db.execute(LEFT).fetchone()


def own_function(shop: Shop, ref: str, qty: int) -> Any:
    """A function of the program in SQL."""
    with closing(sqlite3.connect(shop.path)) as db, db:
        db.create_function("twice", 1, lambda number: 2 * number)
        db.execute("INSERT INTO orders (ref, sku, qty) VALUES (?, 's1', twice(?))", (ref, qty))
        return db.execute("SELECT twice(?)", (qty,)).fetchone()


SHAPES: dict[str, Callable[[Shop, str, int], Any]] = {
    shape.__name__: shape
    for shape in (
        *(own_connection, dropped_connection, two_in_turn, kept_connection, caller_commits, named_rows),
        *(explicit_transaction, each_by_itself, many_rows, refused, raises, with_savepoint, own_function),
    )
}
