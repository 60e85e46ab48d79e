"""What a seam and a port cost the caller, beside the same things done by the peers, in one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from changeover import Migration
from changeover.seam.background import Background
from changeover.seam.judge import Judgement
from changeover.values.verdict import Verdict

CALLS = 1_000


def nothing(account: int) -> int:
    return account


class Port:
    """The methods of one class: the first is left alone, so that it is the bare call."""

    def _bare(self, account: int) -> int:
        return account

    def read(self, account: int) -> int:
        return account

    def act(self, account: int) -> int:
        return account


@pytest.fixture
def port() -> Port:
    return Port()


def seam_at(stage: str, **options: Any) -> tuple[Migration, Callable[[int], int]]:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, **options)
    return migration, migration.seam("s", legacy=nothing, candidate=nothing)


def many(call: Callable[[int], object]) -> Callable[[], None]:
    def calls() -> None:
        for number in range(CALLS):
            call(number)

    return calls


@pytest.mark.benchmark(group="seam")
def test_bare_call(benchmark: BenchmarkFixture) -> None:
    benchmark(many(nothing))


@pytest.mark.benchmark(group="seam")
@pytest.mark.parametrize("stage", ["off", "complete"])
def test_seam_with_one_path(benchmark: BenchmarkFixture, stage: str) -> None:
    benchmark(many(seam_at(stage)[1]))


@pytest.mark.benchmark(group="seam")
def test_shadow_on_the_callers_path(benchmark: BenchmarkFixture) -> None:
    benchmark(many(in_background(_declared(), nothing)))


class Account:
    """An object whose state has ten leaves."""

    def __init__(self) -> None:
        self.positions = {"SPY": 1.0, "TLT": 2.0, "GLD": 3.0}
        self.limits = [10, 20, 30]
        self.name, self.currency, self.cash, self.calls = "main", "USD", 100.0, 0

    def look(self, amount: int) -> int:
        return amount

    def pay(self, amount: int) -> int:
        self.cash -= amount
        return amount


class Flat:
    """An object with ten attributes, none of which can be changed where it is."""

    def __init__(self) -> None:
        self.name, self.currency, self.owner, self.branch = "main", "USD", "us", "north"
        self.cash, self.limit, self.rate = 100.0, 50.0, 0.5
        self.calls, self.opened, self.version = 0, 2020, 3

    def look(self, amount: int) -> int:
        return amount

    def pay(self, amount: int) -> int:
        self.cash -= amount
        return amount


def three(account: int, symbol: str, price: float) -> int:
    return account


def in_background(migration: Migration, path: Callable[..., Any]) -> Callable[..., Any]:
    """A seam in shadow whose runs are handed on at once: what its caller pays is all that is measured."""
    background = migration.runtime.background = Background(migration.runtime.hand_on)
    background.put = lambda job: True  # type: ignore[method-assign]  # what a queue would take
    made: Callable[..., Any] = migration.seam("s", legacy=path, candidate=path)
    return made


@pytest.mark.benchmark(group="seam")
def test_shadow_on_the_callers_path_with_three_scalars(benchmark: BenchmarkFixture) -> None:
    seam = in_background(_declared(), three)
    benchmark(many(lambda number: seam(number, "SPY", 1.5)))


@pytest.mark.benchmark(group="seam")
@pytest.mark.parametrize("method", ["look", "pay"])
@pytest.mark.parametrize("kind", [Flat, Account])
def test_shadow_on_the_callers_path_of_a_method_with_ten_leaves(
    benchmark: BenchmarkFixture, kind: type[Flat | Account], method: str
) -> None:
    path, account = getattr(kind, method), kind()
    seam = in_background(_declared(), path)
    benchmark(many(lambda number: seam(account, number)))


@pytest.mark.benchmark(group="seam")
def test_shadow_inline_with_replay(benchmark: BenchmarkFixture) -> None:
    benchmark(many(seam_at("shadow", judge=lambda facts: Judgement(Verdict.MATCH, ()))[1]))


@pytest.mark.benchmark(group="seam")
def test_shadow_inline_with_replay_and_comparison(benchmark: BenchmarkFixture) -> None:
    benchmark(many(seam_at("shadow")[1]))


@pytest.mark.benchmark(group="seam")
@pytest.mark.parametrize("enabled", [False, True])
def test_peer_laboratory(benchmark: BenchmarkFixture, enabled: bool) -> None:
    laboratory = pytest.importorskip("laboratory")

    kind = type("Experiment", (laboratory.Experiment,), {"enabled": lambda self: enabled})

    def call(number: int) -> object:
        experiment = kind()
        experiment.control(nothing, args=(number,))
        experiment.candidate(nothing, args=(number,))
        return experiment.conduct()

    benchmark(many(call))


@pytest.mark.benchmark(group="seam")
@pytest.mark.parametrize("stage", ["off", "shadow"])
def test_peer_launchdarkly(benchmark: BenchmarkFixture, stage: str) -> None:
    ldclient = pytest.importorskip("ldclient")
    test_data = pytest.importorskip("ldclient.integrations.test_data").TestData
    migrations = pytest.importorskip("ldclient.migrations")

    source = test_data.data_source()
    source.update(source.flag("migration").variations(stage).variation_for_all(0))
    config = ldclient.Config("key", update_processor_class=source, send_events=False)
    client = ldclient.LDClient(config=config)

    def success(number: int) -> object:
        return ldclient.Result.success(number)

    builder = migrations.MigratorBuilder(client)
    builder.read_execution_order(migrations.ExecutionOrder.SERIAL)
    builder.track_latency(False)
    builder.track_errors(False)
    builder.read(success, success, None)
    builder.write(success, success)
    migrator, context = builder.build(), ldclient.Context.create("user")
    default = migrations.Stage.OFF
    benchmark(many(lambda number: migrator.read("migration", context, default, number)))
    client.close()


@pytest.mark.benchmark(group="port")
def test_bare_method(benchmark: BenchmarkFixture, port: Port) -> None:
    benchmark(many(port._bare))


def _declared() -> Migration:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"})
    migration.port("port", Port, reads={"read"}, effects={"act"})
    return migration


@pytest.mark.benchmark(group="port")
def test_pass_through_port_call(benchmark: BenchmarkFixture, port: Port) -> None:
    _declared()
    benchmark(many(port.read))


@pytest.mark.benchmark(group="port")
@pytest.mark.parametrize("method", ["read", "act"])
def test_recorded_port_call(benchmark: BenchmarkFixture, port: Port, method: str) -> None:
    seam = in_background(_declared(), many(getattr(port, method)))
    benchmark(seam)


def test_targets_hold_as_ratios_to_a_bare_call(port: Port) -> None:
    """The targets in microseconds are for a machine on which a bare call takes 46 ns: 1 µs is 22 of them."""
    from timeit import timeit

    def ratio(call: Callable[[int], object], bare: Callable[[int], object]) -> float:
        rounds = range(20)  # call by call in turn, so that a busy machine slows both
        return min(timeit(many(call), number=2) / timeit(many(bare), number=2) for _ in rounds)

    _declared()
    assert ratio(seam_at("off")[1], nothing) < 40
    assert ratio(seam_at("complete")[1], nothing) < 40
    assert ratio(port.read, port._bare) < 15
