"""Of several objects of one port's class, the one that was called is a part of the call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.evidence.scenario_replay import codec_of
from changeover.record.scenario_file import scenario_of, to_line
from changeover.redaction.redactor import Redactor
from changeover.values.verdict import Verdict
from tests.changeover.support.stored_ways import WAYS, Prepare, as_a_scenario, by_a_worker

STAGES, MODES = ["shadow", "live"], ["inline", "background"]


class Kind(Enum):
    SAVINGS = 1
    SALARY = 2


class Account:
    def __init__(self, name: Any, **more: Any) -> None:
        self.name = name
        self.paid: list[int] = []
        self.__dict__.update(more)

    def pay(self, amount: int) -> None:
        self.paid.append(amount)

    def balance(self) -> int:
        return len(self.paid)

    async def pay_later(self, amount: int) -> None:
        await asyncio.sleep(0)
        self.paid.append(amount)


class Slotted:
    __slots__ = ("name", "paid")

    def __init__(self, name: Any) -> None:
        self.name, self.paid = name, 0

    def pay(self, amount: int) -> None:
        self.paid += amount

    def balance(self) -> int:
        return self.paid

    async def pay_later(self, amount: int) -> None:
        await asyncio.sleep(0)
        self.paid += amount


Uses = Callable[[Any, Any], Any]


def compared(port: type, legacy: Any, candidate: Any, *, stage: str = "shadow", mode: str = "inline") -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("account", port, reads={"balance"}, effects={"pay", "pay_later"})
    seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)
    asyncio.run(seam(1)) if asyncio.iscoroutinefunction(legacy) else seam(1)
    migration.flush()
    migration.close()
    return runs[0]


def pays(first: Any, second: Any) -> Any:
    def path(number: int) -> int:
        first.pay(1)
        second.pay(2)
        return number

    return path


def pays_one(first: Any, second: Any) -> Any:
    def path(number: int) -> int:
        first.pay(1)
        return number

    return path


def asks(first: Any, second: Any) -> Any:
    return lambda number: [first.balance(), second.balance()]


def pays_later(first: Any, second: Any) -> Any:
    async def path(number: int) -> int:
        await asyncio.gather(first.pay_later(1), second.pay_later(2))
        return number

    return path


PAIRS: dict[str, tuple[type, Any, Any]] = {
    "texts": (Account, Account("savings"), Account("salary")),
    "members": (Account, Account(Kind.SAVINGS), Account(Kind.SALARY)),
    "numbers that are names": (Account, Account("a", account_id=1), Account("a", account_id=2)),
    "slots": (Slotted, Slotted("savings"), Slotted("salary")),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("make", [pays, pays_one, asks, pays_later], ids=lambda make: make.__name__)
@pytest.mark.parametrize("pair", PAIRS)
def test_another_object_of_the_class_is_never_a_match(pair: str, make: Uses, mode: str, stage: str) -> None:
    port, one, other = PAIRS[pair]
    other.pay(5)
    run = compared(port, make(one, other), make(other, one), stage=stage, mode=mode)
    if make is asks:  # each was asked, so that each has its answer
        assert run.verdict is Verdict.DIVERGED
        return
    assert run.verdict is Verdict.FAILED
    assert f"on another {port.__name__} when it was recorded" in str(run.reason)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("make", [pays, pays_one, asks, pays_later], ids=lambda make: make.__name__)
@pytest.mark.parametrize("pair", PAIRS)
def test_the_same_objects_are_the_same_calls(pair: str, make: Uses, mode: str, stage: str) -> None:
    port, one, other = PAIRS[pair]
    run = compared(port, make(one, other), make(one, other), stage=stage, mode=mode)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def ports_and_seam(port: type, legacy: Any, candidate: Any) -> Prepare:
    def prepare(migration: Migration) -> Any:
        migration.port("account", port, reads={"balance"}, effects={"pay", "pay_later"})
        return migration.seam("s", legacy=legacy, candidate=candidate)

    return prepare


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", [pays, asks, pays_later], ids=lambda make: make.__name__)
@pytest.mark.parametrize("pair", PAIRS)
def test_a_record_knows_which_object_was_called(pair: str, make: Uses, way: str, stage: str) -> None:
    port, one, other = PAIRS[pair]
    other.pay(5)  # so that they answer otherwise
    run = WAYS[way](ports_and_seam(port, make(one, other), make(other, one)), 1, stage=stage)
    assert run.verdict is (Verdict.DIVERGED if make is asks else Verdict.FAILED), run
    run = WAYS[way](ports_and_seam(port, make(one, other), make(one, other)), 1, stage=stage)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_worker_sees_a_call_on_an_object_that_the_recorded_path_left_alone(pair: str) -> None:
    port, one, other = PAIRS[pair]
    run = by_a_worker(ports_and_seam(port, pays_one(one, other), pays_one(other, one)), 1)
    assert run.verdict is Verdict.FAILED
    assert f"on another {port.__name__} when it was recorded" in str(run.reason)


def test_a_scenario_is_replayed_where_the_program_is_set_up_otherwise() -> None:
    """In CI the two accounts are at another bank; which of them is which is still known."""
    at = ["bank.example"]

    def path(number: int) -> int:
        Account("savings", bank=at[0]).pay(1)
        Account("salary", bank=at[0]).pay(2)
        return number

    def prepare(migration: Migration) -> Any:
        prepared.append(migration)
        at[0] = "localhost" if len(prepared) > 1 else "bank.example"
        return ports_and_seam(Account, path, path)(migration)

    prepared: list[Migration] = []
    run = as_a_scenario(prepare, 1)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


@pytest.mark.parametrize(
    "secret",
    [
        *({"password": "hunter-two-long"}, {"api_key": "hunter-two-long"}, {"dsn": "db:hunter-two-long"}),
        *({"_auth": "hunter-two-long"}, {"url": "https://shop:hunter-two-long@bank.example/"}),
    ],
    ids=lambda secret: next(iter(secret)),
)
def test_no_secret_of_a_client_is_written_into_a_spool(secret: dict[str, str]) -> None:
    account, frames = Account("savings", **secret), list[bytes]()
    by_a_worker(ports_and_seam(Account, pays(account, account), pays(account, account)), 1, frames=frames)
    assert b'"object":{"name":"savings"}' in frames[0]
    assert b"hunter" not in frames[0]


def test_no_secret_tells_objects_apart_in_a_scenario(tmp_path: Path) -> None:
    one, other = Account("savings", password="hunter2-long"), Account("salary", password="hunter3-long")
    lines: list[str] = []

    def redacted(run: Run) -> Run:
        clean = Redactor.for_project((), tmp_path, {"BANK_TOKEN": "savings"}).run(run)
        lines.append(to_line(scenario_of(clean), codec_of(Migration())))
        return clean

    as_a_scenario(ports_and_seam(Account, pays(one, other), pays(one, other)), 1, redact=redacted)
    assert "hunter" not in lines[0]
    assert "savings" not in lines[0]
    assert '"object":{"name":"salary"}' in lines[0]


def test_a_missing_payment_on_one_of_two_is_unsafe() -> None:
    one, other = Account("savings"), Account("salary")
    assert compared(Account, pays(one, other), pays_one(one, other)).verdict is Verdict.UNSAFE


def own_client(of: str) -> Any:
    """Each path comes with a client of its own, which is called alike."""
    client = Account(of, requests=7 if of == "legacy" else 0)
    client.name = "bank"
    return client


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
def test_clients_that_only_one_path_has_are_one_port(mode: str, stage: str) -> None:
    old, new = own_client("legacy"), own_client("candidate")
    run = compared(Account, pays(old, old), pays(new, new), stage=stage, mode=mode)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


@pytest.mark.parametrize("make", [lambda number: Account("bank"), lambda number: Account(f"9c11ef{number}")])
def test_a_client_that_a_path_makes_is_one_port(make: Callable[[int], Any]) -> None:
    made = iter(range(100, 1000))

    def path(number: int) -> int:
        client = make(next(made))
        client.pay(1)
        client.status = "closed"
        return number

    run = compared(Account, path, path)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def test_connections_of_a_pool_that_goes_round_are_one_port() -> None:
    pool: Iterator[Account] = cycle([Account("bank", uses=number) for number in range(3)])

    def path(number: int) -> int:
        next(pool).pay(1)
        return next(pool).balance() * 0

    run = compared(Account, path, path)
    assert run.verdict is Verdict.MATCH


class Bank:
    paid = 0

    @staticmethod
    def rate() -> int:
        return 2

    @classmethod
    def fee(cls) -> int:
        return 1

    def pay(self, amount: int) -> None:
        self.paid += amount


@pytest.mark.parametrize("first", ["rate", "fee"])
def test_a_method_without_an_object_may_come_before_those_that_have_one(first: str) -> None:
    bank, runs = Bank(), list[Run]()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("bank", Bank, reads={"rate", "fee"}, effects={"pay"})

    def path() -> None:
        bank.pay(getattr(bank, first)())

    migration.seam("s", legacy=path, candidate=path)()
    assert (runs[0].verdict, runs[0].reason) == (Verdict.MATCH, None)
