"""A function of a port that was taken before the port was declared is replaced where it is, or named."""

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from changeover import Migration
from changeover.record.held_functions import problems_of_held_functions

HANDLERS: dict[str, Any] = {}


class Client(sqlite3.Connection):
    """Its methods are those of a class in C."""


class Broker:
    def submit(self, order: str) -> str:
        return order


class Keeps:
    def __init__(self, held: Any) -> None:
        self.held = held


@pytest.fixture(autouse=True)
def _no_handlers() -> Iterator[None]:
    yield
    HANDLERS.clear()


def problems(target: Any, **classes: Any) -> list[str]:
    migration = Migration(environment={})
    migration.port("port", target, **classes)
    return [*problems_of_held_functions(migration.runtime.book)]


def in_a_closure(held: Any) -> Callable[[], Any]:
    return lambda: held("select 1")


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "a table": lambda held: HANDLERS.update(run=held),
    "a table of lists": lambda held: HANDLERS.update(run=[(held, 1)]),
    "an object": lambda held: HANDLERS.update(run=Keeps(held)),
    "a closure": lambda held: HANDLERS.update(run=in_a_closure(held)),
    "a partial": lambda held: HANDLERS.update(run=partial(held, "select 1")),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_a_bound_method_in_c_that_was_taken_before_is_named_with_its_holder(name: str) -> None:
    class Mine(Client):
        pass

    client = Mine(":memory:")
    HOLDERS[name](client.execute)
    (found,) = problems(Mine, effects={"execute"})
    assert found.startswith("port 'port': ")
    assert "took `execute` before it was declared" in found
    named = {"an object": "Keeps", "a closure": "in_a_closure", "a partial": "functools.partial"}
    assert named.get(name, f"{__name__}.HANDLERS") in found
    client.close()


def test_what_is_replaced_where_it_is_and_what_nobody_took_is_not_named() -> None:
    class Mine(Broker):
        def submit(self, order: str) -> str:
            return order

    class Other(Client):
        pass

    HANDLERS["submit"] = Mine().submit
    assert problems(Mine, effects={"submit"}) == []
    assert problems(Other, effects={"execute"}) == []
