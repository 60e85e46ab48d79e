"""A schema of PostgreSQL that nobody else has, for programs that use a driver by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.changeover.support.stores import SERVER, sql, why_no_server


class Tables:
    """Orders and a list of numbers, as somebody else sees them."""

    def __init__(self, schema: str) -> None:
        self.schema = schema

    @property
    def address(self) -> str:
        """Of the server, for a driver that takes the schema elsewhere."""
        return SERVER

    @property
    def in_schema(self) -> str:
        """The same with the schema in it, as libpq takes it."""
        parts = urlsplit(SERVER)
        query = "&".join(filter(None, (parts.query, f"options=-csearch_path%3D{self.schema}")))
        return parts._replace(query=query).geturl()

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """What the server says by itself."""
        return sql(f'SET search_path TO "{self.schema}"', statement)

    @property
    def orders(self) -> list[tuple[Any, ...]]:
        """Names and amounts."""
        return self.ask("SELECT name, amount FROM orders ORDER BY id")

    @property
    def numbers(self) -> list[int]:
        """What was added."""
        return [n for (n,) in self.ask("SELECT n FROM numbers ORDER BY n")]


@contextmanager
def tables() -> Iterator[Tables]:
    """The tables, gone afterwards; skips where no server answers."""
    if why := why_no_server():
        pytest.skip(why)
    schema = f"t_{uuid4().hex}"
    sql(
        f'CREATE SCHEMA "{schema}"',
        f'SET search_path TO "{schema}"',
        "CREATE TABLE numbers (n INTEGER)",
        "CREATE TABLE orders (id SERIAL PRIMARY KEY, name TEXT UNIQUE, amount INTEGER)",
        "INSERT INTO orders (name, amount) VALUES ('old', 1)",
    )
    try:
        yield Tables(schema)
    finally:
        sql(f'DROP SCHEMA "{schema}" CASCADE')
