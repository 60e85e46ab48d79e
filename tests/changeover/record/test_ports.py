"""Ports: what may be declared, what is instrumented, and what a call outside any run costs the caller."""

import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any, Generic, TypeVar

import pytest

from changeover import ConfigurationError, Migration, Run


def migration_of(target: Any, **classes: Any) -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    migration.port("port", target, **classes)
    return migration, runs


class Client:
    def __init__(self) -> None:
        self.sent: list[Any] = []

    def read(self, what: str, *, deep: bool = False) -> str:
        return f"{what} {deep}"

    def send(self, what: Any) -> int:
        self.sent.append(what)
        return len(self.sent)

    def forgotten(self) -> str:
        return "passed"

    @property
    def balance(self) -> int:
        return len(self.sent)

    def stream(self) -> Iterator[int]:
        yield 1


def test_objects_made_before_the_declaration_are_covered() -> None:
    client = Client()
    migration, runs = migration_of(Client, reads={"read"}, effects={"send"})
    seam = migration.seam("s", legacy=lambda: client.send("x"), candidate=lambda: client.send("x"))
    assert seam() == 1
    assert client.sent == ["x"]
    assert runs[0].candidate is not None
    assert [call.name for call in runs[0].candidate.effects] == ["port.send"]


def test_clients_that_a_path_builds_for_itself_are_covered() -> None:
    migration, runs = migration_of(Client, effects={"send"})
    built: list[Client] = []

    def path() -> int:
        built.append(Client())
        return built[-1].send("x")

    migration.seam("s", legacy=path, candidate=path)()
    assert [client.sent for client in built] == [["x"], []]
    assert not runs[0].divergences


def test_a_class_that_is_derived_after_the_declaration_is_covered() -> None:
    migration, _ = migration_of(Client, effects={"send"})

    class Late(Client):
        def send(self, what: Any) -> int:
            return super().send(f"late {what}")

    client = Late()
    migration.seam("s", legacy=lambda: client.send("x"), candidate=lambda: client.send("x"))()
    assert client.sent == ["late x"]


def test_only_the_declared_object_is_a_port() -> None:
    one, other = Client(), Client()
    migration, _ = migration_of(one, effects={"send"})
    both = lambda: (one.send("x"), other.send("x"))  # noqa: E731
    migration.seam("s", legacy=both, candidate=both)()
    assert len(one.sent) == 1
    assert len(other.sent) == 2


def test_functions_of_an_object_without_a_class_of_its_own_are_covered() -> None:
    sent: list[int] = []
    client = SimpleNamespace(send=sent.append)
    migration, runs = migration_of(client, effects={"send"})
    migration.seam("s", legacy=lambda: client.send(1), candidate=lambda: client.send(1))()
    assert sent == [1]
    assert runs[0].legacy is not None
    assert runs[0].legacy.effects[0].name == "port.send"


def test_names_imported_from_a_module_are_covered() -> None:
    module, user = ModuleType("fake_port_module"), ModuleType("fake_user")
    exec("sent = []\ndef send(what):\n    sent.append(what)\n", module.__dict__)  # noqa: S102
    user.send = module.send  # type: ignore[attr-defined]
    sys.modules.update({"fake_port_module": module, "fake_user": user})
    try:
        migration, _ = migration_of(module, effects={"send"})
        migration.seam("s", legacy=lambda: user.send(1), candidate=lambda: user.send(1))()
        assert module.sent == [1]
    finally:
        del sys.modules["fake_port_module"], sys.modules["fake_user"]


def test_properties_may_be_reads() -> None:
    client = Client()
    migration, runs = migration_of(Client, reads={"balance"}, effects={"send"})
    path = lambda: (client.send("x"), client.balance)  # noqa: E731
    assert migration.seam("s", legacy=path, candidate=path)() == (1, 1)
    assert runs[0].verdict == "match"
    assert client.balance == 1


def test_the_same_question_asked_by_position_or_by_name_is_the_same_read() -> None:
    client = Client()
    migration, runs = migration_of(Client, reads={"read"})
    migration.seam(
        "s", legacy=lambda: client.read("a"), candidate=lambda: client.read(deep=False, what="a")
    )()
    assert runs[0].verdict == "match"


def test_an_undeclared_method_passes_with_one_warning_and_fails_the_replay(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Sloppy(Client):
        pass

    client = Sloppy()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("sloppy", Sloppy, reads={"read"})
    seam = migration.seam("s", legacy=lambda: client.forgotten(), candidate=lambda: client.forgotten())
    with caplog.at_level(logging.WARNING):
        assert [seam(), seam()] == ["passed", "passed"]
    assert len([record for record in caplog.records if "sloppy.forgotten" in record.getMessage()]) == 1
    assert [run.verdict for run in runs] == ["failed", "failed"]
    assert "undeclared-call" in (runs[0].reason or "")
    assert "sloppy.forgotten" in {method.full_name for method in migration.undeclared}


def test_what_a_port_calls_on_itself_or_on_other_ports_is_its_own_affair() -> None:
    class Outer(Client):
        def send_twice(self, what: str) -> int:
            return self.send(what) + self.send(what)

    client = Outer()
    migration, runs = migration_of(Outer, effects={"send", "send_twice"})
    migration.seam("s", legacy=lambda: client.send_twice("x"), candidate=lambda: client.send_twice("x"))()
    assert client.sent == ["x", "x"]
    assert [entry.method.name for entry in runs[0].tape.entries] == ["send_twice"]


def test_a_fixed_method_answers_for_real_and_leaves_a_digest() -> None:
    client = Client()
    migration, runs = migration_of(Client, fixed={"read"})
    migration.seam(
        "s", legacy=lambda: client.read("a"), candidate=lambda: client.read("a") or client.read("b")
    )()
    entry = runs[0].tape.entries[0]
    assert runs[0].verdict == "match"
    assert entry.outcome is None
    assert entry.answer_digest


def test_local_values_may_be_minted_from_the_seed_of_the_run() -> None:
    client = Client()
    minted: list[Any] = []
    migration, _ = migration_of(Client, local={"read": lambda rng, what: rng.randrange(10**9)})
    seam = migration.seam("s", legacy=lambda: None, candidate=lambda: minted.append(client.read("x")))
    with migration.resume(migration.pinned()):
        seam()
        seam()
    assert minted[0] == minted[1]


def test_the_source_line_of_an_effect_is_the_line_that_asked() -> None:
    client = Client()
    migration, runs = migration_of(Client, effects={"send"})
    migration.seam("s", legacy=lambda: client.send("x"), candidate=lambda: client.send("x"))()
    assert runs[0].legacy is not None
    site = runs[0].legacy.effects[0].asked_at
    assert site is not None
    assert site.startswith("record/test_ports.py:")


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ({"reads": {"raed"}}, "'raed' is no method of"),
        ({"reads": {"read"}, "effects": {"read"}}, "declared as effect and read, allowed: one of them"),
        ({"reads": {"stream"}}, "is a generator"),
        ({"reads": "read"}, "was 'read', allowed: names of methods"),
        ({"reads": [["read"]]}, "is no text, allowed: names of methods"),
        ({"reads": {"read": 5}}, "the key of 'read' was 5, allowed: a function"),
        ({"effects": {"send"}, "unaffected": {"send"}}, "unaffected: 'send' is not among the reads"),
    ],
)
def test_a_wrong_declaration_says_what_is_allowed(classes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Migration(environment={}).port("port", Client, **classes)


T = TypeVar("T")


class Kept(Generic[T]):
    """A repository of any entity."""

    def send(self, what: T) -> None:
        """Keep it."""


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("os.path", "was 'os.path', allowed: a class, a module or an object"),
        (5, "was 5, allowed: a class, a module or an object"),
        (Client.send, "was the function Client.send, allowed: the module or class in which it stands"),
        (Client().send, "was the function Client.send, allowed: the module or class in which it stands"),
        (len, "was the function len, allowed: the module or class in which it stands"),
        (Kept[int], "allowed: the class itself, Kept"),
    ],
)
def test_what_is_no_port_is_refused_with_what_to_declare(target: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Migration(environment={}).port("port", target, effects={"send"})


def test_a_type_that_cannot_be_changed_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="give a class of your own"):
        Migration(environment={}).port("list", [], effects={"append"})


def test_an_exception_of_a_port_is_the_same_object_for_the_path() -> None:
    error = LookupError("none")

    class Failing:
        def get(self) -> None:
            raise error

    failing = Failing()
    caught: list[LookupError] = []

    def path() -> None:
        try:
            failing.get()
        except LookupError as raised:
            caught.append(raised)

    migration, _ = migration_of(failing, reads={"get"})
    migration.seam("s", legacy=path, candidate=path)()
    assert caught[0] is error
    assert caught[1] is not error
    assert str(caught[1]) == "none"


def test_arguments_are_kept_as_they_were_when_the_call_was_made() -> None:
    @dataclass
    class Basket:
        items: list[str]

    client = Client()
    migration, runs = migration_of(Client, effects={"send": lambda what: "one"})

    def path() -> None:
        basket = Basket(["SPY"])
        client.send(basket)
        basket.items.append("TLT")

    migration.seam("s", legacy=path, candidate=path)()
    assert runs[0].legacy is not None
    assert runs[0].legacy.effects[0].arguments["what"] == Basket(["SPY"])
    assert client.sent == [Basket(["SPY", "TLT"])]


def test_a_local_object_that_cannot_be_copied_says_what_to_give_instead() -> None:
    class Minting:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.minted = 0

        def new(self) -> int:
            self.minted += 1
            return self.minted

    ids = Minting()
    migration, runs = migration_of(ids, local={"new"})
    assert migration.seam("s", legacy=lambda: ids.new(), candidate=lambda: ids.new())() == 1
    assert ids.minted == 1
    assert runs[0].verdict == "failed"
    assert "give local={'new': lambda random, ...: ...}" in (runs[0].reason or "")
