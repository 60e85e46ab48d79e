"""Both kinds of store, each empty and of its own: what holds for one holds for the other."""

import os
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from changeover.evidence.store.place import StorePlace, store_path
from changeover.evidence.store.postgres_connections import close_connections

SERVER = os.environ.get("CHANGEOVER_TEST_POSTGRES") or "postgresql://127.0.0.1:5432/test"
KINDS = ("sqlite", "postgres")


@cache
def why_no_server() -> str | None:
    try:
        psycopg.connect(SERVER, connect_timeout=3).close()
    except psycopg.Error as error:
        return f"no PostgreSQL answers (CHANGEOVER_TEST_POSTGRES): {' '.join(str(error).split())}"
    return None


def sql(*statements: str) -> list[tuple[object, ...]]:
    """What the last of these statements gives, asked of the server itself."""
    with closing(psycopg.connect(SERVER, autocommit=True)) as connection:
        for statement in statements:
            found = connection.execute(statement.encode())
        return found.fetchall() if found.description else []


def in_schema(name: str) -> str:
    parts = urlsplit(SERVER)
    query = "&".join(filter(None, (parts.query, f"schema={name}")))
    return parts._replace(query=query).geturl()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """The address of a schema that nobody else has."""
    if why := why_no_server():
        pytest.skip(why)
    name = f"t_{uuid4().hex}"
    yield in_schema(name)
    close_connections()
    sql(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What CHANGEOVER_STORE names: a file that is not there yet, then a schema that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'evidence.db'}"
    named: str = request.getfixturevalue("database")
    return named


@pytest.fixture
def place(address: str, tmp_path: Path) -> StorePlace:
    """The store at that address."""
    return store_path(tmp_path, {"CHANGEOVER_STORE": address})
