"""What stands in place of a port's function by the time of a run is the port's as well, and acts once."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock, Mock, create_autospec, patch

import pytest

from changeover import Migration, Run

SENT: list[tuple[str, Any]] = []


class Client:
    """A client of a stranger."""

    def send(self, what: Any) -> int:
        SENT.append(("client", what))
        return len(SENT)


@pytest.fixture(autouse=True)
def nothing_sent() -> Iterator[None]:
    SENT.clear()
    kept = vars(Client)["send"]
    yield
    Client.send = kept  # type: ignore[method-assign]


@pytest.fixture
def module() -> Iterator[ModuleType]:
    made = ModuleType("replaced_functions_port")
    exec("def send(what):\n    raise RuntimeError('the real one')\n", made.__dict__)  # noqa: S102
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


def fake(*args: Any) -> int:
    """What a test puts in place: it has the object of a method or not."""
    SENT.append(("fake", args[-1]))
    return len(SENT)


def seam_over(port: Any, call: Callable[[str], Any]) -> tuple[Callable[[str], Any], list[Run]]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("port", port, effects={"send"})
    return migration.seam("s", legacy=lambda what: call(what), candidate=lambda what: call(what)), runs


def judged_once(seam: Callable[[str], Any], runs: list[Run], sent: list[tuple[str, Any]]) -> None:
    SENT.clear()
    runs.clear()
    seam("x")
    assert sent == SENT
    (run,) = runs
    assert run.verdict == "match", run.divergences
    assert run.legacy is not None
    assert [effect.name for effect in run.legacy.effects] == ["port.send"]


@pytest.mark.parametrize("put", [fake, functools.partial(fake), Mock(side_effect=fake)])
def test_what_replaces_a_function_of_a_module_acts_once(module: ModuleType, put: Any) -> None:
    seam, runs = seam_over(module, lambda what: module.send(what))
    module.send = put  # type: ignore[attr-defined]
    judged_once(seam, runs, [("fake", "x")])


@pytest.mark.parametrize("put", [fake, functools.partial(fake), Mock(side_effect=fake), staticmethod(fake)])
@pytest.mark.parametrize("whole", [True, False])
def test_what_replaces_a_method_of_a_class_acts_once(put: Any, whole: bool) -> None:
    client = Client()
    seam, runs = seam_over(Client if whole else client, lambda what: client.send(what))
    Client.send = put  # type: ignore[method-assign]
    judged_once(seam, runs, [("fake", "x")])


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("ways", [(fake, staticmethod(fake)), (staticmethod(fake), fake)])
def test_one_function_acts_once_as_a_method_and_as_a_static_one(ways: Any, whole: bool) -> None:
    client = Client()
    seam, runs = seam_over(Client if whole else client, lambda what: client.send(what))
    for put in (*ways, *ways):
        Client.send = put  # type: ignore[method-assign]
        judged_once(seam, runs, [("fake", "x")])


@pytest.mark.parametrize("put", [fake, functools.partial(fake), Mock(side_effect=fake)])
def test_what_stands_in_one_object_acts_once(put: Any) -> None:
    client = Client()
    seam, runs = seam_over(client, lambda what: client.send(what))
    judged_once(seam, runs, [("client", "x")])
    client.send = put  # type: ignore[method-assign]
    judged_once(seam, runs, [("fake", "x")])
    del client.send
    judged_once(seam, runs, [("client", "x")])


def test_a_function_is_replaced_and_put_back_as_often_as_somebody_likes(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    seam, runs = seam_over(Client, lambda what: client.send(what))
    for _ in range(3):
        with monkeypatch.context() as patched:
            patched.setattr(Client, "send", fake)
            judged_once(seam, runs, [("fake", "x")])
        judged_once(seam, runs, [("client", "x")])


def test_a_method_of_a_derived_class_that_came_late_acts_once() -> None:
    class Derived(Client):
        pass

    client = Derived()
    seam, runs = seam_over(Client, lambda what: client.send(what))
    judged_once(seam, runs, [("client", "x")])
    Derived.send = fake  # type: ignore[method-assign,assignment]
    judged_once(seam, runs, [("fake", "x")])


@pytest.mark.parametrize("port", ["class", "object", "module"])
def test_a_mock_in_place_of_a_function_stays_a_mock(module: ModuleType, port: str) -> None:
    client = Client()
    target: Any = {"class": Client, "object": client, "module": module}[port]
    holder = Client if port == "class" else target
    asked: Any = client if port == "class" else target
    seam, runs = seam_over(target, lambda what: asked.send(what))
    with patch.object(holder, "send", return_value=3) as mock:
        judged_once(seam, runs, [])
        mock.assert_called_once_with("x")
        asked.send.assert_called_once_with("x")
        assert isinstance(asked.send, MagicMock)
        assert asked.send == mock
        asked.send.return_value = 4
        assert seam("x") == 4
    assert not isinstance(asked.send, Mock)


def test_a_mock_with_the_signature_of_the_function_acts_once() -> None:
    client = Client()
    seam, runs = seam_over(Client, lambda what: client.send(what))
    with patch.object(Client, "send", autospec=True, side_effect=fake):
        judged_once(seam, runs, [("fake", "x")])
    namespace = SimpleNamespace(send=create_autospec(fake, side_effect=fake))
    seam, runs = seam_over(namespace, lambda what: namespace.send(what))
    judged_once(seam, runs, [("fake", "x")])


def test_an_asynchronous_mock_acts_once_and_stays_a_mock() -> None:
    class Async:
        async def send(self, what: Any) -> int:
            raise RuntimeError("the real one")

    client = Async()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("port", Async, effects={"send"})

    async def path(what: str) -> int:
        return await client.send(what)

    seam = migration.seam("s", legacy=path, candidate=path)
    with patch.object(Async, "send", AsyncMock(return_value=3)) as mock:
        assert asyncio.run(seam("x")) == 3
        mock.assert_awaited_once_with("x")
    assert [run.verdict for run in runs] == ["match"], runs[0].divergences


def test_the_methods_of_a_mock_that_is_a_port_stay_mocks() -> None:
    client = Mock()
    client.send = Mock(side_effect=fake)
    seam, runs = seam_over(client, lambda what: client.send(what))
    judged_once(seam, runs, [("fake", "x")])
    client.send.assert_called_once_with("x")
