"""A function of a port that was taken before the port was declared is replaced where it is, or named."""

import gc
import sqlite3
import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

import pytest

from changeover import Migration
from changeover.record.held_functions import problems_of_held_functions
from tests.programs.process import run_python


class Client(sqlite3.Connection):
    """Its methods are those of a class in C."""


class Keeps:
    def __init__(self, held: Any) -> None:
        self.held = held


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A table of the module `program`, which is newer than all that pytest keeps: nobody looks there."""
    gc.freeze()
    table: dict[str, Any] = {}
    program = ModuleType("program")
    monkeypatch.setitem(sys.modules, "program", program)
    monkeypatch.setattr(program, "HANDLERS", table, raising=False)
    yield table
    gc.freeze()


def problems(target: Any, **classes: Any) -> list[str]:
    migration = Migration(environment={})
    migration.port("port", target, **classes)
    return [*problems_of_held_functions(migration.runtime.book)]


def in_a_closure(held: Any) -> Callable[[], Any]:
    return lambda: held("select 1")


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "a table": lambda held: held,
    "a table of lists": lambda held: [(held, 1)],
    "an object": lambda held: Keeps(held),
    "a closure": lambda held: in_a_closure(held),
    "a partial": lambda held: partial(held, "select 1"),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_a_bound_method_in_c_that_was_taken_before_is_named_with_its_holder(
    name: str, handlers: dict[str, Any]
) -> None:
    class Mine(Client):
        pass

    client = Mine(":memory:")
    handlers["run"] = HOLDERS[name](client.execute)
    (found,) = problems(Mine, effects={"execute"})
    assert found.startswith("port 'port': ")
    assert "took `execute` before it was declared" in found
    named = {"an object": "Keeps", "a closure": "in_a_closure", "a partial": "functools.partial"}
    assert named.get(name, "program.HANDLERS") in found
    client.close()


NOBODY_HOLDS = """
from sqlite3 import Connection
from changeover import Migration
from changeover.record.held_functions import problems_of_held_functions
from tests.programs.process import run_python

class Mine:
    def submit(self, order):
        return order

class Other(Connection):
    pass

HANDLERS = {"submit": Mine().submit}
for target, name in ((Mine, "submit"), (Other, "execute")):
    migration = Migration(environment={})
    migration.port("port", target, effects={name})
    print([*problems_of_held_functions(migration.runtime.book)])
"""


def test_what_is_replaced_where_it_is_and_what_nobody_took_is_not_named() -> None:
    """In a program of its own: everything there is has to be no holder, and here pytest keeps a lot."""
    assert run_python(["-c", NOBODY_HOLDS], text=True, timeout=60, check=True).stdout == "[]\n[]\n"
