"""A function that an object of a port keeps or hands out, and that no class declares, is never a match."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

Happened = list[Any]


class Listener:
    """Hears of something by a method."""

    def __init__(self, happened: Happened) -> None:
        self.happened = happened

    def hear(self, what: Any) -> None:
        self.happened.append(what)


def with_a_property(happened: Happened) -> tuple[type, Any]:
    class Client:
        @property
        def notify(self) -> Any:
            return lambda what: happened.append(what)

    return Client, Client


def with_a_cached_property(happened: Happened) -> tuple[type, Any]:
    class Client:
        @cached_property
        def notify(self) -> Any:
            return lambda what: happened.append(what)

    return Client, Client


def with_a_partial_as_a_property(happened: Happened) -> tuple[type, Any]:
    class Client:
        @property
        def notify(self) -> Any:
            return partial(happened.append)

    return Client, Client


def by_getattr(happened: Happened) -> tuple[type, Any]:
    class Client:
        def __getattr__(self, name: str) -> Any:
            if name != "notify":
                raise AttributeError(name)
            return lambda what: happened.append(what)

    return Client, Client


def by_an_attribute(happened: Happened) -> tuple[type, Any]:
    class Client:
        def __init__(self) -> None:
            self.notify = lambda what: happened.append(what)

    return Client, Client


def by_a_method_of_another(happened: Happened) -> tuple[type, Any]:
    class Client:
        def __init__(self) -> None:
            self.notify = Listener(happened).hear

    return Client, Client


def by_an_attribute_that_is_set_later(happened: Happened) -> tuple[type, Any]:
    class Client:
        pass

    def made() -> Any:
        client: Any = Client()
        client.notify = lambda what: happened.append(what)
        return client

    return Client, made


def in_a_slot(happened: Happened) -> tuple[type, Any]:
    @dataclass(slots=True)
    class Client:
        notify: Any

    return Client, lambda: Client(lambda what: happened.append(what))


def in_a_slot_that_is_frozen(happened: Happened) -> tuple[type, Any]:
    @dataclass(slots=True, frozen=True)
    class Client:
        notify: Any

    return Client, lambda: Client(lambda what: happened.append(what))


KINDS: list[Callable[[Happened], tuple[type, Any]]] = [
    *(with_a_property, with_a_cached_property, with_a_partial_as_a_property, by_getattr),
    *(by_an_attribute, by_a_method_of_another, by_an_attribute_that_is_set_later),
    *(in_a_slot, in_a_slot_that_is_frozen),
]


def runs_of(
    kind: Any, legacy: Any, candidate: Any, mode: Any = "inline", *, before: bool = False
) -> tuple[Happened, list[Run]]:
    """What two calls gave."""
    happened: Happened = []
    runs: list[Run] = []
    cls, make = kind(happened)
    cls.look = lambda self: 1
    early = make() if before else None
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode=mode)
    migration.port("port", cls, reads={"look"})
    client = early or make()
    seam = migration.seam(
        "s", legacy=lambda number: legacy(client, number), candidate=lambda number: candidate(client, number)
    )
    seam(7)
    seam(7)
    migration.close()
    return happened, runs


def notifies(client: Any, number: int) -> int:
    client.notify(number)
    return int(client.look())


def only_looks(client: Any, number: int) -> int:
    return int(client.look())


@pytest.mark.parametrize("before", [False, True], ids=["made after", "made before"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_acts_once_and_is_no_match(kind: Any, mode: str, before: bool) -> None:
    happened, runs = runs_of(
        kind, notifies, lambda client, number: notifies(client, number), mode, before=before
    )
    assert happened == [7, 7]
    assert [run.verdict for run in runs] == [Verdict.FAILED] * 2
    assert all("port.notify" in str(run.reason) for run in runs)


@pytest.mark.parametrize("kind", KINDS)
def test_what_only_the_replayed_path_asks_for_is_refused(kind: Any) -> None:
    happened, runs = runs_of(kind, only_looks, notifies)
    assert happened == []
    assert all(run.verdict is Verdict.FAILED and "port.notify" in str(run.reason) for run in runs)


def test_one_that_does_nothing_to_anybody_is_called_as_it_is() -> None:
    def harmless(happened: Happened) -> tuple[type, Any]:
        class Client:
            def __init__(self) -> None:
                self.written, self.twice, self.kind = json.dumps, lambda number: number * 2, dict

            @property
            def rounded(self) -> Any:
                return round

        return Client, Client

    def path(client: Any, number: int) -> Any:
        return client.look(), client.written(client.twice(number)), client.kind(), client.rounded(1.5)

    _, runs = runs_of(harmless, path, lambda client, number: path(client, number))
    assert [run.verdict for run in runs] == [Verdict.MATCH] * 2


def test_what_a_port_itself_calls_there_is_its_own_affair() -> None:
    def inside(happened: Happened) -> tuple[type, Any]:
        class Client:
            def __init__(self) -> None:
                self.notify: Any = lambda what: happened.append(what)

            def look(self) -> int:
                self.notify("looked")
                return 1

        return Client, Client

    happened: Happened = []
    runs: list[Run] = []
    cls, make = inside(happened)
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("port", cls, reads={"look"})
    client: Any = make()
    seam: Any = migration.seam("s", legacy=lambda: client.look(), candidate=lambda: client.look())
    seam()
    assert happened == ["looked"]
    assert [run.verdict for run in runs] == [Verdict.MATCH]


@pytest.mark.parametrize("slots", [False, True])
def test_an_object_goes_when_nobody_holds_it_without_a_collection(slots: bool) -> None:
    gone: Happened = []

    class Base:
        __slots__ = ()

        def __del__(self) -> None:
            gone.append("gone")

    cls: Any = dataclass(slots=slots)(type("Client", (Base,), {"__annotations__": {"notify": Any}}))
    Migration().port("port", cls)
    client = cls(lambda what: gone.append(what))
    client.notify("told")
    del client
    assert gone == ["told", "gone"]
