"""Every query of the Grafana dashboard finds something in a real Prometheus after a scripted fortnight."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import prometheus_client
import pytest

from changeover import Migration
from changeover.api.metrics import ProjectMetrics, metrics_text
from changeover.project import Project
from changeover.rollout.flags_file import flags_content
from changeover.telemetry.metric_table import METRICS
from changeover.telemetry.prometheus import serve
from changeover.values.stage import parse_setting
from tests.changeover.support.doc_pages import DOCS
from tests.changeover.support.projects import Shop
from tests.changeover.support.prometheus import (
    SNAPSHOT,
    Prometheus,
    check_metrics,
    free_port,
    needs,
    prometheus,
    scraped,
)
from tests.changeover.support.worker_project import WorkerProject

DASHBOARD = json.loads((DOCS / "grafana" / "changeover.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = {f"{panel['title']} {one['refId']}": one["expr"] for panel in PANELS for one in panel["targets"]}
QUERIES["annotation"] = DASHBOARD["annotations"]["list"][0]["expr"]
DAYS, HOUR_S = 14, 3600
WHILE = {"$__rate_interval": "4h", "$seam": ".*", "$phase": ".*"}
STAGES = ("off", "shadow", "shadow", "shadow", "ramp:10", "ramp:10", "ramp:50", "ramp:50", "live", "live")
SEAM = '[[phase]]\nname = "{0}"\nseams = ["{0}"]\n'


class Program:
    """A program that judges a seam itself and records another one for a worker, day after day."""

    def __init__(self, folder: Path) -> None:
        self.registries: list[Any] = []
        self._folders = {mode: folder / mode / "migration" for mode in ("inline", "worker")}
        self._calls = [self._program(mode) for mode in self._folders]

    def _program(self, mode: str) -> Any:
        folder = self._folders[mode]
        folder.mkdir(parents=True)
        plan = f'[migration]\nname = "{mode}"\nmode = "{mode}"\n' + SEAM.format(f"{mode}-price")
        (folder / "phases.toml").write_text(plan)
        migration = Migration.load(folder, environment={"CHANGEOVER_STORE": "none"}, refresh_s=0)
        call = migration.seam(
            f"{mode}-price",
            legacy=lambda number: number,
            candidate=lambda number: number + (number == 2),
            key=str,
        )
        registry = prometheus_client.CollectorRegistry()
        migration.expose_metrics(registry)
        self.registries.append(registry)
        return call

    def day(self, day: int) -> None:
        stage = STAGES[min(day, len(STAGES) - 1)]
        for mode, folder in self._folders.items():
            content = flags_content({f"{mode}-price": parse_setting(stage)}, revision=day + 1)
            (folder / "flags.json").write_text(json.dumps(content))

    def hour(self, hour: int) -> str:
        for call in self._calls:
            for number in (hour % 24, 2 if hour % 12 == 0 else 1):
                call(number)
        return "".join(prometheus_client.generate_latest(one).decode() for one in self.registries)


@dataclass
class Fortnight:
    """What was scraped, and what answers now."""

    server: Prometheus
    began: float
    ended: float
    program: Program


@dataclass
class Served:
    """What an order service and its worker say before, while and after that works."""

    before: str
    worker: str
    after: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    project = WorkerProject(tmp_path_factory.mktemp("orders"))
    project.call("usual", "dear", "usual", "crash")
    found = Project(project.root, project.root / "migration", None)
    before, port = metrics_text(found), free_port()
    worker = project.worker("--metrics", f":{port}")
    try:
        assert worker.stderr is not None
        during = _scraped_until(port, "changeover_worker_replayed_runs_total 4.0")
        worker.terminate()
        worker.communicate(timeout=120)
    finally:
        worker.kill()
    assert worker.returncode == 0
    return Served(before, during, metrics_text(found))


def _scraped_until(port: int, line: str) -> str:
    until = time.monotonic() + 120
    text = ""
    while line not in text:
        assert time.monotonic() < until, text
        time.sleep(0.2)
        try:
            text = scraped(port)
        except OSError:
            continue
    return text


def script(program: Program, served: Served, began: float) -> Iterator[SNAPSHOT]:
    """Hour by hour: the worker begins on the third day."""
    for hour in range(DAYS * 24):
        at = began + hour * HOUR_S
        if hour % 24 == 0:
            program.day(hour // 24)
        yield at, program.hour(hour)
        yield at, served.before if hour < 72 else served.worker if hour % 2 else served.after


@pytest.fixture(scope="module")
def fortnight(tmp_path_factory: pytest.TempPathFactory, served: Served) -> Iterator[Fortnight]:
    needs("prometheus")
    folder = tmp_path_factory.mktemp("fortnight")
    program = Program(folder)
    ended = time.time() - 3 * HOUR_S
    began = ended - DAYS * 24 * HOUR_S
    port = free_port()
    end = serve(program.registries[0], "127.0.0.1", port)
    try:
        with prometheus(folder, script(program, served, began), port) as server:
            yield Fortnight(server, began, ended, program)
    finally:
        end()


def filled_in(query: str) -> str:
    for name, value in WHILE.items():
        query = query.replace(name, value)
    assert "$" not in query
    return query


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_of_the_dashboard_finds_a_series(fortnight: Fortnight, name: str) -> None:
    found = fortnight.server.ask(
        "query_range",
        query=filled_in(QUERIES[name]),
        start=fortnight.began,
        end=fortnight.ended,
        step=HOUR_S,
    )
    assert found
    values = [float(value) for series in found for _, value in series["values"]]
    assert any(value == value for value in values), "not a number throughout"


def test_a_program_is_scraped_as_it_is_now(fortnight: Fortnight) -> None:
    fortnight.server.wait_for('up{job="program"} == 1')
    fortnight.program.hour(2)
    found = fortnight.server.wait_for('changeover_runs_total{job="program",verdict="diverged"}')
    assert {one["metric"]["seam"] for one in found} == {"inline-price"}


@pytest.mark.parametrize("who", ["program", "before", "worker", "after"])
def test_the_checker_of_prometheus_finds_nothing_wrong(served: Served, who: str, tmp_path: Path) -> None:
    if who == "program":
        program = Program(tmp_path)
        program.day(4)
        texts = program.hour(2).split("# HELP changeover_runs_total")[1:]
        texts = [f"# HELP changeover_runs_total{text}" for text in texts]
    else:
        texts = [getattr(served, who)]
    for text in texts:
        assert check_metrics(text) == ""


def test_the_dashboard_asks_for_nothing_that_is_not_there() -> None:
    known = {metric.name for metric in METRICS}
    known |= {f"{metric.name}_{part}" for metric in METRICS for part in ("bucket", "sum", "count")}
    asked = set(re.findall(r"changeover_\w+", " ".join(QUERIES.values())))
    assert asked
    assert asked <= known
    variables = [one["definition"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    assert set(re.findall(r"changeover_\w+", " ".join(variables))) <= known


def test_the_dashboard_shows_every_metric() -> None:
    asked = " ".join(QUERIES.values())
    assert [metric.name for metric in METRICS if metric.name not in asked] == []


def test_what_waits_and_what_the_worker_did_shows(served: Served) -> None:
    assert "changeover_waiting_runs 4.0" in served.before
    assert "changeover_worker_seen_timestamp_seconds 0.0" in served.before
    assert "changeover_unwatched 1.0" in served.before
    assert "changeover_waiting_runs 0.0" in served.after
    assert "changeover_unwatched 0.0" in served.after
    assert 'changeover_handled_runs{outcome="replayed"} 4.0' in served.after
    diverged = 'changeover_kept_runs{seam="orders.refill",stage="shadow",verdict="diverged"} 1.0'
    assert diverged not in served.before
    assert diverged in served.after
    assert 'changeover_clusters{phase="orders"} 1.0' in served.after
    assert 'changeover_gate_answer{answer="pass",phase="orders",to="live"} 0.0' in served.after


def test_a_worker_counts_what_it_judged(served: Served) -> None:
    for verdict, runs in {"match": 2, "diverged": 1, "failed": 1}.items():
        labels = f'seam="orders.refill",stage="shadow",verdict="{verdict}"'
        assert f"changeover_runs_total{{{labels}}} {runs}.0" in served.worker
    assert "changeover_worker_failed_runs_total 1.0" in served.worker
    assert 'changeover_own_time_seconds_count{path="candidate",seam="orders.refill"} 3.0' in served.worker


def test_a_project_that_cannot_be_read_says_that_alone(tmp_path: Path) -> None:
    project = WorkerProject(tmp_path)
    found = Project(project.root, project.root / "migration", None)
    (tmp_path / "migration" / "phases.toml").write_text("[[")
    assert "changeover_project_readable 0.0" in metrics_text(found)
    assert "changeover_phase_stage" not in metrics_text(found)


def test_a_project_is_read_again_when_its_time_has_come(tmp_path: Path) -> None:
    project, clock = WorkerProject(tmp_path, "off"), [0.0]
    metrics = ProjectMetrics(Project(project.root, project.root / "migration", None), 15.0, lambda: clock[0])

    def stage() -> list[str]:
        return [
            one.labels[1]
            for one in metrics.samples()
            if one.metric.name == "changeover_phase_stage" and one.value
        ]

    assert stage() == ["off"]
    project.flip("shadow", 2)
    clock[0] = 14.0
    assert stage() == ["off"]
    clock[0] = 15.0
    assert stage() == ["shadow"]


@pytest.mark.parametrize("address", ["nine", "127.0.0.1:", "127.0.0.1:99999", "http://127.0.0.1:9464", ":0"])
def test_an_address_that_is_none_is_refused_in_a_sentence(tmp_path: Path, address: str) -> None:
    answer = Shop(WorkerProject(tmp_path).root).run("worker", "--once", "--metrics", address)
    assert answer.code == 2
    assert f"--metrics: was {address!r}, allowed: HOST:PORT, such as 127.0.0.1:9464" in answer.err
    assert "Traceback" not in answer.err


def test_a_port_that_is_taken_is_refused_in_a_sentence(tmp_path: Path) -> None:
    port, project = free_port(), WorkerProject(tmp_path)
    end = serve(prometheus_client.CollectorRegistry(), "127.0.0.1", port)
    try:
        worker = project.worker("--once", "--metrics", f"127.0.0.1:{port}")
        _, err = worker.communicate(timeout=60)
    finally:
        end()
    assert worker.returncode == 2
    assert f"nothing can listen at 127.0.0.1:{port}" in err
