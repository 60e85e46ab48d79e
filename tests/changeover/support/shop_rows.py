"""Random transactions on a small shop: constraints, cascades, triggers, savepoints, keys that change."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from changeover.packs.database.statement import Connection, run

TABLES = {
    "stock": ("sku",),
    "orders": ("id",),
    "lines": ("order_id", "no"),
    "notes": ("id",),
    "audit": ("id",),
}
STATEMENTS_MAX = 14

_SQLITE = """
CREATE TABLE stock (sku TEXT PRIMARY KEY, on_hand INT NOT NULL CHECK (on_hand >= 0), price NUMERIC);
CREATE TABLE orders (id INTEGER PRIMARY KEY, ref TEXT UNIQUE,
    sku TEXT REFERENCES stock(sku) ON UPDATE CASCADE, qty INT, note,
    at TEXT DEFAULT CURRENT_TIMESTAMP, twice INT GENERATED ALWAYS AS (qty * 2));
CREATE TABLE lines (
    order_id INT REFERENCES orders(id) ON DELETE CASCADE ON UPDATE CASCADE, no INT, v REAL,
    PRIMARY KEY (order_id, no)) WITHOUT ROWID;
CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id INT REFERENCES orders(id) ON DELETE SET NULL ON UPDATE CASCADE, body BLOB,
    parent INT REFERENCES notes(id) ON DELETE CASCADE);
CREATE TABLE audit (id INTEGER PRIMARY KEY, sku TEXT, old INT, new INT);
"""
_SQLITE_TRIGGERS = """
CREATE TRIGGER stock_moved AFTER UPDATE OF on_hand ON stock WHEN OLD.on_hand <> NEW.on_hand
BEGIN INSERT INTO audit (sku, old, new) VALUES (NEW.sku, OLD.on_hand, NEW.on_hand); END;
CREATE TRIGGER order_marked AFTER UPDATE OF qty ON orders
BEGIN UPDATE orders SET note = coalesce(note, '') || '*' WHERE id = NEW.id; END;
"""
_POSTGRES = """
CREATE TABLE stock (sku text PRIMARY KEY, on_hand int NOT NULL CHECK (on_hand >= 0), price numeric(9,2));
CREATE TABLE orders (id serial PRIMARY KEY, ref text UNIQUE, sku text REFERENCES stock(sku) ON UPDATE CASCADE,
    qty int, note text, at timestamptz DEFAULT now(), twice int GENERATED ALWAYS AS (qty * 2) STORED,
    data jsonb DEFAULT '{"a": 1}');
CREATE TABLE lines (order_id int REFERENCES orders(id) ON DELETE CASCADE ON UPDATE CASCADE, no int,
    v double precision, PRIMARY KEY (order_id, no));
CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id int REFERENCES orders(id) ON DELETE SET NULL ON UPDATE CASCADE, body bytea,
    parent int REFERENCES notes(id) ON DELETE CASCADE);
CREATE TABLE audit (id serial PRIMARY KEY, sku text, old int, new int);
"""
_POSTGRES_TRIGGERS = """
CREATE FUNCTION stock_moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audit (sku, old, new) VALUES (NEW.sku, OLD.on_hand, NEW.on_hand); RETURN NULL; END $$;
CREATE TRIGGER stock_moved AFTER UPDATE OF on_hand ON stock FOR EACH ROW
    WHEN (OLD.on_hand <> NEW.on_hand) EXECUTE FUNCTION stock_moved();
CREATE FUNCTION order_marked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.note := coalesce(NEW.note, '') || '*'; RETURN NEW; END $$;
CREATE TRIGGER order_marked BEFORE UPDATE OF qty ON orders FOR EACH ROW EXECUTE FUNCTION order_marked();
"""

Rows = dict[tuple[str, Any], tuple[Any, ...]]


def schema(*, postgres: bool, triggers: bool) -> str:
    """The statements that make the shop."""
    if postgres:
        return _POSTGRES + (_POSTGRES_TRIGGERS if triggers else "")
    return _SQLITE + (_SQLITE_TRIGGERS if triggers else "")


def fill(connection: Connection, *, postgres: bool) -> None:
    """Eight articles, thirty orders with a line each."""
    mark = "%s" if postgres else "?"
    for number in range(1, 9):
        run(connection, f"INSERT INTO stock VALUES ({mark}, 50, 2.5)", (f"s{number}",))
    for number in range(1, 31):
        values = (f"x{number}", f"s{number % 8 + 1}")
        run(connection, f"INSERT INTO orders (ref, sku, qty) VALUES ({mark}, {mark}, 1)", values)
        run(connection, f"INSERT INTO lines VALUES ({mark}, 1, 2.5)", (number,))


def dump(connection: Connection) -> Rows:
    """Every row of every table, by table and key."""
    rows: Rows = {}
    for table, key in TABLES.items():
        names = ", ".join(f"CAST({name} AS text)" for name in key)
        for row in run(connection, f"SELECT {names}, {table}.* FROM {table}"):
            rows[table, row[: len(key)]] = row[len(key) :]
    return rows


def changed(before: Rows, after: Rows) -> set[tuple[str, Any]]:
    """The rows that differ."""
    return {
        place for place in before.keys() | after.keys() if repr(before.get(place)) != repr(after.get(place))
    }


def transact(
    connection: Connection,
    random: Random,
    *,
    postgres: bool,
    before: Callable[[str], None] = lambda statement: None,
) -> None:
    """Some statements, each in a savepoint that is kept or not; `before` hears of each."""
    for _ in range(random.randint(1, STATEMENTS_MAX)):
        statement, values = _statement(random, postgres=postgres)
        before(statement)
        run(connection, "SAVEPOINT tried")
        try:
            run(connection, statement, values)
        except Exception:  # noqa: BLE001 - whatever a driver calls a refused statement
            run(connection, "ROLLBACK TO SAVEPOINT tried")
        else:
            if random.random() < 0.12:
                run(connection, "ROLLBACK TO SAVEPOINT tried")
        run(connection, "RELEASE SAVEPOINT tried")


def _statement(random: Random, *, postgres: bool) -> tuple[str, tuple[Any, ...]]:
    sku, ref, order = f"s{random.randint(1, 8)}", f"x{random.randint(1, 40)}", random.randint(1, 34)
    body = bytes([random.randint(0, 255)])
    always = "OVERRIDING SYSTEM VALUE " if postgres else ""
    choices: list[tuple[str, tuple[Any, ...]]] = [
        ("INSERT INTO stock VALUES (?, ?, 1.25)", (f"n{random.randint(1, 6)}", random.randint(0, 9))),
        ("UPDATE stock SET on_hand = on_hand + ? WHERE sku = ?", (random.randint(-2, 2), sku)),
        ("UPDATE stock SET on_hand = on_hand - 1, price = price + 0.5 WHERE sku = ?", (sku,)),
        ("INSERT INTO orders (ref, sku, qty) VALUES (?, ?, ?)", (ref, sku, random.randint(1, 3))),
        ("INSERT INTO orders (id, ref, sku, qty) VALUES (?, ?, ?, 7)", (500 + order, f"y{order}", sku)),
        ("DELETE FROM orders WHERE id = ?", (order,)),
        ("UPDATE stock SET sku = sku || 'y' WHERE sku = ?", (sku,)),
        ("UPDATE orders SET id = id + 1000 WHERE id = ?", (order,)),
        ("UPDATE lines SET no = no + 1 WHERE order_id = ?", (order,)),
        ("INSERT INTO lines SELECT id, "
         "1 + coalesce((SELECT max(no) FROM lines l WHERE l.order_id = o.id), 0), 1.5 FROM orders o "
         "WHERE id = ?", (order,)),
        ("UPDATE orders SET qty = qty WHERE id < ?", (order // 4,)),
        ("INSERT INTO orders (ref, sku, qty) VALUES (?, ?, 1) "
         "ON CONFLICT (ref) DO UPDATE SET qty = orders.qty + 1", (ref, sku)),
        ("UPDATE orders SET note = ? WHERE sku = ?", (random.choice(["a", "%", None]), sku)),
        ("INSERT INTO notes (order_id, body, parent) "
         "VALUES (?, ?, (SELECT max(id) FROM notes))", (order, body)),
        (f"INSERT INTO notes (id, order_id, body) {always}VALUES (?, ?, ?)", (900 + order, order, body)),
        ("DELETE FROM notes WHERE id = ?", (random.randint(1, 20),)),
        ("UPDATE notes SET parent = NULL, body = ? WHERE order_id = ?", (body, order)),
        ("DELETE FROM lines WHERE order_id = ?", (order,)),
        ("UPDATE orders SET ref = CASE id WHEN ? THEN 'swap' ELSE ref END", (order,)),
    ]  # fmt: skip
    if not postgres:
        choices.append(("INSERT OR REPLACE INTO stock VALUES (?, 5, NULL)", (f"n{random.randint(1, 6)}",)))
        choices.append(("REPLACE INTO orders (ref, sku, qty) VALUES (?, ?, 9)", (ref, sku)))
    statement, values = random.choice(choices)
    if postgres:
        statement = statement.replace("%", "%%").replace("?", "%s")
    return statement, values
