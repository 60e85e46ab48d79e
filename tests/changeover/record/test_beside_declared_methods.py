"""What of a port is reached beside its declared methods is refused in a replay, and acts once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

STAGES, MODES = ["shadow", "live"], ["inline", "background"]
Does = Callable[[Any], Any]


def compared(
    make: Callable[[list[Any]], Any], does: Does, *, stage: str, mode: str, as_object: bool = False
) -> tuple[Run, list[Any]]:
    """The run of a path that does this with a port, on both sides, and what really happened."""
    happened: list[Any] = []
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    port = make(happened)
    target = port if as_object else type(port).__mro__[-2]
    migration.port("port", target, effects={"send"}, reads={"get"})

    def path(number: int) -> Any:
        return does(port)

    async def path_async(number: int) -> Any:
        return await does(port)

    chosen: Any = path_async if asyncio.iscoroutinefunction(does) else path
    seam: Any = migration.seam("s", legacy=chosen, candidate=chosen)
    asyncio.run(seam(1)) if chosen is path_async else seam(1)
    migration.flush()
    migration.close()
    return runs[0], happened


def shop(happened: list[Any]) -> Any:
    class Shop:
        def send(self, what: Any) -> None:
            happened.append(what)

        def get(self, name: str) -> Any:
            return name

        def __enter__(self) -> Any:
            happened.append("begin")
            return self

        def __exit__(self, *error: object) -> None:
            happened.append("end")

        async def __aenter__(self) -> Any:
            happened.append("begin")
            return self

        async def __aexit__(self, *error: object) -> None:
            happened.append("end")

        def __call__(self, what: Any) -> None:
            happened.append(what)

        def __setitem__(self, name: str, value: Any) -> None:
            happened.append((name, value))

        def __delitem__(self, name: str) -> None:
            happened.append(name)

        def __getitem__(self, name: str) -> Any:
            happened.append(name)
            return len(happened)

        def __contains__(self, name: str) -> bool:
            happened.append(name)
            return True

        def __iter__(self) -> Iterator[Any]:
            happened.append("asked")
            return iter([1])

    return Shop()


def derived(happened: list[Any]) -> Any:
    class Base:
        def send(self, what: Any) -> None:
            happened.append(what)

        def get(self, name: str) -> Any:
            return name

    class Live(Base):
        def cancel(self) -> None:
            happened.append("cancelled")

        def __enter__(self) -> Any:
            happened.append("begin")
            return self

        def __exit__(self, *error: object) -> None:
            happened.append("end")

    return Live()


def given(happened: list[Any]) -> Any:
    class Client:
        def send(self, what: Any) -> None:
            happened.append(what)

        def get(self, name: str) -> Any:
            return name

    client: Any = Client()
    client.flush = lambda: happened.append("flushed")
    return client


def enters(port: Any) -> None:
    with port:
        pass


async def enters_later(port: Any) -> None:
    async with port:
        pass


def calls(port: Any) -> None:
    port("called")


def sets(port: Any) -> None:
    port["a"] = 1


def deletes(port: Any) -> None:
    del port["a"]


def asks(port: Any) -> Any:
    return port["a"]


def looks(port: Any) -> bool:
    return "a" in port


def goes_through(port: Any) -> list[Any]:
    return [*port]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("as_object", [False, True], ids=["class", "object"])
@pytest.mark.parametrize(
    "does",
    [enters, enters_later, calls, sets, deletes, asks, looks, goes_through],
    ids=lambda does: does.__name__,
)
def test_a_special_method_that_nobody_declared_acts_once_and_fails_the_run(
    does: Does, as_object: bool, mode: str, stage: str
) -> None:
    once: list[Any] = []
    port = shop(once)
    asyncio.run(does(port)) if asyncio.iscoroutinefunction(does) else does(port)

    run, happened = compared(shop, does, stage=stage, mode=mode, as_object=as_object)

    assert happened == once
    assert run.verdict is Verdict.FAILED
    assert "undeclared-call: port.__" in str(run.reason)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("does", [lambda port: port.cancel(), enters], ids=["method", "context"])
def test_what_a_derived_class_adds_to_a_port_acts_once(does: Does, mode: str, stage: str) -> None:
    once: list[Any] = []
    does(derived(once))

    run, happened = compared(derived, does, stage=stage, mode=mode)

    assert happened == once
    assert run.verdict is Verdict.FAILED
    assert "undeclared-call" in str(run.reason)


def test_a_function_that_an_object_was_given_acts_once() -> None:
    run, happened = compared(given, lambda port: port.flush(), stage="shadow", mode="inline", as_object=True)
    assert happened == ["flushed"]
    assert run.verdict is Verdict.FAILED
    assert "port.flush" in str(run.reason)


def thin(happened: list[Any]) -> Any:
    class Thin:
        """Its special methods do nothing but to call what is declared."""

        def send(self, what: Any) -> None:
            happened.append(what)

        def get(self, name: str) -> Any:
            return None if name == "none" else name

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *error: object) -> None:
            self.send("closed")

        def __call__(self, what: Any) -> Any:
            return self.get(what)

        def __getitem__(self, name: str) -> Any:
            found = self.get(name)
            if found is None:
                raise KeyError(name)
            return found

    return Thin()


def asks_for_none(port: Any) -> str:
    with suppress(KeyError):
        return str(port["none"])
    return "none"


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("does", [enters, asks, lambda port: port("a"), asks_for_none])
def test_one_that_only_calls_what_is_declared_is_no_call_of_its_own(
    does: Does, mode: str, stage: str
) -> None:
    run, _ = compared(thin, does, stage=stage, mode=mode)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def test_a_special_method_that_is_declared_is_compared() -> None:
    class Lock:
        def __enter__(self) -> Any:
            return self

        def __exit__(self, *error: object) -> None:
            pass

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("lock", Lock, effects={"__enter__": lambda: 0, "__exit__": lambda *error: 0})
    lock = Lock()

    def locked(number: int) -> bool:
        with lock as held:
            return held is lock

    migration.seam("s", legacy=locked, candidate=locked)(1)
    assert (runs[0].verdict, runs[0].reason) == (Verdict.MATCH, None)
    assert [entry.method.name for entry in runs[0].tape.entries] == ["__enter__", "__exit__"]
