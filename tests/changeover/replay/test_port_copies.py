"""A copy of a port answers as itself, and no call of the replayed path ever reaches the real object."""

import asyncio
import copy
import types
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changeover import Migration, Run, fresh
from changeover.record.replay_problems import ProblemKind

REAL: list[int] = []
COPIED: list[int] = []


def in_shadow(**options: Any) -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0, world="copy", **options
    )
    return migration, runs


def client_class(depth: int, slots: bool, is_async: bool, static: bool) -> Any:
    """A class whose instances know where they write; `depth` classes stand above it."""

    def submit(self: Any, quantity: int) -> str:
        self.log.append(quantity)
        return f"order {quantity}"

    async def submit_later(self: Any, quantity: int) -> str:
        self.log.append(quantity)
        return f"order {quantity}"

    def for_all(quantity: int) -> str:
        REAL.append(quantity)
        return f"order {quantity}"

    def begin(self: Any) -> None:
        self.log = REAL

    base: Any = type(
        "Base",
        (),
        {
            "__init__": begin,
            "submit": staticmethod(for_all) if static else submit_later if is_async else submit,
            "held": property(lambda self: len(self.log)),
            **({"__slots__": ("log",)} if slots else {}),
        },
    )
    for _ in range(depth):
        base = type("Derived", (base,), {"__slots__": ()} if slots else {})
    return base


def subclass_simulator(real: Any) -> Any:
    cls: Any = type("Simulator", (type(real),), {"submit": lambda self, quantity: _simulated(self, quantity)})
    made = cls.__new__(cls)
    made.log = COPIED
    return made


def _simulated(self: Any, quantity: int) -> str:
    COPIED.append(quantity)
    return f"order {quantity}"


def simulator_that_asks_its_base(real: Any) -> Any:
    cls: Any = type("Simulator", (type(real),), {"submit": lambda self, n: super(cls, self).submit(n)})
    made = cls.__new__(cls)
    made.log = COPIED
    return made


def stranger(real: Any) -> Any:
    return type("Stranger", (), {"submit": _simulated, "held": 0})()


def shallow(real: Any) -> Any:
    made = copy.copy(real)
    made.log = COPIED
    return made


class Proxy:
    """Hands everything on to the real object."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Holder:
    """Acts through the real object."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def submit(self, quantity: int) -> Any:
        return self.real.submit(quantity)


HONEST: dict[str, Callable[[Any], Any]] = {
    "subclass": subclass_simulator,
    "asks its base": simulator_that_asks_its_base,
    "stranger": stranger,
    "shallow": shallow,
}
WRONG: dict[str, Callable[[Any], Any]] = {
    "itself": lambda real: real,
    "proxy": Proxy,
    "holder": Holder,
    "nothing": lambda real: object(),
}


@settings(deadline=None, max_examples=150)
@given(
    depth=st.integers(0, 2),
    slots=st.booleans(),
    is_async=st.booleans(),
    static=st.booleans(),
    by_class=st.booleans(),
    built=st.booleans(),
    kind=st.sampled_from([*HONEST, *WRONG]),
    asks_first=st.booleans(),
)
def test_a_call_of_the_replayed_path_never_reaches_the_real_object(
    depth: int,
    slots: bool,
    is_async: bool,
    static: bool,
    by_class: bool,
    built: bool,
    kind: str,
    asks_first: bool,
) -> None:
    REAL.clear()
    COPIED.clear()
    is_async = is_async and not static
    cls = client_class(depth, slots, is_async, static)
    client = cls()
    migration, runs = in_shadow()
    migration.port(
        "broker",
        cls if by_class else client,
        effects={"submit": lambda quantity: "order"},
        reads={"held"},
        world={**HONEST, **WRONG}[kind],
    )

    def path(broker: Any, times: int) -> Callable[[int], Any]:
        def sync(quantity: int) -> Any:
            if asks_first and times > 1:
                _ = broker.held
            return broker.submit(times * quantity)

        async def later(quantity: int) -> Any:
            result = broker.submit(times * quantity)
            return await result if asyncio.iscoroutine(result) else result

        return later if is_async else sync

    candidate: Any = fresh(lambda ports: path(ports.broker, 10)) if built else path(client, 10)
    seam = migration.seam("s", legacy=path(client, 1), candidate=candidate)
    answer = asyncio.run(seam(7)) if is_async else seam(7)
    assert answer == "order 7"
    assert REAL == [7]
    (run,) = runs
    assert run.verdict != "match"
    if kind in HONEST and not static and not (asks_first and kind == "stranger"):
        assert (run.verdict, COPIED) == ("unsafe", [70])


@pytest.mark.parametrize("kind", WRONG)
def test_a_copy_that_is_none_is_refused_with_its_reason(kind: str) -> None:
    client = client_class(0, slots=False, is_async=False, static=False)()
    migration, runs = in_shadow()
    migration.port("broker", client, effects={"submit": lambda quantity: "order"}, world=WRONG[kind])
    migration.seam("s", legacy=client.submit, candidate=lambda quantity: client.submit(quantity))(7)
    (run,) = runs
    assert run.verdict in ("failed", "unsafe")
    assert {note.kind for note in run.notes} & {ProblemKind.UNDECLARED_CALL, ProblemKind.UNDECLARED_EFFECT}


def test_a_copy_of_a_module_acts_in_its_place() -> None:
    sent: list[str] = []
    mail = types.ModuleType("mail_of_this_test")
    mail.send = lambda to: sent.append(to)  # type: ignore[attr-defined]

    class Outbox:
        def __init__(self) -> None:
            self.sent: list[str] = []

        def send(self, to: str) -> None:
            self.sent.append(to)

    made: list[Outbox] = []

    def outbox(module: Any) -> Outbox:
        made.append(Outbox())
        return made[-1]

    migration, runs = in_shadow()
    migration.port("mail", mail, effects={"send"}, world=outbox)
    path = lambda to: mail.send(to)  # noqa: E731
    migration.seam("s", legacy=path, candidate=path)("a@example.org")
    assert (sent, [box.sent for box in made]) == (["a@example.org"], [["a@example.org"]])
    assert runs[0].verdict == "match"


def test_a_copy_of_a_module_that_has_its_functions_is_refused() -> None:
    sent: list[str] = []
    mail = types.ModuleType("mail_of_this_test")
    mail.send = lambda to: sent.append(to)  # type: ignore[attr-defined]
    migration, runs = in_shadow()
    migration.port("mail", mail, effects={"send"}, world=lambda module: types.SimpleNamespace(**vars(module)))
    path = lambda to: mail.send(to)  # noqa: E731
    migration.seam("s", legacy=path, candidate=path)("a@example.org")
    assert sent == ["a@example.org"]
    assert runs[0].verdict == "failed"


def test_of_several_objects_none_stands_for_a_path_that_is_built_anew() -> None:
    cls = client_class(0, slots=False, is_async=False, static=False)
    one, other = cls(), cls()
    migration, runs = in_shadow()
    migration.port("broker", cls, effects={"submit": lambda quantity: "order"}, world=shallow)

    def legacy(quantity: int) -> Any:
        one.submit(quantity)
        return other.submit(quantity)

    candidate = fresh(lambda ports: lambda quantity: ports.broker.submit(quantity))
    migration.seam("s", legacy=legacy, candidate=candidate)(1)
    assert runs[0].verdict == "failed"
    assert runs[0].reason is not None
    assert "broker.submit" in runs[0].reason


def test_a_copy_is_taken_before_a_seam_inside_changes_the_object() -> None:
    class Account:
        def __init__(self) -> None:
            self.held = 0

        def add(self, quantity: int) -> int:
            self.held += quantity
            return self.held

    account = Account()
    runs: list[Run] = []
    stages = {"CHANGEOVER_STAGE_OUTER": "shadow", "CHANGEOVER_STAGE_INNER": "shadow"}
    migration = Migration(environment=stages, sink=runs.append, refresh_s=0, world="copy")
    migration.port("account", Account, effects={"add"}, world=copy.copy)
    inner = migration.seam("inner", legacy=lambda n: account.add(n), candidate=lambda n: account.add(n))
    migration.seam("outer", legacy=lambda n: inner(n), candidate=lambda n: account.add(n))(1)
    assert account.held == 1
    assert {run.seam: run.verdict for run in runs} == {"inner": "match", "outer": "match"}


@pytest.mark.parametrize("by_class", [True, False], ids=["of a class", "of an object"])
@pytest.mark.parametrize("raises", [1, 9], ids=["the first time", "every time"])
def test_a_copy_that_cannot_be_made_is_named_and_not_made_later(by_class: bool, raises: int) -> None:
    class Broker:
        def submit(self, quantity: int) -> int:
            return quantity

    broker, asked = Broker(), []

    def copied(real: Broker) -> Broker:
        asked.append(real)
        if len(asked) <= raises:
            raise OSError("no room for a copy")
        return copy.copy(real)

    migration, runs = in_shadow()
    migration.port("broker", Broker if by_class else broker, effects={"submit": lambda n: n}, world=copied)
    answer = migration.seam("s", legacy=lambda n: broker.submit(n), candidate=lambda n: broker.submit(n))
    assert answer(5) == 5
    assert (runs[0].verdict, len(asked)) == ("failed", 1)
    assert runs[0].reason is not None
    assert "world= raised OSError: no room for a copy" in runs[0].reason
