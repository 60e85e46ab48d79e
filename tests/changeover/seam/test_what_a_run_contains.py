"""What a run contains beside answer and effects: the arguments after the call, and the object of a method."""

import asyncio
import json
import socket
import threading
from array import array
from collections import UserDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy
import pandas
import pytest

from changeover import Migration, Run
from changeover.compare.mutations import blind_spots
from changeover.compare.rules_file import load_rules
from changeover.evidence.store.rows_of_runs import contents_of
from changeover.evidence.store.run_contents import contents_data, read_contents
from changeover.seam.judge import comparing_judge
from changeover.seam.uncopied_objects import problems_of_objects
from changeover.values.copying import snapshot
from changeover.values.divergence import ABSENT
from changeover.values.verdict import Verdict

Found = dict[str, tuple[Any, Any]]


def migration_at(stage: str, **options: Any) -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    return Migration(environment=environment, refresh_s=0, sink=runs.append, **options), runs


def differences(run: Run) -> Found:
    return {found.place: (found.legacy, found.candidate) for found in run.divergences}


@dataclass
class Order:
    kilos: int = 3
    price: int = 0


class Slotted:
    __slots__ = ("price",)

    def __init__(self) -> None:
        self.price = 0


class Proxy:
    """Answers every attribute, whether it is there or not."""

    def __init__(self) -> None:
        self.price = 0

    def __getattr__(self, name: str) -> Any:
        raise LookupError(name)


def price_it(price: int) -> Callable[[Any], bool]:
    def priced(order: Any) -> bool:
        order.price = price
        return True

    return priced


@pytest.mark.parametrize("stage", ["shadow", "live", "ramp:99.99"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("make", [Order, Slotted, Proxy])
def test_what_a_call_leaves_in_an_argument_is_compared_by_content(
    make: Callable[[], Any], mode: str, stage: str
) -> None:
    migration, runs = migration_at(stage, mode=mode)
    answer = migration.seam("s", legacy=price_it(12), candidate=price_it(13), key=lambda order: "someone")
    order = make()
    assert answer(order)
    migration.close()
    assert order.price == (12 if stage == "shadow" else 13)
    assert differences(runs[0]) == {"arguments.order.price": (12, 13)}


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ([3, 1], lambda rows: rows.sort()),
        ({}, lambda rows: rows.update(a=1)),
        (set(), lambda rows: rows.add(1)),
        (deque(), lambda rows: rows.append(1)),
        (bytearray(b"a"), lambda rows: rows.extend(b"b")),
        ([[Order()]], lambda rows: setattr(rows[0][0], "price", 1)),
    ],
)
def test_every_container_may_be_what_a_path_answers_with(argument: Any, change: Any) -> None:
    migration, runs = migration_at("shadow")
    answer = migration.seam("s", legacy=lambda rows: change(rows), candidate=lambda rows: None)
    answer(argument)
    assert runs[0].verdict is Verdict.DIVERGED
    assert all(place.startswith("arguments.rows") for place in differences(runs[0]))


def test_arguments_in_stars_have_places_too() -> None:
    def path(price: int) -> Any:
        return lambda *rows, **more: (rows[0].append(price), more["order"].append(price), True)[2]

    migration, runs = migration_at("shadow")
    assert migration.seam("s", legacy=path(1), candidate=path(2))([], order=[])
    assert differences(runs[0]) == {
        "arguments.rows[0][0]": (1, 2),
        "arguments.more.order[0]": (1, 2),
    }


def test_what_is_changed_alike_matches_and_is_something_that_was_seen() -> None:
    migration, runs = migration_at("shadow")
    migration.seam("s", legacy=lambda rows: rows.append(1), candidate=lambda rows: rows.append(1))([])
    assert runs[0].verdict is Verdict.MATCH
    assert runs[0].legacy is not None
    assert runs[0].legacy.changed == {"arguments": {"rows": [1]}}


def test_arguments_are_compared_as_they_are_at_the_answer() -> None:
    migration, runs = migration_at("shadow", mode="background")
    rows: list[int] = []
    migration.seam("s", legacy=lambda rows: rows.append(1), candidate=lambda rows: rows.append(1))(rows)
    rows.append(2)
    migration.close()
    assert runs[0].verdict is Verdict.MATCH


def test_an_asynchronous_path_may_answer_by_its_arguments() -> None:
    def path(price: int) -> Any:
        async def priced(order: Order) -> None:
            order.price = price

        return priced

    migration, runs = migration_at("shadow")
    asyncio.run(migration.seam("s", legacy=path(1), candidate=path(2))(Order()))
    assert differences(runs[0]) == {"arguments.order.price": (1, 2)}


class Account:
    def __init__(self) -> None:
        self.balance = 100
        self.history: list[int] = []
        self.lock = threading.Lock()

    def deposit(account, amount: int) -> int:  # noqa: N805  known by its position
        account.balance += amount
        account.history.append(amount)
        return account.balance

    @property
    def total(self) -> int:
        return self.balance


def wrong(account: Any, amount: int) -> int:
    account.balance = 999
    return 110


@dataclass
class Ledger:
    balance: int = 100
    history: list[int] = field(default_factory=list)

    deposit = Account.deposit


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("base", [Account, Ledger])
def test_what_a_method_does_to_its_object_is_part_of_the_run(base: type, mode: str) -> None:
    migration, runs = migration_at("shadow", mode=mode)
    cls: Any = type("Mine", (base,), {})
    migration.wrap(cls, "deposit", candidate=wrong, name="s")
    account = cls()
    assert account.deposit(10) == 110
    migration.close()
    assert (account.balance, account.history) == (110, [10])
    assert differences(runs[0]) == {"self.balance": (110, 999), "self.history[0]": (10, ABSENT)}
    assert runs[0].arguments == {"amount": 10}


def test_a_method_that_is_decorated_is_one_whatever_its_first_parameter_is_called() -> None:
    migration, runs = migration_at("shadow")

    class Mine:
        def __init__(self) -> None:
            self.total = 0

        @migration.seam("s")
        def add(this, amount: int) -> None:  # noqa: N805
            this.total += amount

    def add(this: Mine, amount: int) -> None:
        this.total += 2 * amount

    Mine.add.candidate(add)
    mine = Mine()
    mine.add(3)
    assert mine.total == 3
    assert differences(runs[0]) == {"self.total": (3, 6)}


def test_static_and_class_methods_and_properties_are_no_less_seams() -> None:
    migration, runs = migration_at("shadow")

    class Mine(Account):
        @staticmethod
        def double(amount: int) -> int:
            return 2 * amount

        @classmethod
        def named(cls, name: str) -> str:
            return f"{cls.__name__} {name}"

    migration.wrap(Mine, "double", candidate=lambda amount: amount + amount, name="s")
    assert Mine().double(4) == 8
    assert runs[0].arguments == {"amount": 4}
    environment = {"CHANGEOVER_STAGE_NAMED": "shadow", "CHANGEOVER_STAGE_TOTAL": "shadow"}
    others = Migration(environment=environment, refresh_s=0, sink=runs.append)
    others.wrap(Mine, "named", candidate=lambda cls, name: f"{cls.__name__} {name}", name="named")
    others.wrap(Mine, "total", candidate=lambda self: self.balance + 1, name="total")
    assert Mine.named("a") == "Mine a"
    assert Mine().total == 100
    assert [run.verdict for run in runs] == [Verdict.MATCH, Verdict.MATCH, Verdict.DIVERGED]


class Broker:
    def __init__(self) -> None:
        self.sent: list[int] = []

    def send(self, amount: int) -> int:
        self.sent.append(amount)
        return amount


def test_a_port_inside_the_object_is_that_port_in_the_copy_too() -> None:
    class Desk:
        def __init__(self, broker: Broker) -> None:
            self.broker = broker

        def trade(self, amount: int) -> int:
            return self.broker.send(amount)

    class Mine(Broker):
        pass

    migration, runs = migration_at("shadow")
    migration.port("broker", Mine, effects={"send"})
    migration.wrap(Desk, "trade", candidate=lambda self, amount: self.broker.send(amount), name="s")
    broker = Mine()
    assert Desk(broker).trade(5) == 5
    assert broker.sent == [5]
    assert runs[0].verdict is Verdict.MATCH


class Engine:
    closed = 0

    def __init__(self) -> None:
        self.speed = 1

    def __del__(self) -> None:
        Engine.closed += 1

    def faster(self, by: int) -> int:
        return self.speed + by


def test_no_object_is_copied_whose_copy_would_close_something() -> None:
    class Mine(Engine):
        pass

    migration, runs = migration_at("shadow")
    migration.wrap(Mine, "faster", candidate=lambda self, by: 0, name="s")
    engine = Mine()
    assert engine.faster(1) == 2
    assert Engine.closed == 0
    assert runs[0].verdict is Verdict.FAILED
    assert "Mine" in (runs[0].reason or "")


def test_runs_that_overlap_on_one_object_are_not_compared() -> None:
    class Mine(Account):
        pass

    inside, go_on = threading.Event(), threading.Event()

    def waits(self: Mine, amount: int) -> int:
        if amount == 1:
            inside.set()
            go_on.wait(5)
        return amount

    migration, runs = migration_at("shadow")
    Mine.deposit = waits  # type: ignore[method-assign,assignment]
    migration.wrap(Mine, "deposit", candidate=lambda self, amount: amount, name="s")
    account = Mine()
    first = threading.Thread(target=account.deposit, args=(1,))
    first.start()
    inside.wait(5)
    account.deposit(2)
    go_on.set()
    first.join()
    account.deposit(3)
    assert [run.verdict for run in runs] == [Verdict.FAILED, Verdict.FAILED, Verdict.MATCH]
    assert "Mine" in (runs[0].reason or "")


def test_a_method_that_calls_another_seam_of_its_object_does_not_overlap_with_it() -> None:
    class Mine(Account):
        def twice(self, amount: int) -> int:
            self.deposit(amount)
            return self.deposit(amount)

    environment = {"CHANGEOVER_STAGE_ONE": "shadow", "CHANGEOVER_STAGE_TWO": "shadow"}
    runs: list[Run] = []
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append)
    migration.wrap(Mine, "deposit", candidate=Account.deposit, name="one")
    migration.wrap(Mine, "twice", candidate=Mine.twice, name="two")
    account = Mine()
    assert account.twice(5) == 110
    assert {str(run.verdict) for run in runs} == {"match"}


@pytest.mark.parametrize("changes", [False, True])
def test_a_shared_object_is_not_copied_and_its_change_fails_the_run(changes: bool) -> None:
    class Service:
        def __init__(self) -> None:
            self.asked = [0]
            self.rest = iter([1])  # no copy can be made

        def answer(self, number: int) -> int:
            return number

    def candidate(self: Service, number: int) -> int:
        if changes:
            self.asked.append(number)
        return number

    heard: list[Any] = []
    migration, runs = migration_at("shadow", alerts=[heard.append])
    migration.wrap(Service, "answer", candidate=candidate, name="s", shared_self=True)
    assert Service().answer(3) == 3
    assert runs[0].verdict is (Verdict.FAILED if changes else Verdict.MATCH)
    assert [str(alert.kind) for alert in heard] == (["object-changed"] if changes else [])
    assert not changes or "self.asked" in (runs[0].reason or "")


class Drawer(dict[str, int]):
    """A container that answers for itself, with an attribute beside its content."""

    closed = False

    def __len__(self) -> int:
        raise AssertionError("nobody is to ask")


KEPT_IN_PLACE: dict[str, tuple[Any, Callable[[Any], object]]] = {
    "an array": (numpy.zeros(3), lambda kept: kept.fill(1)),
    "an array of Python": (array("d", [0.0]), lambda kept: kept.append(1.0)),
    "a table": (pandas.DataFrame({"a": [1]}), lambda kept: kept.insert(0, "b", 2)),
    "bytes": (bytearray(b"a"), lambda kept: kept.extend(b"b")),
    "a file in memory": (BytesIO(b"a"), lambda kept: kept.read()),
    "a generator of numbers": (Random(7), lambda kept: kept.random()),  # noqa: S311
    "a mapping of its own": (UserDict({"a": 1}), lambda kept: kept.update(a=2)),
    "the content of a derived container": (Drawer(a=1), lambda kept: kept.update(a=2)),
    "the object of a bound method": (UserDict({"a": 1}).update, lambda kept: kept(a=2)),
    "the attribute of a derived container": (Drawer(a=1), lambda kept: setattr(kept, "closed", True)),
}


@pytest.mark.parametrize("changes", [False, True])
@pytest.mark.parametrize("kept", KEPT_IN_PLACE.values(), ids=KEPT_IN_PLACE.keys())
def test_a_shared_object_may_keep_nothing_that_changes_in_place(
    kept: tuple[Any, Callable[[Any], object]], changes: bool
) -> None:
    value, change = snapshot(kept[0]), kept[1]

    class Service:
        def __init__(self) -> None:
            self.kept = value
            self.rest = iter([1])  # no copy can be made

        def answer(self, number: int) -> int:
            return number

    def candidate(self: Service, number: int) -> int:
        if changes:
            change(self.kept)
        return number

    migration, runs = migration_at("shadow")
    migration.wrap(Service, "answer", candidate=candidate, name="s", shared_self=True)
    Service().answer(3)
    assert runs[0].verdict is (Verdict.FAILED if changes else Verdict.MATCH)
    assert not changes or "self.kept" in (runs[0].reason or "")


def test_the_line_where_the_candidate_raised_is_kept() -> None:
    def broken(number: int) -> int:
        raise ValueError(number)

    migration, runs = migration_at("shadow")
    assert migration.seam("s", legacy=lambda number: number, candidate=broken)(1) == 1
    assert runs[0].candidate is not None
    line = broken.__code__.co_firstlineno + 1
    assert runs[0].candidate.outcome.raised_at == f"seam/test_what_a_run_contains.py:{line}"  # type: ignore[union-attr]


def test_doctor_names_a_method_whose_object_has_no_copy_and_the_way_out() -> None:
    class Holds:
        def __init__(self, log: socket.socket, broker: Broker) -> None:
            self.log, self.broker = log, broker

        def trade(self, amount: int) -> int:
            return amount

    class Mine(Engine):
        pass

    migration = Migration(environment={})
    migration.port("broker", Broker, effects={"send"})
    migration.wrap(Holds, "trade", candidate=Holds.trade, name="a")
    migration.wrap(Mine, "faster", candidate=Engine.faster, name="b")
    migration.wrap(Account, "deposit", candidate=Account.deposit, name="c")
    found = list(problems_of_objects(migration.seams.values(), migration.runtime.book))
    assert [text.partition(":")[0] for text in found] == ["seam 'a'", "seam 'b'"]
    assert "self.log" in found[0]
    migration.seams["a"].shared_self = True
    migration.seams["b"].shared_self = True
    assert not list(problems_of_objects(migration.seams.values(), migration.runtime.book))


def test_what_was_changed_is_kept_and_read_back_with_the_run() -> None:
    migration, runs = migration_at("shadow")
    migration.seam("s", legacy=price_it(12), candidate=price_it(13))(Order())
    data = json.loads(json.dumps(contents_data(contents_of(runs[0]))))
    kept = read_contents(data)
    assert kept.legacy is not None
    assert kept.candidate is not None
    assert kept.legacy.changed == {"arguments": {"order": {"kilos": 3, "price": 12}}}
    assert kept.candidate.changed == {"arguments": {"order": {"kilos": 3, "price": 13}}}


def test_a_rule_applies_to_what_was_changed_and_a_blind_spot_shows_it(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('[[rule]]\npath = "arguments.order.price"\nignore = true\nreason = "r"\n')
    rules = load_rules(file, today=date(2030, 1, 1))
    migration, runs = migration_at("shadow", judge=comparing_judge(rules))
    migration.seam("s", legacy=price_it(12), candidate=price_it(13))(Order())
    assert runs[0].verdict is Verdict.TOLERATED
    assert runs[0].legacy is not None
    spots = blind_spots(runs[0].legacy, rules, "s").spots
    assert {spot.place for spot in spots if spot.hidden_by} == {"arguments.order.price"}


class Locked:
    """Answers no question at all."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        raise TypeError(name)


class Hidden(type):
    """A class that does not tell its bases."""

    def __getattribute__(cls, name: str) -> Any:
        raise TypeError(name)


class Keeper:
    locked = Locked()


@pytest.mark.parametrize("make", [Keeper, lambda: Hidden("Shy", (), {})(), lambda: [Locked()]])
def test_whether_a_call_has_an_object_is_found_without_asking_what_classes_hold(make: Any) -> None:
    migration, runs = migration_at("shadow")
    answer = migration.seam("s", legacy=lambda given: 1, candidate=lambda given: 1)
    assert answer(make()) == 1
    assert len(runs) == 1


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize(
    "hold",
    [
        lambda desk: lambda: desk.add(1),
        lambda desk: lambda own=desk: own.add(1),
        lambda desk: (lambda act: lambda: act())(desk.add),
        lambda desk: (lambda act: lambda: act())(lambda: desk.add(1)),
    ],
    ids=["closure", "default", "bound method in a closure", "closure of a closure"],
)
def test_a_function_that_holds_its_object_acts_on_nothing_of_the_program(hold: Any, stage: str) -> None:
    migration, runs = migration_at(stage)

    class Desk:
        def __init__(self) -> None:
            self.total = 0
            self.act = hold(self)

        def add(self, number: int = 1) -> None:
            self.total += number

        def answer(self, number: int) -> None:
            self.act()

    migration.wrap(Desk, "answer", candidate=lambda self, number: self.act(), name="s")
    desk = Desk()
    desk.answer(1)
    assert desk.total == 1
    assert runs[0].verdict is Verdict.FAILED
    assert "`self.act` (function)" in str(runs[0].reason)


def test_a_function_that_holds_another_argument_is_named() -> None:
    migration, runs = migration_at("shadow")
    order = Order()
    answer = migration.seam("s", legacy=lambda given, act: act(), candidate=lambda given, act: act())
    answer(order, lambda: price_it(order.price + 1)(order))
    assert order.price == 1
    assert runs[0].verdict is Verdict.FAILED
    assert "function" in str(runs[0].reason)


def test_a_function_that_holds_nothing_of_the_call_goes_as_it_is() -> None:
    migration, runs = migration_at("shadow")
    rate = {"a": 2}
    answer = migration.seam(
        "s", legacy=lambda rows, key: key(rows[0]), candidate=lambda rows, key: key(rows[0])
    )
    assert answer(["a"], lambda row: rate[row]) == 2
    assert runs[0].verdict is Verdict.MATCH


HEARS: dict[str, Callable[[], tuple[Callable[[int], Any], Callable[[], int]]]] = {}


def hears(make: Callable[[], tuple[Callable[[int], Any], Callable[[], int]]]) -> Any:
    HEARS[make.__name__] = make
    return make


@hears
def into_a_list() -> Any:
    heard: list[int] = []
    return lambda number: heard.append(number), lambda: len(heard)


@hears
def into_a_variable() -> Any:
    count = 0

    def hear(number: int) -> None:
        nonlocal count
        count += 1

    return hear, lambda: count


@hears
def into_a_default() -> Any:
    heard: list[int] = []

    def hear(number: int, heard: list[int] = heard) -> None:
        heard.append(number)

    return hear, lambda: len(heard)


@hears
def into_a_part_of_an_object() -> Any:
    held = SimpleNamespace(rows={"a": [0]})
    return lambda number: held.rows["a"].append(number), lambda: len(held.rows["a"]) - 1


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("given", ["argument", "part"])
@pytest.mark.parametrize("kind", HEARS)
def test_what_a_function_of_the_caller_hears_makes_no_comparison_and_is_heard_once(
    kind: str, given: str, stage: str
) -> None:
    hear, count = HEARS[kind]()
    migration, runs = migration_at(stage)

    def path(tell: Any) -> None:
        (tell["tell"] if given == "part" else tell)(1)

    migration.seam("s", legacy=path, candidate=path)({"tell": hear} if given == "part" else hear)
    assert count() == 1
    assert runs[0].verdict == "failed"
    assert "is handed over as it is, and what it holds has changed" in str(runs[0].reason)


def test_what_only_the_replay_tells_a_function_of_the_caller_is_heard_and_fails_the_run() -> None:
    """docs/limits.md: what a function holds in its closure."""
    migration, runs = migration_at("shadow")
    hear, count = into_a_list()
    migration.seam("s", legacy=lambda tell: 7, candidate=lambda tell: 7 if tell(1) is None else 8)(hear)
    assert count() == 1
    assert runs[0].verdict == "failed"


def test_what_a_function_of_the_caller_holds_and_nobody_changes_fails_nothing() -> None:
    migration, runs = migration_at("shadow")
    factors = {"a": [2]}
    answer = migration.seam("s", legacy=lambda tell: tell(3), candidate=lambda tell: tell(3))
    assert answer(lambda number: number * factors["a"][0]) == 6
    assert runs[0].verdict == "match"
