"""A method that one object of a port's class has for itself acts once and is compared, like any other."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import pickle
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import AsyncMock, MagicMock, Mock, create_autospec, patch

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

Happened = list[Any]
Made = Callable[[Happened], tuple[type, Callable[[], Any]]]
"""Makes a class, and what makes an object of it with a method of its own."""


def given_later(put: Callable[[Callable[[Any], int]], Any]) -> Made:
    def made(happened: Happened) -> tuple[type, Callable[[], Any]]:
        class Client:
            def send(self, what: Any) -> int:
                happened.append(("class", what))
                return 0

        def client() -> Any:
            one = Client()
            one.send = put(acting(happened))  # type: ignore[method-assign]
            return one

        return Client, client

    return made


def acting(happened: Happened) -> Callable[[Any], int]:
    def own(*args: Any) -> int:
        happened.append(args[-1])
        return 1

    return own


def in_its_init(happened: Happened) -> tuple[type, Callable[[], Any]]:
    class Client:
        def send(self, what: Any) -> int:
            raise AssertionError(what)

        def __init__(self) -> None:
            self.send = acting(happened)  # type: ignore[method-assign, assignment]

    return Client, Client


def a_field(happened: Happened) -> tuple[type, Callable[[], Any]]:
    @dataclass
    class Client:
        send: Any = lambda self, what: happened.append(("class", what))

    return Client, lambda: Client(acting(happened))


def a_frozen_field(happened: Happened) -> tuple[type, Callable[[], Any]]:
    @dataclass(frozen=True)
    class Client:
        send: Any = lambda self, what: happened.append(("class", what))

    return Client, lambda: Client(acting(happened))


def a_static_method(happened: Happened) -> tuple[type, Callable[[], Any]]:
    class Client:
        @staticmethod
        def send(what: Any) -> int:
            raise AssertionError(what)

        def __init__(self) -> None:
            self.send = acting(happened)  # type: ignore[method-assign, assignment]

    return Client, Client


def a_class_method(happened: Happened) -> tuple[type, Callable[[], Any]]:
    class Client:
        @classmethod
        def send(cls, what: Any) -> int:
            raise AssertionError(what)

        def __init__(self) -> None:
            self.send = acting(happened)  # type: ignore[method-assign, assignment]

    return Client, Client


def with_a_setattr_of_its_own(happened: Happened) -> tuple[type, Callable[[], Any]]:
    class Client:
        def send(self, what: Any) -> int:
            raise AssertionError(what)

        def __setattr__(self, name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        def __init__(self) -> None:
            self.send = acting(happened)  # type: ignore[method-assign, assignment]

    return Client, Client


def over_that_of_a_derived_class(happened: Happened) -> tuple[type, Callable[[], Any]]:
    class Client:
        def send(self, what: Any) -> int:
            happened.append(what)
            return 1

    class Derived(Client):
        def send(self, what: Any) -> int:
            return super().send(what)

    def client() -> Any:
        one = Derived()
        one.send = lambda what: Derived.send(one, what)  # type: ignore[method-assign]
        return one

    return Client, client


MADE: dict[str, Made] = {
    "function": given_later(lambda own: own),
    "partial": given_later(lambda own: functools.partial(own, "more")),
    "mock": given_later(lambda own: Mock(side_effect=own)),
    "autospec": given_later(lambda own: create_autospec(lambda what: 0, side_effect=own)),
    **{one.__name__: one for one in (in_its_init, a_field, a_frozen_field, a_static_method, a_class_method)},
    with_a_setattr_of_its_own.__name__: with_a_setattr_of_its_own,
    over_that_of_a_derived_class.__name__: over_that_of_a_derived_class,
}


def compared(made: Made, stage: str, mode: Any, candidate: int, *, before: bool) -> tuple[Happened, Run]:
    happened: Happened = []
    runs: list[Run] = []
    cls, make = made(happened)
    early = make() if before else None
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, sink=runs.append, mode=mode)
    migration.port("port", cls, effects={"send"})
    client = early or make()
    seam = migration.seam(
        "s", legacy=lambda what: client.send(what), candidate=lambda what: client.send(what + candidate)
    )
    assert seam(7) == 1
    migration.close()
    (run,) = runs
    return happened, run


@pytest.mark.parametrize("before", [False, True], ids=["made after", "made before"])
@pytest.mark.parametrize(
    ("stage", "mode"), [("shadow", "inline"), ("shadow", "background"), ("live", "inline")]
)
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_it_acts_once_and_is_compared(made: Made, stage: str, mode: str, before: bool) -> None:
    happened, run = compared(made, stage, mode, 0, before=before)
    assert happened == [7]
    assert run.verdict is Verdict.MATCH, run.reason
    assert run.legacy is not None
    assert [effect.name for effect in run.legacy.effects] == ["port.send"]

    happened, run = compared(made, stage, mode, 1, before=before)
    assert happened == [7 if stage == "shadow" else 8]
    assert run.verdict is Verdict.UNSAFE


@pytest.mark.parametrize("own", ["async function", "mock", "function that gives a coroutine"])
def test_one_that_is_awaited_acts_once(own: str) -> None:
    happened: Happened = []
    runs: list[Run] = []

    class Client:
        async def send(self, what: Any) -> int:
            raise AssertionError(what)

    async def send(what: Any) -> int:
        await asyncio.sleep(0)
        happened.append(what)
        return 1

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("port", Client, effects={"send"})
    client = Client()
    put: Any = {"async function": send, "mock": AsyncMock(side_effect=send)}.get(own, lambda what: send(what))
    client.send = put  # type: ignore[method-assign]
    assert inspect.iscoroutinefunction(client.send) is inspect.iscoroutinefunction(put)

    async def path(what: Any) -> int:
        return await client.send(what)

    seam = migration.seam("s", legacy=path, candidate=path)
    assert asyncio.run(seam(7)) == 1
    assert happened == [7]
    assert [run.verdict for run in runs] == [Verdict.MATCH]


def test_a_mock_on_one_object_of_the_class_stays_that_mock() -> None:
    class Client:
        def send(self, what: Any) -> int:
            raise AssertionError(what)

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("port", Client, effects={"send"})
    client = Client()
    seam = migration.seam(
        "s", legacy=lambda what: client.send(what), candidate=lambda what: client.send(what)
    )
    for autospec in (None, True):
        with patch.object(client, "send", autospec=autospec, return_value=3) as mock:
            assert seam(7) == 3
            mock.assert_called_once_with(7)
            client.send.assert_called_once_with(7)  # type: ignore[attr-defined]
            assert client.send.call_count == 1  # type: ignore[attr-defined]
            assert isinstance(client.send, MagicMock) or autospec
            assert weakref.ref(client.send)() is not None
    assert "send" not in vars(client)
    assert [run.verdict for run in runs] == [Verdict.MATCH, Verdict.MATCH]


def test_a_mock_in_a_class_is_asked_for_no_equality() -> None:
    class Client:
        def send(self, what: Any) -> int:
            raise AssertionError(what)

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=list[Run]().append)
    migration.port("port", Client, effects={"send": lambda what: what})
    client = Client()
    seam = migration.seam(
        "s", legacy=lambda what: client.send(what), candidate=lambda what: client.send(what)
    )
    with patch.object(Client, "send", return_value=3) as mock:
        seam(7)
    assert [str(call) for call in mock.mock_calls] == ["call(7)"]


@pytest.mark.parametrize("kind", ["fixed", "clock", "local"])
def test_what_a_replay_asks_for_real_is_the_objects_own_or_nothing(kind: str) -> None:
    class Client:
        def tell(self) -> int:
            return 0

    runs: list[Run] = []
    asked: list[int] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("port", Client, **{kind: {"tell"}})  # type: ignore[arg-type]
    client = Client()
    client.tell = lambda: asked.append(1) or 5  # type: ignore[method-assign, func-returns-value]
    seam = migration.seam(
        "s",
        legacy=lambda what: (what, client.tell()),
        candidate=lambda what: (what, client.tell() and client.tell()),
    )
    assert seam(7) == (7, 5)
    (run,) = runs
    if kind == "fixed":  # it is asked again on purpose
        assert run.verdict is Verdict.MATCH
    else:
        assert len(asked) == 1
        assert run.verdict in (Verdict.MATCH, Verdict.FAILED)


class Kept:
    """A class of this module, so that its objects can be pickled."""

    def send(self, what: Any) -> int:
        raise AssertionError(what)


def plain(what: Any) -> int:
    """What an object is given."""
    return int(what)


def test_an_object_with_a_method_of_its_own_is_copied_and_pickled_as_ever() -> None:
    migration = Migration()
    migration.port("port", Kept, effects={"send"})
    client = Kept()
    client.send = plain  # type: ignore[method-assign]
    for made in (copy.copy(client), copy.deepcopy(client), pickle.loads(pickle.dumps(client))):  # noqa: S301
        assert made.send(7) == 7
    assert vars(copy.deepcopy(client))["send"] is plain
    assert gone(Kept)


def gone(cls: type) -> bool:
    """Whether an object goes when nobody holds it, without a collection."""
    client = cls()
    client.send = plain
    seen = weakref.ref(client)
    del client
    return seen() is None


def test_a_method_that_is_put_back_is_that_of_the_class() -> None:
    runs: list[Run] = []
    happened, (cls, make) = [], MADE["function"](sent := [])  # type: ignore[var-annotated]
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("port", cls, effects={"send"})
    client = make()
    before = cls.send.__get__(client)  # type: ignore[attr-defined]
    seam = migration.seam(
        "s", legacy=lambda what: client.send(what), candidate=lambda what: client.send(what)
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(client, "send", happened.append)
        seam(1)
    seam(2)
    client.send = before
    seam(3)
    assert happened == [1]
    assert sent == [2, ("class", 3)]
    assert [run.verdict for run in runs] == [Verdict.MATCH] * 3


def test_what_is_put_past_the_attributes_after_the_first_run_acts_twice() -> None:
    sent: Happened = []
    cls, make = MADE["function"](sent)
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"})
    migration.port("port", cls, effects={"send"})
    client = make()
    seam = migration.seam(
        "s", legacy=lambda what: client.send(what), candidate=lambda what: client.send(what)
    )
    seam(1)
    client.__dict__["send"] = sent.append
    seam(2)
    assert sent == [1, 2, 2]
