"""Shapes with libraries: tables, arrays, models, lazy queries, frozen time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs
import freezegun
import msgspec
import numpy as np
import pandas as pd
import polars as pl
from pydantic import BaseModel, Field, PrivateAttr
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from changeover import Migration
from tests.changeover.support.program_shapes.shape import Path, declared_shape, shape


@shape("result", "argument", arguments=lambda number: (np.arange(6.0).reshape(2, 3),))
def numpy_arrays(shop: Any, planted: str) -> Path:
    def path(array: Any) -> Any:
        array[0, 0] = 9 if planted == "argument" else 8
        view = array[:, 1]
        return array * 2, view + (1 if planted == "result" else 0), np.float64(1.5), array.dtype

    return path


@shape("result")
def random_numbers_of_numpy(shop: Any, planted: str) -> Path:
    return lambda number: np.random.default_rng(number + bool(planted)).normal(size=3)


@shape("result", "argument", arguments=lambda number: (pd.DataFrame({"a": [1, 2], "b": ["x", None]}),))
def pandas_tables(shop: Any, planted: str) -> Path:
    def path(table: Any) -> Any:
        table["c"] = table["a"] * (2 if planted != "argument" else 3)
        found = table.groupby("b", dropna=False)["a"].sum()
        return found + (1 if planted == "result" else 0), pd.Timestamp("2024-01-01", tz="Europe/Berlin")

    return path


@shape("result", arguments=lambda number: (pl.DataFrame({"a": [1, 2, number]}),))
def polars_tables(shop: Any, planted: str) -> Path:
    return lambda table: table.with_columns((pl.col("a") + (1 if planted else 0)).alias("b"))


class Customer(BaseModel):
    """With defaults, nested models and a private attribute."""

    name: str
    tags: list[str] = Field(default_factory=list)
    parent: Customer | None = None
    _seen: int = PrivateAttr(default=0)


@shape("result", "argument", "set", arguments=lambda number: (Customer(name="a", parent=Customer(name="b")),))
def pydantic_models(shop: Any, planted: str) -> Path:
    def path(customer: Customer) -> Any:
        customer.tags.append("seen" if planted != "argument" else "other")
        customer._seen += 1
        made = customer.model_copy(update={"name": "c" if planted != "result" else "d"})
        if planted == "set":
            customer.tags = customer.tags
        return made

    return path


@attrs.define
class Item:
    """With slots and a converter."""

    sku: str
    amount: int = attrs.field(converter=int, default=0)


@shape("result", arguments=lambda number: (Item("a", "3"),))
def attrs_classes(shop: Any, planted: str) -> Path:
    return lambda item: attrs.evolve(item, amount=item.amount + (1 if planted else 0))


class Message(msgspec.Struct):
    """A struct in C."""

    text: str
    number: int = 0


@shape("result", arguments=lambda number: (Message("a", number),))
def msgspec_structs(shop: Any, planted: str) -> Path:
    return lambda message: [message, Message("b", 1 if planted else 0)]


class Base(DeclarativeBase):  # type: ignore[misc,unused-ignore]
    """Of the entities here."""


class Sale(Base):
    """One row."""

    __tablename__ = "sales"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str]
    amount: Mapped[int]


def sales(migration: Migration) -> Any:
    """Sales behind a port that owns its session."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Sale(id=number, sku=f"s{number}", amount=number) for number in range(1, 4)])
        session.commit()

    class Sales:
        def run(self, statement: Any) -> Any:
            with Session(engine, expire_on_commit=False) as session:
                return list(session.scalars(statement))

        def add(self, sku: str, amount: int) -> None:
            with Session(engine) as session:
                session.add(Sale(sku=sku, amount=amount))
                session.commit()

    migration.port("sales", Sales, reads={"run"}, effects={"add": lambda sku, amount: sku})
    return Sales(), engine


@declared_shape("result")
def lazy_statements_as_answers(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def path(twist: str) -> Path:
        return lambda number: select(Sale).where(Sale.amount > number + bool(twist)).order_by(Sale.id)

    return migration.seam("s", legacy=path(""), candidate=path(planted))


@declared_shape("result", "effect")
def statements_run_by_a_port(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    store, engine = sales(migration)

    def path(twist: str) -> Path:
        def found(number: int) -> Any:
            rows = store.run(select(Sale).where(Sale.amount < 3).order_by(Sale.id))
            store.add(f"n{number}", 100 + (1 if twist == "effect" else 0))
            return [(row.sku, row.amount + (1 if twist == "result" else 0)) for row in rows], rows

        return found

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))

    def call(number: int) -> Any:
        return seam(number)

    call.close = engine.dispose  # type: ignore[attr-defined]
    return call


@declared_shape("result")
def lazy_queries_as_answers(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    _, engine = sales(migration)
    session = Session(engine)

    def path(twist: str) -> Path:
        return lambda number: session.query(Sale).filter(Sale.amount > number + bool(twist))

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))

    def call(number: int) -> Any:
        return seam(number)

    def close() -> None:
        session.close()
        engine.dispose()

    call.close = close  # type: ignore[attr-defined]
    return call


@declared_shape("result", expected="(Session)", why="a session is a handle, and its class is no port")
def session_as_an_argument(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    _, engine = sales(migration)
    session = Session(engine)

    def path(twist: str) -> Path:
        return lambda session, number: (session.get(Sale, 1).amount, twist)

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))

    def call(number: int) -> Any:
        return seam(session, number)

    def close() -> None:
        session.close()
        engine.dispose()

    call.close = close  # type: ignore[attr-defined]
    return call


# A frozen clock is one for the whole process, so that a replay beside the program would share it.
@shape("result", modes=("inline",))
def frozen_time_inside(shop: Any, planted: str) -> Path:
    def path(number: int) -> Any:
        with freezegun.freeze_time("2024-02-29" if not planted else "2024-03-01"):
            return datetime.now(), number

    return path


@declared_shape("result", modes=("inline",))
def frozen_time_around(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    def path(twist: str) -> Path:
        return lambda number: (datetime.now(), shop.now(), number, twist)

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))

    def call(number: int) -> Any:
        with freezegun.freeze_time("2024-10-27 01:30"):
            return seam(number)

    return call
