"""What metrics and traces cost a seam, off and on, in one run: `docs/benchmarks.md`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import prometheus_client
import pytest
from opentelemetry.sdk.trace import TracerProvider
from pytest_benchmark.fixture import BenchmarkFixture

from changeover import Migration
from changeover.rollout.resolver import Resolution
from changeover.telemetry.traces import Traces
from changeover.values.observation import Side
from changeover.values.pins import Pins

CALLS = 200
PLAN = '[migration]\nname = "s"\nmode = "worker"\n[[phase]]\nname = "s"\nseams = ["s"]\n'


def path(account: int) -> int:
    return account


def plain(migration: Migration) -> None:
    """Neither."""


def measured(migration: Migration) -> None:
    """With metrics."""
    migration.expose_metrics(prometheus_client.CollectorRegistry())


def traced_in_vain(migration: Migration) -> None:
    """With traces, and without an SDK."""
    migration.runtime.traces = Traces(Resolution)


def traced(migration: Migration) -> None:
    """With traces and an SDK that exports nothing."""
    migration.runtime.traces = _with_sdk()


def _with_sdk() -> Traces:
    """An SDK of this benchmark alone: that of the process is set once, and for all others."""
    traces = Traces(Resolution)
    traces._tracer = TracerProvider().get_tracer("changeover")
    return traces


def seam(prepare: Callable[[Migration], None], stage: str) -> Callable[[], None]:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage})
    call: Any = migration.seam("s", legacy=path, candidate=path)
    prepare(migration)

    def calls() -> None:
        for number in range(CALLS):
            call(number)

    return calls


@pytest.mark.benchmark(group="telemetry, compared inline", timer=process_time)
@pytest.mark.parametrize("prepare", [plain, measured, traced_in_vain, traced], ids=lambda one: one.__name__)
def test_compared_inline(benchmark: BenchmarkFixture, prepare: Callable[[Migration], None]) -> None:
    benchmark(seam(prepare, "shadow"))


@pytest.mark.benchmark(group="telemetry, recorded for a worker", timer=process_time)
@pytest.mark.parametrize("prepare", [plain, measured, traced_in_vain, traced], ids=lambda one: one.__name__)
def test_recorded(benchmark: BenchmarkFixture, prepare: Callable[[Migration], None], tmp_path: Path) -> None:
    (tmp_path / "migration").mkdir()
    (tmp_path / "migration" / "phases.toml").write_text(PLAN)
    environment = {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration.load(tmp_path / "migration", environment=environment)
    call: Any = migration.seam("s", legacy=path, candidate=path)
    prepare(migration)

    def calls() -> None:
        for number in range(CALLS):
            call(number)

    benchmark(calls)


@pytest.mark.benchmark(group="telemetry, off", timer=process_time)
@pytest.mark.parametrize("prepare", [plain, measured, traced_in_vain, traced], ids=lambda one: one.__name__)
def test_at_off(benchmark: BenchmarkFixture, prepare: Callable[[Migration], None]) -> None:
    benchmark(seam(prepare, "off"))


@pytest.mark.benchmark(group="telemetry, the question whether there is an SDK")
@pytest.mark.parametrize("asks", [False, True], ids=["bare call", "asked"])
def test_without_an_sdk(benchmark: BenchmarkFixture, asks: bool) -> None:
    traces, pins = Traces(Resolution), Pins({})

    def nothing(seam: str, phase: str, pins: Pins, side: Side) -> None:
        return None

    ask: Callable[..., Any] = traces.of_seam if asks else nothing
    assert ask("s", "s", pins, Side.LEGACY) is None
    benchmark(ask, "s", "s", pins, Side.LEGACY)
