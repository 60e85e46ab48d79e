"""`doctor` names the clients that a program uses and no port covers, and what it has open."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.changeover.support.own_app import OwnApp

APP = """
import http.client, smtplib, socket, sqlite3
database = sqlite3.connect(":memory:")
listening = socket.create_server(("127.0.0.1", 0))
opened = socket.create_connection(listening.getsockname())
audit = open("audit.txt", "w")

def ask():
    return http.client.HTTPConnection("shop")
"""


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    app = OwnApp(tmp_path_factory.mktemp("app"), at_import=APP)
    answer = app.process("doctor", "--format", "json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return {name: str(value) for name, value in found["facts"].items()}


def test_a_client_that_no_port_covers_is_named_with_the_way_out(facts: dict[str, str]) -> None:
    assert 'smtplib (own_app): declare a port, or migration.use("smtp")' in facts["clients"]
    assert 'http.client (own_app): declare a port, or migration.use("http")' in facts["clients"]


def test_a_client_that_nothing_stops_is_named_apart(facts: dict[str, str]) -> None:
    way_out = 'declare a port, or migration.use("sqlite3")'
    assert facts["in C"] == f"no replay is kept from sqlite3 (own_app): {way_out}"
    assert "sqlite3" not in facts["clients"]


def test_what_is_open_is_named(facts: dict[str, str]) -> None:
    opened = facts["open"].split("; ")
    assert "a connection of sqlite3" in opened
    assert "the file audit.txt" in opened
    assert [one for one in opened if one.startswith("a connection to 127.0.0.1:")] != []


def test_a_program_that_uses_none_is_told_nothing(tmp_path: Path) -> None:
    answer = OwnApp(tmp_path).process("doctor", "--format", "json")
    assert {"clients", "in C", "open"}.isdisjoint(json.loads(answer.stdout)["facts"])


SENDS = """
import socket, threading
one, other = socket.socketpair()
"""


def test_a_comparison_watches_every_crossing(tmp_path: Path) -> None:
    app = OwnApp(
        tmp_path,
        at_import=SENDS,
        in_case="for _ in range(10): double(number)",
        in_legacy="number == 4 and one.send(b'x')",
    )
    answer = app.process("compare", "--source", "cases")
    assert "past every port" in answer.stdout, answer.stdout
    assert answer.returncode == 3
