"""What a pack costs a program where no run is under way, beside the bare call: `docs/packs.md`."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from changeover import Migration
from changeover.packs import replace


class Session:
    """A client whose request takes no time."""

    def send(self, request: Any) -> Any:
        return request


class CoveredSession(Session):
    """The same, covered as the pack `http` covers a client."""


def _covered(original: Callable[..., Any]) -> Callable[..., Any]:
    from changeover.packs import serving

    def send(self: Any, request: Any) -> Any:
        pack = serving("http")
        if pack is None:
            return original(self, request)
        return pack.ask("GET", request, (), b"", None)

    return send


replace(CoveredSession, "send", _covered)


@pytest.mark.benchmark(group="a call of a library outside of runs")
@pytest.mark.parametrize("session", [Session(), CoveredSession()], ids=["bare", "covered"])
def test_call_of_a_library_outside_of_runs(benchmark: BenchmarkFixture, session: Session) -> None:
    Migration().use("http")
    assert benchmark(session.send, 3) == 3


@pytest.mark.benchmark(group="bytes of the system outside of runs")
@pytest.mark.parametrize("covered", [False, True], ids=["bare", "covered"])
def test_bytes_of_the_system_outside_of_runs(benchmark: BenchmarkFixture, covered: bool) -> None:
    Migration().use("entropy")
    draw: Any = os.urandom if covered else os.urandom.__wrapped__  # type: ignore[attr-defined]
    assert len(benchmark(draw, 16)) == 16


@pytest.mark.benchmark(group="a clock outside of runs")
@pytest.mark.parametrize("uses", [False, True], ids=["bare", "clock in use"])
def test_clock_outside_of_runs(benchmark: BenchmarkFixture, uses: bool) -> None:
    if uses:
        Migration().use("clock")
    assert benchmark(time.time) > 0


@pytest.mark.benchmark(group="a statement of sqlite3 outside of runs")
@pytest.mark.parametrize("covered", [False, True], ids=["bare", "covered"])
def test_statement_of_sqlite3_outside_of_runs(benchmark: BenchmarkFixture, covered: bool) -> None:
    migration = Migration()
    migration.use("sqlite3")
    db: Any = sqlite3.connect(":memory:") if covered else sqlite3.Connection(":memory:")
    cursor = db.cursor()
    assert benchmark(lambda: cursor.execute("SELECT 3").fetchone()) == (3,)
    db.close()
