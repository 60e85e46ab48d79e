"""Paths that are built anew for every replay: from ports, and from the object whose method is the seam."""

from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run, fresh
from changeover.errors import DeclarationError
from changeover.replay import runner


class Scale:
    def weigh(self, item: str) -> int:
        return len(item)


class Shelf:
    def __init__(self, name: str) -> None:
        self.name = name
        self.scale = Scale()

    def total(self, items: list[str]) -> str:
        return f"{self.name}: {sum(self.scale.weigh(item) for item in items)}"


class Ticks:
    """A clock that moves when somebody works."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def wired(build: Callable[..., Any], runs: list[Run]) -> type:
    """A class of its own for each test, its method a seam in shadow."""
    shelf = type("OneShelf", (Shelf,), {"total": Shelf.total})
    migration = Migration(sink=runs.append, environment={"CHANGEOVER_STAGE_ONESHELF_TOTAL": "shadow"})
    migration.port("scale", Scale, reads={"weigh"})
    migration.wrap(shelf, "total", candidate=fresh(build, answering=Shelf.total))
    return shelf


def test_a_path_is_built_from_its_ports_and_from_the_object_it_belongs_to() -> None:
    runs: list[Run] = []

    def build(ports: Any, shelf: Shelf) -> Callable[..., str]:
        name = shelf.name

        def total(_shelf: Shelf, items: list[str]) -> str:
            return f"{name}: {sum(ports.scale.weigh(item) for item in items)}"

        return total

    shelf = wired(build, runs)
    assert shelf("top").total(["ab", "c"]) == "top: 3"
    assert [run.verdict for run in runs] == ["match"]


def test_what_building_takes_is_not_the_paths_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Run] = []
    ticks = Ticks()
    monkeypatch.setattr(runner, "perf_counter", ticks)

    def build(ports: Any) -> Callable[..., str]:
        ticks.now += 100

        def total(shelf: Shelf, items: list[str]) -> str:
            ticks.now += 1
            return f"{shelf.name}: {len(items)}"

        return total

    assert wired(build, runs)("top").total(["a", "b"]) == "top: 2"
    (run,) = runs
    assert run.candidate is not None
    assert run.candidate.own_time_s == 1.0


def test_a_path_that_is_built_from_its_object_says_how_it_answers() -> None:
    with pytest.raises(DeclarationError, match="answering="):
        fresh(lambda ports, owner: len)


def test_a_port_of_a_replay_is_looked_up_once_and_answers_every_time() -> None:
    runs: list[Run] = []

    def build(ports: Any) -> Callable[..., str]:
        assert ports.scale.weigh is ports.scale.weigh
        return lambda shelf, items: f"{shelf.name}: {sum(ports.scale.weigh(item) for item in items)}"

    assert wired(build, runs)("top").total(["a", "bc", "a"]) == "top: 4"
    assert [run.verdict for run in runs] == ["match"]
