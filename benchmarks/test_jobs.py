"""How much longer one process takes than two for the same comparison, in one run; needs two free cores.

The replayed path computes for some hundredths of a second, the answering one does not. Target: with two jobs
at most 0.6 of the time of one.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

APP = """\
from changeover import Case, Migration

migration = Migration()


def legacy(number):
    return number


def candidate(number):
    for _ in range(400_000):
        number += 1
    return number - 400_000


seam = migration.seam("compute", legacy=legacy, candidate=candidate)


@migration.source("cases", population="generated", count=lambda options: 200)
def cases(options):
    for number in range(200):
        yield Case(str(number), lambda number=number: seam(number))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\napp = "app:migration"\n')
    (tmp_path / "migration").mkdir()
    return tmp_path


@pytest.mark.benchmark(group="compare 200 cases")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_comparing_with_jobs(benchmark: BenchmarkFixture, project: Path, jobs: str) -> None:
    command = [sys.executable, "-m", "changeover", "compare", "--jobs", jobs]

    def compare() -> None:
        subprocess.run(command, cwd=project, check=True, capture_output=True)  # noqa: S603  the line above

    benchmark.pedantic(compare, rounds=3)  # type: ignore[no-untyped-call]
