"""A program's metrics say what its seams did, whatever the callers give, and harm none of them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import prometheus_client
import pytest

from changeover import Migration
from changeover.errors import DeclarationError, MissingPackageError
from changeover.evidence.program_interface import comparison_runtime
from changeover.rollout.flags_file import flags_content
from changeover.telemetry.metric_table import METRICS, OTHER_SEAMS, OWN_TIME_BUCKETS_S, SEAMS_MAX
from changeover.telemetry.run_metrics import SeamNames
from changeover.values.stage import parse_setting
from tests.changeover.support.doc_pages import DOCS
from tests.changeover.support.metric_pages import metric_rows

PLAN = '[migration]\nname = "shop"\nmode = "{mode}"\n[[phase]]\nname = "shelf"\nseams = ["s"]\n'


def legacy(number: int) -> int:
    return number


def candidate(number: int) -> int:
    return number + (number > 2)


class Program:
    """A migration with one seam, and the registry of its metrics."""

    def __init__(self, stage: str = "shadow", **options: Any) -> None:
        self.registry = prometheus_client.CollectorRegistry()
        environment = options.pop("environment", {"CHANGEOVER_STAGE_S": stage})
        self.migration = Migration(environment=environment, refresh_s=0, **options)
        self.call = self.migration.seam("s", legacy=legacy, candidate=candidate)
        self.migration.expose_metrics(self.registry)

    def value(self, name: str, **labels: str) -> float | None:
        found: float | None = self.registry.get_sample_value(name, labels)
        return found


def program_in(folder: Path, mode: str, stage: str = "shadow") -> Program:
    """One with a plan and flags."""
    (folder / "phases.toml").write_text(PLAN.format(mode=mode))
    flip(folder, stage, 1)
    program = Program.__new__(Program)
    program.registry = prometheus_client.CollectorRegistry()
    program.migration = Migration.load(folder, environment={}, refresh_s=0)
    program.call = program.migration.seam("s", legacy=legacy, candidate=candidate)
    program.migration.expose_metrics(program.registry)
    return program


def flip(folder: Path, stage: str, revision: int) -> None:
    content = flags_content({"shelf": parse_setting(stage)}, revision=revision)
    (folder / "flags.json").write_text(json.dumps(content))


def test_runs_are_counted_by_what_they_showed() -> None:
    program = Program()
    for number in range(5):
        program.call(number)
    found = {
        verdict: program.value("changeover_runs_total", seam="s", verdict=verdict, stage="shadow")
        for verdict in ("match", "diverged", "unsafe")
    }
    assert found == {"match": 3, "diverged": 2, "unsafe": None}


def test_the_own_time_of_both_paths_is_seen() -> None:
    program = Program()
    for number in range(3):
        program.call(number)
    for path in ("legacy", "candidate"):
        assert program.value("changeover_own_time_seconds_count", seam="s", path=path) == 3
        taken = program.value("changeover_own_time_seconds_sum", seam="s", path=path)
        assert taken is not None
        assert taken > 0
        longest = {"seam": "s", "path": path, "le": f"{OWN_TIME_BUCKETS_S[-1]}"}
        assert program.registry.get_sample_value("changeover_own_time_seconds_bucket", longest) == 3


@pytest.mark.parametrize("stage", ["off", "complete"])
def test_where_nothing_is_compared_nothing_is_counted(stage: str) -> None:
    program = Program(stage)
    program.call(1)
    text = prometheus_client.generate_latest(program.registry).decode()
    assert "changeover_runs_total{" not in text
    assert program.value("changeover_phase_stage", phase="s", stage=stage) == 1


def test_a_move_shows_in_the_next_scrape_though_nobody_calls(tmp_path: Path) -> None:
    program = program_in(tmp_path, "inline")
    ratios, stages = [], []
    for revision, setting in enumerate(["shadow", "ramp:25", "live", "complete"], start=2):
        flip(tmp_path, setting, revision)
        text = prometheus_client.generate_latest(program.registry).decode()
        assert f"changeover_flags_revision {revision}.0" in text
        ratios.append(program.value("changeover_phase_ramp_ratio", phase="shelf"))
        stages.append(
            [
                program.value("changeover_phase_stage", phase="shelf", stage=name)
                for name in ("off", "shadow", "ramp", "live", "complete")
            ]
        )
    assert ratios == [0, 0.25, 1, 1]
    assert stages == [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]


def test_the_kill_switch_shows(tmp_path: Path) -> None:
    program = program_in(tmp_path, "inline")
    assert program.value("changeover_killed") == 0
    (tmp_path / "KILL").touch()
    assert program.value("changeover_killed") == 1
    assert program.value("changeover_phase_stage", phase="shelf", stage="off") == 1


def test_a_problem_of_the_flags_shows(tmp_path: Path) -> None:
    program = program_in(tmp_path, "inline")
    assert program.value("changeover_problems") == 0
    (tmp_path / "flags.json").write_text("{")
    assert program.value("changeover_problems") == 1


def test_what_is_recorded_for_a_worker_is_counted_at_the_scrape(tmp_path: Path) -> None:
    folder = tmp_path / "migration"
    folder.mkdir()
    program = program_in(folder, "worker")
    for number in (1, 2):
        program.call(number)
    recorded = {"seam": "s", "outcome": "recorded"}
    prometheus_client.generate_latest(program.registry)
    assert program.value("changeover_recorded_runs_total", **recorded) == 2
    program.call(3)
    prometheus_client.generate_latest(program.registry)
    assert program.value("changeover_recorded_runs_total", **recorded) == 3
    assert program.value("changeover_runs_total", seam="s", verdict="match", stage="shadow") is None


def test_no_caller_chooses_the_value_of_a_label() -> None:
    program = Program()
    before = len(prometheus_client.generate_latest(program.registry).splitlines())
    program.call(0)
    after_one = len(prometheus_client.generate_latest(program.registry).splitlines())
    for number in range(-200, 0):
        program.call(number)
    assert len(prometheus_client.generate_latest(program.registry).splitlines()) == after_one > before


def test_of_very_many_seams_the_last_ones_share_a_name() -> None:
    names = SeamNames()
    labels = [names.label(f"s{number}") for number in range(SEAMS_MAX + 3)]
    assert labels[SEAMS_MAX - 1 :] == [f"s{SEAMS_MAX - 1}", *[OTHER_SEAMS] * 3]
    assert names.label("s0") == "s0"


def test_runs_of_a_comparison_are_not_counted() -> None:
    program = Program()
    with program.migration.runtime.replaced_by(comparison_runtime(program.migration, None)):
        program.call(1)
    assert program.value("changeover_runs_total", seam="s", verdict="match", stage="shadow") is None
    program.call(1)
    assert program.value("changeover_runs_total", seam="s", verdict="match", stage="shadow") == 1


def test_one_registry_has_one_migration() -> None:
    program = Program()
    with pytest.raises(DeclarationError, match="one registry for each migration"):
        Migration().expose_metrics(program.registry)
    Migration().expose_metrics(prometheus_client.CollectorRegistry())


def test_what_is_no_registry_is_said_in_a_sentence() -> None:
    with pytest.raises(DeclarationError, match="registry was a str, allowed: a CollectorRegistry"):
        Migration().expose_metrics("metrics")


def test_without_the_package_the_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(MissingPackageError, match=r"changeover\[metrics\]"):
        Migration().expose_metrics()


def test_a_program_that_asks_for_no_metrics_imports_nothing_of_them() -> None:
    code = (
        "import sys; from changeover import Migration;"
        "m = Migration(environment={'CHANGEOVER_STAGE_S': 'shadow'});"
        "m.seam('s', legacy=abs, candidate=abs)(1);"
        "sys.exit(any(name.startswith(('prometheus_client', 'opentelemetry', 'openfeature',"
        " 'changeover.telemetry.metric', 'changeover.telemetry.prometheus')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


FORKING = """
import os, sys, shutil
import prometheus_client
from prometheus_client import multiprocess
from changeover import Migration

migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"})
seam = migration.seam("s", legacy=lambda number: number, candidate=lambda number: number + (number > 2))
migration.expose_metrics()
seam(0)
pids = []
for child in range(2):
    pid = os.fork()
    if not pid:
        for number in range(4):
            seam(number)
        os._exit(0)
    pids.append(pid)
assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0]
if sys.argv[1:] == ["gone"]:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    if not os.fork():
        os._exit(seam(5) != 5)
    sys.exit(os.wait()[1] != 0)
migration.runtime.exposed.refresh()
registry = prometheus_client.CollectorRegistry()
multiprocess.MultiProcessCollector(registry)
print(prometheus_client.generate_latest(registry).decode())
"""


def forking(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    return subprocess.run(
        [sys.executable, "-c", FORKING, *arguments],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_processes_of_a_program_are_one_program_to_prometheus(tmp_path: Path) -> None:
    done = forking(tmp_path / "values")
    assert done.returncode == 0, done.stderr
    assert 'changeover_runs_total{seam="s",stage="shadow",verdict="match"} 7.0' in done.stdout
    assert 'changeover_runs_total{seam="s",stage="shadow",verdict="diverged"} 2.0' in done.stdout
    assert 'changeover_own_time_seconds_count{path="legacy",seam="s"} 9.0' in done.stdout
    assert 'changeover_phase_stage{phase="s",stage="shadow"} 1.0' in done.stdout


def test_metrics_that_cannot_be_written_harm_no_caller(tmp_path: Path) -> None:
    done = forking(tmp_path / "values", "gone")
    assert done.returncode == 0, done.stderr


def test_the_page_lists_every_metric_with_its_meaning() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    assert metric_rows() in page
    assert len({metric.name for metric in METRICS}) == len(METRICS)
