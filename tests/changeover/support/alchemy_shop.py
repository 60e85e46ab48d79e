"""A shop over SQLAlchemy: placing an order by handwritten SQL and by the ORM, and faults to plant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select, text
from sqlalchemy.orm import registry, relationship, sessionmaker
from sqlalchemy.pool import StaticPool

from changeover import Migration, Run
from changeover.rollout.test_override import StageOverride, override_stages
from changeover.values.stage import Setting, Stage
from tests.changeover.support.stores import SERVER, sql, why_no_server

DATABASES = ("memory", "file", "postgresql")
Items = list[tuple[str, int]]
metadata = sa.MetaData()
stock = sa.Table(
    "stock",
    metadata,
    sa.Column("sku", sa.String, primary_key=True),
    sa.Column("on_hand", sa.Integer, nullable=False),
)
orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("ref", sa.String, unique=True),
    sa.Column("customer", sa.String),
    sa.Column("status", sa.String),
    sa.Column("at", sa.DateTime(timezone=True), server_default=func.now()),
)
lines = sa.Table(
    "lines",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("order_id", sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    sa.Column("sku", sa.ForeignKey("stock.sku"), nullable=False),
    sa.Column("qty", sa.Integer),
)
logs = sa.Table("logs", metadata, sa.Column("text", sa.String))


class Row:
    """A row with its columns as attributes."""

    def __init__(self, **columns: Any) -> None:
        for name, value in columns.items():
            setattr(self, name, value)


class Stock(Row):
    """What lies in the store."""


class Order(Row):
    """What a customer ordered."""

    lines: list[Any]


class Line(Row):
    """One article of an order."""


mapping = registry()
mapping.map_imperatively(Stock, stock)
mapping.map_imperatively(Line, lines)
mapping.map_imperatively(
    Order,
    orders,
    properties={"lines": relationship(Line, cascade="all, delete-orphan", order_by=lines.c.id)},
)


@contextmanager
def engine_of(kind: str, folder: Path, **options: Any) -> Iterator[Any]:
    """An engine with an empty shop; PostgreSQL in a schema that nobody else has."""
    name = f"t_{uuid4().hex}"
    options.setdefault("future", True)  # as from 2.0 on
    if kind == "memory":
        thread: dict[str, Any] = {"check_same_thread": False}
        engine = sa.create_engine("sqlite:///:memory:", poolclass=StaticPool, connect_args=thread, **options)
    elif kind == "file":
        engine = sa.create_engine(f"sqlite:///{folder / 'shop.db'}", **options)
    else:
        if why := why_no_server():
            pytest.skip(why)
        sql(f'CREATE SCHEMA "{name}"')
        driver = options.pop("driver", "psycopg2" if sa.__version__ < "2" else "psycopg")
        address = SERVER.replace("postgresql://", f"postgresql+{driver}://", 1)
        search: dict[str, Any] = {"options": f"-c search_path={name}", "application_name": name}
        engine = sa.create_engine(address, connect_args=search, **options)
    engine.changeover_test_name = name
    try:
        metadata.create_all(engine)
        with sessionmaker(engine)() as session:
            session.execute(stock.insert(), [{"sku": f"s{number}", "on_hand": 6} for number in range(4)])
            session.execute(text("INSERT INTO orders (ref, customer, status) VALUES ('old', 'c0', 'new')"))
            session.commit()
        yield engine
    finally:
        engine.dispose()
        if kind == "postgresql":
            sql(f'DROP SCHEMA "{name}" CASCADE')


def contents(engine: Any) -> dict[str, Any]:
    """What is in the shop, as somebody else sees it, without ids and times."""
    with engine.connect() as connection:
        ask = connection.execute
        return {
            "stock": dict(map(tuple, ask(select(stock)))),
            "orders": [tuple(row) for row in ask(text("SELECT ref, status FROM orders ORDER BY id"))],
            "lines": [tuple(row) for row in ask(text("SELECT sku, qty FROM lines ORDER BY id"))],
        }


def open_transactions(engine: Any) -> list[tuple[object, ...]]:
    """What connections to PostgreSQL have open."""
    return sql(
        f"SELECT state, query FROM pg_stat_activity WHERE application_name = '{engine.changeover_test_name}' "
        "AND state <> 'idle'"
    )


def shadowed(engine: Any, legacy: Callable[..., Any], candidate: Callable[..., Any], **options: Any) -> Any:
    """The seam of two paths with the pack in use, and its runs; as under a test, or in the own traffic."""
    runs: list[Run] = []
    stage, own_traffic = options.pop("stage", "shadow"), options.pop("own_traffic", False)
    environment = {"CHANGEOVER_STAGE_SHOP_PLACE": stage} if own_traffic else {}
    migration = Migration(environment=environment, sink=runs.append)
    migration.use("sqlalchemy", engine, **options)
    seam = migration.seam("shop.place", legacy=legacy, candidate=candidate)

    def under_test(*args: Any) -> Any:
        with as_under_a_test(stage):
            return seam(*args)

    return (seam if own_traffic else under_test), runs


def as_under_a_test(stage: str = "shadow") -> AbstractContextManager[None]:
    """What the pytest plugin does around every test."""
    return override_stages(StageOverride(Setting(Stage(stage)), lambda run: None))


def judged(engine: Any, legacy: Callable[..., Any], candidate: Callable[..., Any], **options: Any) -> Run:
    """The run of a seam whose paths open their own connections; with an input, it shows something."""
    seam, runs = shadowed(engine, lambda given: legacy(), lambda given: candidate(), **options)
    seam(1)
    run: Run = runs[-1]
    return run


def place_by_sql(db: Any, ref: str, items: Items, *, commits: bool = True) -> str:
    """Legacy: handwritten SQL."""
    made = text("INSERT INTO orders (ref, customer, status) VALUES (:ref, 'c1', 'new') RETURNING id")
    order = db.execute(made, {"ref": ref}).scalar_one()
    for sku, qty in items:
        taken = text("UPDATE stock SET on_hand = on_hand - :qty WHERE sku = :sku AND on_hand >= :qty")
        if not db.execute(taken, {"qty": qty, "sku": sku}).rowcount:
            db.rollback()
            raise ValueError(f"out of stock: {sku}")
        line = text("INSERT INTO lines (order_id, sku, qty) VALUES (:order, :sku, :qty)")
        db.execute(line, {"order": order, "sku": sku, "qty": qty})
    db.execute(text("UPDATE orders SET status = 'placed' WHERE id = :order"), {"order": order})
    if commits:
        db.commit()
    return ref


def place_by_orm(db: Any, ref: str, items: Items, *, commits: bool = True, fault: str = "") -> str:
    """Candidate: the ORM, with other statements in another order, and one fault."""
    order = Order(ref="other" if fault == "reference" else ref, customer="c1", status="placed")
    db.add(order)
    for sku, qty in items:
        article = db.get(Stock, sku)
        if article.on_hand < qty:
            if fault == "keeps going":
                continue
            db.rollback()
            raise ValueError(f"out of stock: {sku}")
        if fault != "stock":
            article.on_hand -= qty
        order.lines.append(Line(sku=sku, qty=qty + (fault == "quantity")))
        db.flush()
    _plant(db, order, fault)
    if commits and fault != "no commit":
        db.commit()
    return ref


def _plant(db: Any, order: Any, fault: str) -> None:
    if fault == "one row more":
        db.add(Stock(sku="bonus", on_hand=1))
    elif fault == "one row less":
        order.lines.pop()
    elif fault == "status":
        order.status = "new"
    elif fault == "time":
        order.at = sa.literal_column("'2001-01-01 00:00:00'")
    elif fault == "other row":
        db.execute(text("UPDATE stock SET on_hand = on_hand - 1 WHERE sku = 's3'"))
    elif fault == "deletes":
        db.execute(text("DELETE FROM orders WHERE ref = 'old'"))
    elif fault == "wrong parent":
        db.flush()
        db.execute(text("UPDATE lines SET order_id = (SELECT id FROM orders WHERE ref = 'old')"))


FAULTS = (
    *("quantity", "stock", "one row more", "one row less", "status", "reference"),
    *("no commit", "time", "other row", "deletes", "wrong parent"),
)
