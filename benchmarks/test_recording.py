"""What a run that is recorded for a worker costs its caller, beside the bare call, in one run."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from changeover import Migration
from changeover.seam.background import Background
from changeover.seam.runs_for_workers import Digests, ElsewhereRuns
from changeover.spool.writer import SpoolWriter

CALLS = 20  # few, so that the shortest of many rounds is one that nothing interrupted


class Broker:
    """The world, whose methods cost nothing."""

    def held(self, symbol: str) -> int:
        return 40

    def submit(self, symbol: str, quantity: int) -> str:
        return "order-1"


class Bare(Broker):
    """The same, which is no port."""


class Account:
    """An object whose state has ten leaves."""

    def __init__(self) -> None:
        self.positions = {"SPY": 1.0, "TLT": 2.0, "GLD": 3.0}
        self.limits = [10, 20, 30]
        self.name, self.currency, self.cash, self.calls = "main", "USD", 100.0, 0

    def pay(self, amount: int) -> int:
        self.cash -= amount
        return amount


def trade_of(broker: Broker) -> Callable[..., int]:
    def trade(account: int, symbol: str, price: float, quantity: int = 5) -> int:
        broker.held(symbol)
        broker.submit(symbol, quantity)
        return quantity

    return trade


class Recording:
    """A migration whose runs go to a spool on a disk."""

    def __init__(self, folder: Path) -> None:
        self.migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"})
        runtime = self.migration.runtime
        self.taken = ElsewhereRuns(
            runtime,
            self.migration.codec,
            SpoolWriter(folder / "recorded"),
            Digests("a" * 64, {}),
            in_process=True,
        )
        runtime.recorded = self.taken

    def seam(self, path: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        made: Callable[..., Any] = self.migration.seam("s", legacy=path, candidate=path, **options)
        return made

    def traded(self) -> Callable[..., Any]:
        broker = Broker()
        self.migration.port(
            "broker", broker, effects={"submit": lambda symbol, quantity: symbol}, reads={"held"}
        )
        return self.seam(trade_of(broker))


def many(call: Callable[[int], object]) -> Callable[[], None]:
    def calls() -> None:
        for number in range(CALLS):
            call(number)

    return calls


@pytest.mark.benchmark(group="recorded for a worker")
def test_bare_call_with_two_calls_of_a_port(benchmark: BenchmarkFixture) -> None:
    trade = trade_of(Bare())
    benchmark(many(lambda number: trade(number, "SPY", 1.5)))


@pytest.mark.benchmark(group="recorded for a worker")
def test_handed_to_a_queue_in_the_background(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    runtime = recording.migration.runtime
    runtime.recorded, runtime.background = None, Background(runtime.hand_on)
    runtime.background.put = lambda job: True  # type: ignore[method-assign]  # what a queue would take
    trade = recording.traded()
    benchmark(many(lambda number: trade(number, "SPY", 1.5)))


@pytest.mark.benchmark(group="recorded for a worker")
def test_recorded_with_two_calls_of_a_port(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    trade = recording.traded()
    benchmark(many(lambda number: trade(number, "SPY", 1.5)))
    assert not recording.taken.problems


@pytest.mark.benchmark(group="recorded for a worker")
def test_recorded_with_a_decimal_and_a_list_of_rows(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    rows = [{"symbol": "SPY", "price": Decimal("1.5"), "quantity": number} for number in range(10)]
    trade = recording.seam(lambda number, rows: number)
    benchmark(many(lambda number: trade(number, rows)))


@pytest.mark.benchmark(group="recorded for a worker")
def test_recorded_method_with_ten_leaves_of_state(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    recording, account = Recording(tmp_path), Account()
    pay = recording.seam(Account.pay, owner=lambda scenario: Account())
    benchmark(many(lambda number: pay(account, number)))
