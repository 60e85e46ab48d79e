"""What a mock of a test is called for happens once, and is compared where it is a mock of a port's class."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock
from unittest.mock import AsyncMock, MagicMock, Mock, create_autospec

import pytest

from changeover import Migration, Run
from changeover.record import port_mocks
from changeover.values.verdict import Verdict


def client_class() -> type:
    class Client:
        def send(self, what: Any) -> Any:
            raise AssertionError(what)

        def get(self, name: Any) -> Any:
            raise AssertionError(name)

        @staticmethod
        def tell(what: Any) -> Any:
            raise AssertionError(what)

        async def post(self, what: Any) -> Any:
            raise AssertionError(what)

    return Client


MOCKED: dict[str, Callable[[type], Any]] = {
    "Mock": lambda cls: Mock(spec=cls),
    "MagicMock": lambda cls: MagicMock(spec_set=cls),
    "create_autospec": lambda cls: create_autospec(cls, instance=True),
    "an object of a mock": lambda cls: create_autospec(cls)(),
    "derived": lambda cls: Mock(spec=type("Derived", (cls,), {})),
}


class Program:
    """A seam `s` in shadow, and what its runs were."""

    def __init__(self, cls: type | None = None, *, stage: str = "shadow", mode: Any = "inline") -> None:
        self.runs: list[Run] = []
        variables = {"CHANGEOVER_STAGE_S": stage}
        self.migration = Migration(environment=variables, sink=self.runs.append, mode=mode)
        cls = cls or client_class()
        self.migration.port("port", cls, effects={"send", "tell", "post"}, reads={"get"})

    def run(self, legacy: Any, candidate: Any, *args: Any) -> Run:
        answer: Any = self.migration.seam("s", legacy=legacy, candidate=candidate)(*args)
        if asyncio.iscoroutine(answer):
            asyncio.run(answer)
        self.migration.close()
        (run,) = self.runs
        return run


def sends(client: Any, number: int, more: int = 0) -> Any:
    found = client.get(number)
    client.tell(found)
    client.send(found + more)
    return found


HELD: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("stage", "mode"), [("shadow", "inline"), ("live", "inline"), ("shadow", "background")]
)
@pytest.mark.parametrize("where", ["closure", "module", "argument", "object"])
@pytest.mark.parametrize("made", MOCKED)
def test_a_mock_of_a_ports_class_is_called_once_and_compared(
    made: str, where: str, stage: str, mode: str
) -> None:
    for more, verdict in ((0, Verdict.MATCH), (1, Verdict.UNSAFE)):
        run, client = of_a_mock(made, where, stage, mode, more)
        assert run.verdict is verdict, run.reason
        assert client.get.call_count == client.send.call_count == client.tell.call_count == 1
        assert len(client.mock_calls) == 3
        client.send.assert_called_once_with(5 if stage == "shadow" else 5 + more)


def of_a_mock(made: str, where: str, stage: str, mode: str, more: int) -> tuple[Run, Any]:
    cls = client_class()
    program = Program(cls, stage=stage, mode=mode)
    client = MOCKED[made](cls)
    client.get.side_effect = [5, 6, 7]
    client.send.return_value = 3
    HELD["client"] = client
    holder = type("Desk", (), {})()
    holder.client = client
    call: Any = {
        "closure": lambda added: lambda number: sends(client, number, added),
        "module": lambda added: lambda number: sends(HELD["client"], number, added),
        "argument": lambda added: lambda one, number: sends(one, number, added),
        "object": lambda added: lambda one, number: sends(one.client, number, added),
    }[where]
    given = {"argument": (client,), "object": (holder,)}.get(where, ())
    return program.run(call(0), call(more), *given, 1), client


def test_an_awaited_method_of_a_mock_is_awaited_once() -> None:
    cls = client_class()
    client = create_autospec(cls, instance=True)

    def path(more: int) -> Any:
        async def called(number: int) -> Any:
            return await client.post(number + more)

        return called

    assert Program(cls).run(path(0), path(0), 1).verdict is Verdict.MATCH
    client.post.assert_awaited_once_with(1)
    assert Program(cls).run(path(0), path(1), 2).verdict is Verdict.UNSAFE
    assert client.post.await_count == 2


def asked(mailer: Any) -> Any:
    """What a path may do with a mock, without anything that acts."""
    with mailer as opened:
        opened.begin()
    list(mailer)
    mailer.name.upper()
    told = mailer["a"], len(mailer), mailer.rate("DE"), mailer.box().take(1).count
    try:
        mailer.fail()
    except LookupError as error:
        return told[2], str(error)
    return None


def mailer_of_a_test() -> Any:
    mailer = MagicMock(name="mailer")
    mailer.rate.return_value = 4
    mailer.fail.side_effect = LookupError("no")
    return mailer


@pytest.mark.parametrize(
    ("stage", "mode"), [("shadow", "inline"), ("live", "inline"), ("shadow", "background")]
)
def test_any_other_mock_counts_what_the_answering_path_does(stage: str, mode: str) -> None:
    alone, mailer = mailer_of_a_test(), mailer_of_a_test()
    HELD["mailer"] = mailer
    asked(alone)
    run = Program(stage=stage, mode=mode).run(
        lambda number: asked(HELD["mailer"]), lambda number: asked(mailer), 1
    )
    assert run.verdict is Verdict.MATCH, run.reason
    assert mailer.mock_calls == alone.mock_calls
    assert mailer.rate.call_args == mock.call("DE")


def test_a_mock_that_is_awaited_counts_what_the_answering_path_does() -> None:
    mailer = AsyncMock()
    mailer.rate.return_value = 4

    async def path(number: int) -> Any:
        return await mailer.rate(number)

    assert Program().run(path, path, 1).verdict is Verdict.MATCH
    mailer.rate.assert_awaited_once_with(1)


def test_a_function_that_is_a_mock_counts_what_the_answering_path_does() -> None:
    def rate(country: str) -> int:
        raise AssertionError(country)

    known = create_autospec(rate, return_value=4)
    run = Program().run(lambda number: known("DE"), lambda number: known("DE"), 1)
    assert run.verdict is Verdict.MATCH
    known.assert_called_once_with("DE")
    assert known.call_count == 1


@pytest.mark.parametrize("effect", ["function", "list", "wraps"])
def test_a_mock_that_would_act_is_refused(effect: str) -> None:
    happened: list[Any] = []
    mailer = Mock(name="mailer")
    if effect == "wraps":
        mailer.send = Mock(wraps=happened.append)
    else:
        mailer.send.side_effect = happened.append if effect == "function" else [1, 2, 3]
    run = Program().run(lambda number: mailer.send(number), lambda number: mailer.send(number), 1)
    assert run.verdict is Verdict.FAILED
    assert "the mock" in str(run.reason)
    mailer.send.assert_called_once_with(1)
    assert happened == ([] if effect == "list" else [1])

    run = Program().run(lambda number: None, lambda number: mailer.send(number), 1)
    assert run.verdict is Verdict.FAILED
    assert mailer.send.call_count == 1


def test_mocks_that_would_act_in_another_order_prove_nothing() -> None:
    first, second = Mock(side_effect=lambda: 1), Mock(side_effect=lambda: 1)
    run = Program().run(lambda number: (first(), second()), lambda number: (second(), first())[::-1], 1)
    assert run.verdict is Verdict.FAILED
    assert "has a side effect" in str(run.reason)


@pytest.mark.parametrize("effect", [None, lambda: 1])
def test_a_view_that_calls_a_mock_changes_nothing_of_it(effect: Any) -> None:
    asked_by_views = Mock(side_effect=effect, return_value=1)
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    view = (lambda answer: asked_by_views(), lambda answer: asked_by_views())
    migration.seam("s", legacy=lambda number: number, candidate=lambda number: number, view=view)(1)
    assert asked_by_views.call_count == 0
    assert runs[0].verdict is (Verdict.MATCH if effect is None else Verdict.FAILED)


@pytest.mark.parametrize("mode", ["inline", "background"])
def test_a_mock_in_the_place_of_a_property_is_asked_once(mode: Any) -> None:
    class Client:
        @property
        def rate(self) -> int:
            raise AssertionError

        @rate.setter
        def rate(self, rate: int) -> None:
            raise AssertionError

        def send(self, what: Any) -> None:
            """Declared, so that something is compared."""

    for more, verdict in ((0, Verdict.MATCH), (1, Verdict.UNSAFE)):
        runs: list[Run] = []
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode=mode)
        migration.port("port", Client, reads={"rate"}, effects={"send"})
        client = Client()
        with mock.patch.object(Client, "rate", new_callable=mock.PropertyMock, return_value=9) as rate:

            def path(number: int, more: int = 0, client: Any = client) -> int:
                client.send(client.rate + more)
                return number

            seam = migration.seam("s", legacy=path, candidate=functools.partial(path, more=more))
            assert seam(1) == 1
            migration.close()
            rate.assert_called_once_with()
            client.rate = 3
            assert rate.mock_calls == [mock.call(), mock.call(3)]
        assert runs[0].verdict is verdict, runs[0].reason


def test_a_mock_of_a_file_is_read_by_both_paths_and_opened_once() -> None:
    opened = mock.mock_open(read_data="ab")

    def path(number: int) -> str:
        with opened("somewhere") as file:
            return str(file.read()) + "".join(file)

    run = Program().run(path, lambda number: path(number), 1)
    assert run.verdict is Verdict.MATCH, run.reason
    opened.assert_called_once_with("somewhere")


def test_a_mock_that_was_made_before_the_first_run_counts_what_the_answering_path_does() -> None:
    program = Program()
    known = Mock(return_value=3)

    def path(number: int) -> int:
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(known, range(number)))

    assert program.run(path, lambda number: path(number), 3).verdict is Verdict.MATCH
    assert known.call_count == 3


def test_a_mock_that_is_handed_over_is_copied_and_compared() -> None:
    for more, verdict in ((0, Verdict.MATCH), (1, Verdict.DIVERGED)):
        mailer = Mock()
        run = Program().run(
            lambda given: given.send(1) and None,
            lambda given, more=more: given.send(1 + more) and None,
            mailer,
        )
        assert run.verdict is verdict, run.reason
        mailer.send.assert_called_once_with(1)


def test_a_path_has_mocks_of_its_own() -> None:
    def path(number: int) -> Any:
        own = Mock(return_value=number)
        own.other.side_effect = [1, 2]
        return own(1), own.other(), own.other(), own.call_count, len(own.mock_calls)

    assert Program().run(path, path, 1).verdict is Verdict.MATCH


def test_a_wrong_call_of_a_mock_is_one_in_a_replay_too() -> None:
    known = create_autospec(lambda country: 0, return_value=4)

    def path(number: int) -> Any:
        try:
            return known()
        except TypeError as error:
            return str(error)

    assert Program().run(path, path, 1).verdict is Verdict.MATCH


def test_a_mock_of_before_is_called_as_it_is() -> None:
    before = Mock(return_value=4)
    delattr(type(before), port_mocks._MADE)
    run = Program().run(lambda number: before(number), lambda number: before(number), 1)
    assert run.verdict is Verdict.MATCH
    assert before.call_count == 2


def test_mocks_are_what_they_were_outside_of_runs() -> None:
    Program()
    assert "__call__" in vars(sys.modules["unittest.mock"].CallableMixin)
    one = Mock(spec=functools.partial, return_value=4)
    assert one(1) == 4
    assert [name for name in dir(one) if "changeover" in name] == []
    child = Mock()
    child.a.b(1)
    assert child.mock_calls == [mock.call.a.b(1)]
