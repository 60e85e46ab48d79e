"""A method that a port has under two names is what was declared of it, by whichever name it is called."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration
from changeover.values.verdict import Verdict


def in_a_class(happened: list[Any]) -> tuple[Any, Any]:
    class Bus:
        def send(self, number: int) -> None:
            happened.append(number)

        emit = fire = post = publish = also = send

    return Bus, Bus()


def in_an_object(happened: list[Any]) -> tuple[Any, Any]:
    _, bus = in_a_class(happened)
    return bus, bus


def in_a_derived_class(happened: list[Any]) -> tuple[Any, Any]:
    class Base:
        def send(self, number: int) -> None:
            """Nothing here."""

    class Bus(Base):
        def send(self, number: int) -> None:
            happened.append(number)

        emit = fire = post = publish = also = send

    return Base, Bus()


def in_a_module(happened: list[Any]) -> tuple[Any, Any]:
    bus: Any = types.ModuleType("bus_with_second_names")
    exec("def send(number): happened.append(number)", bus.__dict__)  # noqa: S102  a module of its own
    bus.happened = happened
    bus.emit = bus.fire = bus.post = bus.publish = bus.also = bus.send
    return bus, bus


@pytest.mark.parametrize("make", [in_a_class, in_an_object, in_a_derived_class, in_a_module])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize(("other", "verdict"), [(1, Verdict.MATCH), (2, Verdict.UNSAFE)])
def test_a_second_name_is_the_declared_method(
    make: Callable[[list[Any]], tuple[Any, Any]], mode: str, stage: str, other: int, verdict: Verdict
) -> None:
    happened: list[Any] = []
    target, bus = make(happened)
    runs: list[Any] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("bus", target, effects={"send"})

    def sending(first: int) -> Callable[[int], int]:
        def path(number: int) -> int:
            bus.emit(first)
            bus.send(number)
            bus.publish(number)
            return number

        return path

    migration.seam("s", legacy=sending(1), candidate=sending(other))(7)
    migration.flush()
    migration.close()

    assert happened == [other if stage == "live" else 1, 7, 7]
    assert (runs[0].verdict, runs[0].reason) == (verdict, None)
