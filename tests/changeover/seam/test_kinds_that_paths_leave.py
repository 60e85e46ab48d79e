"""A path that leaves an object of another kind, with the same in it, is no match, wherever it leaves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict


@dataclass
class Confirmed:
    order: int


@dataclass
class Refused:
    order: int


class Bus:
    """The world."""

    def __init__(self) -> None:
        self.published: list[Any] = []

    def publish(self, event: Any) -> None:
        self.published.append(event)


Does = Callable[[Any, type[Any], list[Any]], Any]


def answers_with(bus: Bus, kind: type[Any], rows: list[Any]) -> Any:
    return kind(7)


def publishes(bus: Bus, kind: type[Any], rows: list[Any]) -> Any:
    bus.publish(kind(7))


def puts_it_into_an_argument(bus: Bus, kind: type[Any], rows: list[Any]) -> Any:
    rows[0] = kind(7)


def makes_one_of_what_is_there(bus: Bus, kind: type[Any], rows: list[Any]) -> Any:
    rows[0].__class__ = kind


LEAVES: dict[Does, Verdict] = {
    answers_with: Verdict.DIVERGED,
    publishes: Verdict.UNSAFE,
    puts_it_into_an_argument: Verdict.DIVERGED,
    makes_one_of_what_is_there: Verdict.DIVERGED,
}


def compared(does: Does, legacy: type[Any], candidate: type[Any], stage: str, mode: str) -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)

    class World(Bus):
        pass

    bus = World()
    migration.port("bus", World, effects={"publish": lambda event: event.order})
    seam = migration.seam(
        "s",
        legacy=lambda rows: does(bus, legacy, rows),
        candidate=lambda rows: does(bus, candidate, rows),
    )
    seam([Confirmed(7)])
    migration.flush()
    migration.close()
    [run] = runs
    return run


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("does", LEAVES, ids=lambda does: does.__name__)
def test_another_kind_is_found_and_the_same_one_matches(does: Does, mode: str, stage: str) -> None:
    run = compared(does, Confirmed, Refused, stage, mode)
    assert run.verdict is LEAVES[does], run.reason
    assert all(found.place.endswith(".(type)") for found in run.divergences)
    assert compared(does, Refused, Refused, stage, mode).verdict is Verdict.MATCH
