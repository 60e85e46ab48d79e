"""Which classes are a port's: those that are derived from it or registered with it, and no others."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

Happened = list[Any]


def registered(happened: Happened) -> tuple[type, type, Callable[[], object]]:
    class Port(abc.ABC):
        @abc.abstractmethod
        def send(self, what: Any) -> None: ...

    class Adapter:
        def send(self, what: Any) -> None:
            happened.append(what)

    return Port, Adapter, lambda: Port.register(Adapter)


def registered_with_what_it_inherits(happened: Happened) -> tuple[type, type, Callable[[], object]]:
    port, base, _ = registered(happened)
    adapter = type("Adapter", (base,), {})
    return port, type("Derived", (adapter,), {}), lambda: port.register(adapter)  # type: ignore[attr-defined]


def registered_with_a_derived_class(happened: Happened) -> tuple[type, type, Callable[[], object]]:
    port, adapter, _ = registered(happened)
    derived = abc.ABCMeta("DerivedPort", (port,), {})
    return port, adapter, lambda: derived.register(adapter)


def derived_from_a_protocol(happened: Happened) -> tuple[type, type, Callable[[], object]]:
    class Port(Protocol):
        def send(self, what: Any) -> None: ...

    class Adapter(Port):
        def send(self, what: Any) -> None:
            happened.append(what)

    return Port, Adapter, lambda: None


def with_the_method_of_a_protocol(happened: Happened) -> tuple[type, type, Callable[[], object]]:
    class Port(Protocol):
        def send(self, what: Any) -> None:
            happened.append(what)

    class Adapter(Port):
        pass

    return Port, Adapter, lambda: None


FAMILIES = [
    registered,
    registered_with_what_it_inherits,
    registered_with_a_derived_class,
    derived_from_a_protocol,
    with_the_method_of_a_protocol,
]


@pytest.mark.parametrize("late", [False, True], ids=["before", "after the declaration"])
@pytest.mark.parametrize("handed_over", [False, True], ids=["closure", "argument"])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_an_object_of_the_family_does_is_done_once_and_compared(
    family: Any, handed_over: bool, late: bool
) -> None:
    for more, verdict in ((0, Verdict.MATCH), (1, Verdict.UNSAFE)):
        happened: Happened = []
        runs: list[Run] = []
        port, adapter, register = family(happened)
        if not late:
            register()
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
        migration.port("port", port, effects={"send"})
        if late:
            register()
        one = adapter()

        def path(added: int, one: Any = one) -> Callable[..., None]:
            if handed_over:
                return lambda given, what: given.send(what + added)
            return lambda given, what: one.send(what + added)

        seam = migration.seam("s", legacy=path(0), candidate=path(more))
        seam(one if handed_over else None, 7)
        assert happened == [7]
        assert [run.verdict for run in runs] == [verdict], runs[0].reason


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("checked", [False, True])
def test_by_a_protocol_that_no_class_is_derived_from_no_run_is_compared(checked: bool, mode: str) -> None:
    class Port(Protocol):
        def send(self, what: Any) -> None: ...

    class Below(Port, Protocol):
        def more(self) -> None: ...

    class Adapter:  # it looks like one, as many classes may
        def send(self, what: Any) -> None: ...

        def more(self) -> None: ...

    port, runs, adapter = runtime_checkable(Port) if checked else Port, list[Run](), Adapter()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode=mode)
    migration.port("port", port, effects={"send"})
    called: list[int] = []

    def legacy(number: int) -> int:
        adapter.send(number)
        return number

    def candidate(number: int) -> int:
        called.append(number)
        return legacy(number)

    seam = migration.seam("s", legacy=legacy, candidate=candidate)
    assert seam(1) == 1
    migration.flush()
    assert (runs[0].verdict, called) == (Verdict.FAILED, [])
    assert "no class is derived from the protocol Port" in str(runs[0].reason)

    class Derived(Port):  # as in a module that is imported later
        def send(self, what: Any) -> None: ...

    adapter = Derived()  # type: ignore[assignment]
    seam(2)
    migration.flush()
    assert runs[1].verdict is not Verdict.FAILED, runs[1].reason
    assert called == [2]


def test_what_only_looks_like_a_protocol_is_an_argument_like_any_other() -> None:
    port, _, _ = derived_from_a_protocol([])
    happened: Happened = []

    class Looks:
        def __init__(self) -> None:
            self.sent: Happened = []

        def send(self, what: Any) -> None:
            self.sent.append(what)

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("port", port, effects={"send"})
    seam = migration.seam(
        "s", legacy=lambda one: one.send(1), candidate=lambda one: [one.send(n) for n in (1, 2)] and None
    )
    one = Looks()
    seam(one)
    assert one.sent == [1]
    assert happened == []
    assert [run.verdict for run in runs] == [Verdict.DIVERGED]


def test_a_builtin_class_that_is_registered_breaks_no_declaration() -> None:
    port, adapter, register = registered([])
    port.register(bytearray)  # type: ignore[attr-defined]
    register()
    Migration().port("port", port, effects={"send"})
    adapter().send(1)


def test_what_only_looks_like_a_port_acts_twice_where_it_is_not_handed_over() -> None:
    happened: Happened = []
    port, looks, _ = registered(happened)
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"})
    migration.port("port", port, effects={"send"})
    one = looks()
    seam = migration.seam("s", legacy=lambda what: one.send(what), candidate=lambda what: one.send(what))
    seam(7)
    assert happened == [7, 7]
