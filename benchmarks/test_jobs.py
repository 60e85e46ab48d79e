"""How much longer one process takes than two for the same comparison, in one run; needs two free cores.

Of 200 cases the replayed path computes for some hundredths of a second, the answering one does not; target:
with two jobs at most 0.6 of the time of one. Of 120 sessions of the price history the answering path and what
records it take about a fifth; target: 0.65. Stored runs know nothing of each other; target: 0.6.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

APP = """\
from pathlib import Path

from changeover import Case, Migration

migration = Migration.load(Path(__file__).parent / "migration")


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


PHASES = """\
[migration]
name = "benchmark"

[[phase]]
name = "compute"
number = 1
seams = ["compute"]
"""
RECORD = """\
import app
for number in range(200):
    app.seam(number)
app.migration.flush()
"""
OTHER_RULES = """\
[[rule]]
path = "result"
abs = "0.01"
reason = "other rules than those of the stored runs"
"""
ROOT = Path(__file__).parents[1]
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\napp = "app:migration"\n')
    (tmp_path / "migration").mkdir()
    (tmp_path / "migration" / "phases.toml").write_text(PHASES)
    return tmp_path


@pytest.mark.benchmark(group="compare 200 cases")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_comparing_with_jobs(benchmark: BenchmarkFixture, project: Path, jobs: str) -> None:
    command = [sys.executable, "-m", "changeover", "compare", "--jobs", jobs]

    def compare() -> None:
        subprocess.run(command, cwd=project, check=True, capture_output=True)  # noqa: S603  the line above

    benchmark.pedantic(compare, rounds=3)  # type: ignore[no-untyped-call]


@pytest.mark.benchmark(group="compare 120 sessions of the history")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_comparing_sessions_with_jobs(benchmark: BenchmarkFixture, jobs: str) -> None:
    command = [sys.executable, "-m", "changeover", "compare", "--source", "history", "--runs", "120"]
    without_store = {**PLAIN, "CHANGEOVER_STORE": "none"}

    def compare() -> None:
        subprocess.run(  # noqa: S603  the line above
            [*command, "--jobs", jobs], cwd=ROOT, env=without_store, check=True, capture_output=True
        )

    benchmark.pedantic(compare, rounds=1)  # type: ignore[no-untyped-call]


@pytest.mark.benchmark(group="renew 200 stored runs")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_renewing_stored_runs_with_jobs(benchmark: BenchmarkFixture, project: Path, jobs: str) -> None:
    shadow = {**PLAIN, "CHANGEOVER_STAGE_COMPUTE": "shadow", "CHANGEOVER_MODE": "inline"}
    subprocess.run([sys.executable, "-c", RECORD], cwd=project, env=shadow, check=True)  # noqa: S603  as above
    (project / "migration" / "rules.toml").write_text(OTHER_RULES)
    store = project / ".changeover" / "evidence.db"
    shutil.copy(store, project / "recorded.db")
    command = [sys.executable, "-m", "changeover", "compare", "--source", "store", "--jobs", jobs]

    def compare() -> None:
        shutil.copy(project / "recorded.db", store)
        done = subprocess.run(  # noqa: S603  the line above
            command, cwd=project, env=PLAIN, check=True, capture_output=True, text=True
        )
        assert "200 comparisons" in done.stderr

    benchmark.pedantic(compare, rounds=3)  # type: ignore[no-untyped-call]
