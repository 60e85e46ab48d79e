"""An attribute of a port's object that a path sets is set once, and another value is never a match."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

Does = Callable[[Any, int], Any]
"""What a path does with a client; the number is another one where the candidate does something else."""


class Client:
    def __init__(self) -> None:
        self.account: Any = "none"
        self.timeout = 1
        self.sent: list[Any] = []

    def send(self, number: int) -> None:
        self.sent.append((number, self.account))
        self.last = number


class Quick(Client):
    """Derived from the port's class."""


class Slotted:
    __slots__ = ("account", "sent", "timeout")

    def __init__(self) -> None:
        self.account: Any = "none"
        self.timeout = 1
        self.sent: list[Any] = []

    def send(self, number: int) -> None:
        self.sent.append((number, self.account))


@dataclass
class Data:
    account: Any = "none"
    timeout: int = 1
    sent: list[Any] = field(default_factory=list)

    def send(self, number: int) -> None:
        self.sent.append((number, self.account))


class Checked:
    """Has a say in what is set."""

    def __init__(self) -> None:
        self.account: Any = "none"
        self.timeout = 1
        self.sent: list[Any] = []

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def send(self, number: int) -> None:
        self.sent.append((number, self.account))


CLASSES = [Client, Quick, Slotted, Data, Checked]


def sets_text(client: Any, number: int) -> None:
    client.account = f"account {number}"


def sets_table(client: Any, number: int) -> None:
    client.account = {"names": [number]}


def sets_object(client: Any, number: int) -> None:
    client.account = SimpleNamespace(number=number, rows=[number])


def sets_by_name(client: Any, number: int) -> None:
    setattr(client, "account", number)  # noqa: B010  so that it is set by name


def sets_in_turn(client: Any, number: int) -> None:
    for one in range(3):
        client.account = one * number


def sets_and_puts_back(client: Any, number: int) -> None:
    before, client.timeout = client.timeout, 5 + number
    client.send(0)
    client.timeout = before


def sets_or_not(client: Any, number: int) -> None:
    if number == 1:
        client.account = "one"


def sets_or_not_the_other_way(client: Any, number: int) -> None:
    if number == 2:
        client.account = "two"


ALL = [sets_text, sets_table, sets_object, sets_by_name, sets_in_turn, sets_and_puts_back, sets_or_not]


def state(client: Any) -> tuple[Any, ...]:
    return repr(client.account), client.timeout, repr(client.sent)


def compared(
    cls: type, does: Does, other: int, *, stage: str, mode: str = "inline", times: int = 2
) -> tuple[list[Run], Any]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    client = cls()
    migration.port("client", Client if cls is Quick else cls, effects={"send"})

    def path_with(number: int) -> Callable[[int], int]:
        def path(call: int) -> int:
            does(client, number)
            client.send(call)
            return call

        return path

    seam = migration.seam("s", legacy=path_with(1), candidate=path_with(other))
    for call in range(times):
        seam(call)
    migration.flush()
    migration.close()
    return runs, client


def alone(cls: type, does: Does, number: int, times: int = 2) -> tuple[Any, ...]:
    client = cls()
    for call in range(times):
        does(client, number)
        client.send(call)
    return state(client)


STAGES = pytest.mark.parametrize("stage", ["shadow", "live"])
MODES = pytest.mark.parametrize("mode", ["inline", "background"])


@STAGES
@MODES
@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("does", ALL)
def test_what_both_set_alike_matches(does: Does, cls: type, mode: str, stage: str) -> None:
    runs, client = compared(cls, does, 1, stage=stage, mode=mode)
    assert [(run.verdict, run.reason) for run in runs] == [(Verdict.MATCH, None)] * 2
    assert state(client) == alone(cls, does, 1)


@STAGES
@MODES
@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("does", [*ALL, sets_or_not_the_other_way])
def test_what_one_path_sets_otherwise_is_no_match_and_stays_as_it_was_answered(
    does: Does, cls: type, mode: str, stage: str
) -> None:
    runs, client = compared(cls, does, 2, stage=stage, mode=mode)
    assert [run.verdict for run in runs] == [Verdict.FAILED] * 2
    assert all(f"{cls.__name__}." in str(run.reason) for run in runs)
    assert state(client) == alone(cls, does, 2 if stage == "live" else 1)


@STAGES
def test_it_is_so_of_async_paths(stage: str) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    client = Client()
    migration.port("client", Client, effects={"send"})

    def path_with(number: int) -> Callable[[int], Any]:
        async def path(call: int) -> int:
            await asyncio.sleep(0)
            client.account = number
            client.send(call)
            return call

        return path

    asyncio.run(migration.seam("s", legacy=path_with(1), candidate=path_with(2))(7))
    assert client.account == (2 if stage == "live" else 1)
    assert runs[0].verdict is Verdict.FAILED


@STAGES
@MODES
def test_what_a_path_sets_of_an_object_that_it_made_is_its_own(mode: str, stage: str) -> None:
    def makes_one(_: Any, number: int) -> None:
        mine = Client()
        mine.timeout = 9
        mine.send(3)

    runs, _ = compared(Client, makes_one, 1, stage=stage, mode=mode)
    assert [(run.verdict, run.reason) for run in runs] == [(Verdict.MATCH, None)] * 2


@STAGES
def test_a_method_that_nobody_may_call_from_outside_sets_what_it_likes(stage: str) -> None:
    class Kept(Client):
        @property
        def cached(self) -> int:
            if not hasattr(self, "_cached"):
                self._cached = 5
            return self._cached

    runs, _ = compared(Kept, lambda client, number: client.cached, 1, stage=stage)
    assert runs[-1].verdict is Verdict.MATCH
