"""With --on the workers of a Dask cluster replay runs, and nothing that is shown or kept is another."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from changeover.api.readiness import gate
from changeover.errors import ConfigurationError, MissingPackageError
from changeover.operate import dask_cluster as dask_cluster_module
from changeover.operate.cluster_task import END, replays
from changeover.operate.cluster_terms import terms, why_not_alike
from changeover.operate.dask_cluster import dask_cluster
from changeover.operate.messages import packed
from changeover.project import Project, open_project
from tests.changeover.evidence.test_jobs import APP, PHASES, RECORD, RULES, without_times
from tests.changeover.support.outside_view import children_of
from tests.programs.process import start_python

EXTRA = """\
os.environ.get("ONLY_HERE") and number % 5 == 3 and sys.exit("only here"); \
os.path.exists("slow") and number > 12 and time.sleep(0.3); \
os.path.exists("crash") and number == 13 and getattr(ctypes.CDLL(None), "raise")(9)"""
SHOWN = """\
import json, os, pathlib, shutil, sys
import changeover
from changeover.errors import ConfigurationError
from changeover.views.json import compare_json, gate_json
on = sys.argv[1] if len(sys.argv) > 1 else None
evidence, replayed_here = ".changeover/evidence.db", []
def compared(source, **more):
    (done,) = changeover.compare(source=source, on=on, **more).sources
    replayed_here.append(dict(done.replayed_here))
    return compare_json(done.info, done.corpus)
shutil.copy("recorded.db", evidence)
shown = {source: compared(source) for source in ("store", "kinds", "scenarios")}
shown["noise"] = compared("kinds", noise=True, runs=15)
shown["blind"] = changeover.find_blind_spots(runs=15, on=on).as_data()
shown["gate"] = [gate_json(one) for one in changeover.gate(scenarios=True, on=on).verdicts]
os.environ["ONLY_HERE"] = "1"
shown["only here"] = compared("kinds")
if on:
    shown["replayed here"] = replayed_here
    other = pathlib.Path("other")
    shutil.copytree("migration", other / "migration")
    (other / "pyproject.toml").write_bytes(pathlib.Path("pyproject.toml").read_bytes())
    (other / "kinds_app.py").write_text(pathlib.Path("kinds_app.py").read_text() + "TIMES = 1")
    sys.modules.pop("kinds_app")
    try:
        changeover.compare(on=on, project=other)
    except ConfigurationError as error:
        shown["refused"] = str(error)
    shown["written"] = [str(one) for one in other.rglob("*.db")]
print(json.dumps(shown))
"""


def environment(seed: str = "1") -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    own = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": seed, "KINDS_CASES": "30", "KINDS_EXTRA": EXTRA}
    return {**kept, **own}


def python(folder: Path, *arguments: str, **more: str) -> "subprocess.Popen[str]":
    return start_python(
        arguments,
        cwd=folder,
        env={**environment(), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def done(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with runs in production on older code, and with scenarios."""
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "kinds_app.py").write_bytes(APP.read_bytes())
    (folder / "pyproject.toml").write_text('[tool.changeover]\napp = "kinds_app:migration"\n')
    (folder / "migration").mkdir()
    (folder / "migration" / "phases.toml").write_text(PHASES)
    (folder / "migration" / "rules.toml").write_text(RULES)
    record = RECORD.replace("range(60)", "range(30)") + (
        "import changeover\n"
        "changeover.record_scenarios(source='kinds', output='migration/scenarios/k.jsonl')\n"
    )
    made = python(folder, "-c", record, CHANGEOVER_STAGE_LEDGER="shadow", CHANGEOVER_MODE="inline")
    assert done(made)[0] == 0, made
    (folder / ".changeover" / "evidence.db").rename(folder / "recorded.db")
    (folder / "kinds_app.py").write_text(APP.read_text() + "\nNEW = 1\n")
    return folder


class Cluster:
    """A scheduler and two workers, each a process that is reached over TCP."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self._project = project
        self._log = (folder / "log").open("wb")
        local = ("--host", "127.0.0.1", "--no-dashboard")
        self._processes = [
            self._started("scheduler", *local, "--no-show", "--port", "0", "--scheduler-file", str(self.file))
        ]
        self.workers = [self.worker(), self.worker()]
        assert wait_until(lambda: self.file.exists() and self.file.read_text().strip().endswith("}"))
        self.address = json.loads(self.file.read_text())["address"].replace("tcp://", "dask://")

    def worker(self) -> "subprocess.Popen[bytes]":
        local = ("--host", "127.0.0.1", "--no-dashboard", "--no-nanny", "--nthreads", "1")
        return self._started("worker", *local, "--scheduler-file", str(self.file))

    def _started(self, what: str, *arguments: str) -> "subprocess.Popen[bytes]":
        started = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments],
            cwd=self._project,
            env={**environment(), "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"},
            stdout=self._log,
            stderr=self._log,
        )
        if what == "worker":
            self.__dict__.setdefault("_processes", []).append(started)
        return started

    @property
    def log(self) -> bytes:
        return Path(self._log.name).read_bytes()

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self._log.close()


@pytest.fixture(scope="module")
def cluster(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if find_spec("distributed") is None:
        pytest.skip("distributed is not installed: python -m pip install 'changeover[dask]'")
    made = Cluster(project, tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


def wait_until(is_so: Any, seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.02)
    return False


def processes_beside(cluster: Cluster) -> list[int]:
    """The processes of replays of the workers."""
    workers = {worker.pid for worker in cluster.workers}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) in workers and state != "Z":
            found.append(int(folder.name))
    return found


def compare_and_wait_for_its_replays(project: Path, cluster: Cluster) -> "subprocess.Popen[str]":
    """The comparison has begun, which is in the store by then, and goes on for some seconds."""
    store = project / ".changeover" / "evidence.db"
    before = store.stat().st_mtime_ns
    arguments = ("-m", "changeover", "compare", "outer", "--on", cluster.address, "--format", "json")
    process = python(project, *arguments)
    assert wait_until(lambda: store.stat().st_mtime_ns != before or process.poll() is not None)
    time.sleep(0.3)
    return process


@pytest.fixture
def slow(project: Path) -> Iterator[None]:
    (project / "slow").touch()
    yield
    (project / "slow").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def in_one_process(project: Path) -> dict[str, Any]:
    code, out, err = done(python(project, "-c", SHOWN))
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.fixture(scope="module")
def on_the_cluster(project: Path, cluster: Cluster) -> dict[str, Any]:
    code, out, err = done(python(project, "-c", SHOWN, cluster.address))
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_every_command_shows_the_same(
    cluster: Cluster, in_one_process: dict[str, Any], on_the_cluster: dict[str, Any]
) -> None:
    assert in_one_process["kinds"]["cases"] == 30
    assert in_one_process["store"]["total"]["runs"] > 50
    for name, part in in_one_process.items():
        assert json.dumps(without_times(part)) == json.dumps(without_times(on_the_cluster[name])), name
    assert on_the_cluster["replayed here"][:-1] == [{}, {}, {}, {}]
    assert wait_until(lambda: not processes_beside(cluster))
    assert cluster.log.count(b"Compute Failed") == 0  # which Dask follows by a part of what it was sent


def test_a_path_that_goes_by_what_the_program_is_here_is_replayed_here(
    on_the_cluster: dict[str, Any],
) -> None:
    (reason,) = on_the_cluster["replayed here"][-1]
    assert reason == "a path answers otherwise on the cluster"


def test_workers_with_other_code_are_refused_and_nothing_is_written(on_the_cluster: dict[str, Any]) -> None:
    refused = on_the_cluster["refused"]
    assert refused.startswith("the digest of the code, on the worker tcp://127.0.0.1:")
    assert "start the worker in a folder with the same code" in refused
    assert on_the_cluster["written"] == []


def test_the_interrupt_key_shows_and_keeps_what_was_seen_and_leaves_nothing_on_the_cluster(
    project: Path, cluster: Cluster, slow: None
) -> None:
    process = compare_and_wait_for_its_replays(project, cluster)
    os.killpg(process.pid, signal.SIGINT)
    code, out, err = done(process)
    assert code == 130, err
    (found,) = json.loads(out)["comparisons"]
    assert found["stopped"] == "interrupted"
    assert 0 < found["cases"] < 30
    assert wait_until(lambda: not processes_beside(cluster))


def test_a_worker_that_is_killed_changes_nothing_and_a_path_that_kills_its_process_fails_its_own_run(
    project: Path, cluster: Cluster, slow: None
) -> None:
    (project / "crash").touch()
    try:
        process = compare_and_wait_for_its_replays(project, cluster)
        cluster.workers[0].kill()
        (project / "slow").unlink()
        code, out, err = done(process)
    finally:
        (project / "crash").unlink()
    assert code in (1, 3), err
    (found,) = json.loads(out)["comparisons"]
    ended = [one for one in found["not_compared"] if "it was ended by SIGKILL" in one["reason"]]
    assert [(one["runs"], one["example"]) for one in ended] == [(1, "kinds/2020-02-02-13")]
    assert found["total"]["runs"] == 30
    assert "in this process alone" not in err


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "1")


def test_another_hash_seed_is_refused_and_the_sentence_says_what_to_set(
    project: Path, seeded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = terms(open_project(project))
    monkeypatch.setenv("PYTHONHASHSEED", "2")
    problem = why_not_alike(wanted, open_project(project))
    assert problem is not None
    assert problem[0] == "PYTHONHASHSEED"
    assert "was '2', needed: '1'" in problem[1]
    assert "PYTHONHASHSEED=1 in its environment" in problem[1]


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("migration/rules.toml", "the same rules.toml"),
        ("migration/phases.toml", "the same phases.toml"),
        ("kinds_app.py", "the same code"),
    ],
)
def test_other_code_and_other_files_are_refused(
    project: Path, tmp_path: Path, seeded: None, monkeypatch: pytest.MonkeyPatch, file: str, named: str
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    here, other = tmp_path / "here", tmp_path / "other"
    for folder in (here, other):
        shutil.copytree(project, folder)
        plan = folder / "migration" / "phases.toml"
        plan.write_text(plan.read_text().replace("kinds_app", f"{tmp_path.name.replace('-', '_')}_app"))
        (folder / "kinds_app.py").rename(folder / f"{tmp_path.name.replace('-', '_')}_app.py")
    wanted = terms(open_project(here))
    assert why_not_alike(wanted, open_project(here)) is None
    changed = other / file.replace("kinds_app", f"{tmp_path.name.replace('-', '_')}_app")
    changed.write_text(changed.read_text() + {".py": "\nTIMES = 1\n"}.get(changed.suffix, "\n# another\n"))
    sys.path[:] = [one for one in sys.path if one != str(here)]
    problem = why_not_alike(wanted, open_project(other))
    assert problem is not None
    assert f"start the worker in a folder with {named}" in problem[1]


@pytest.mark.parametrize(
    "address", ["dask://127.0.0.1", "tcp://127.0.0.1:8786", "dask://:8786", "dask://127.0.0.1:99999", "8786"]
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    with (
        pytest.raises(ConfigurationError, match="allowed: dask://HOST:PORT"),
        dask_cluster(address, Project(tmp_path, tmp_path, None)),
    ):
        pass


def test_a_hash_seed_that_is_not_set_is_refused_and_the_sentence_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    with (
        pytest.raises(ConfigurationError, match=r"PYTHONHASHSEED: is not set.*PYTHONHASHSEED=0"),
        dask_cluster("dask://127.0.0.1:1", Project(tmp_path, tmp_path, None)),
    ):
        pass


def test_where_nothing_listens_it_is_said_at_once(tmp_path: Path, seeded: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    address = f"dask://127.0.0.1:{port}"
    with (
        pytest.raises(ConfigurationError, match=f"{address}: nothing listens there"),
        dask_cluster(address, Project(tmp_path, tmp_path, None)),
    ):
        pass


def test_a_package_that_is_missing_is_named_with_its_extra(
    tmp_path: Path, seeded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster_module, "find_spec", lambda _: None)
    with (
        pytest.raises(MissingPackageError, match=r"changeover\[dask\]"),
        dask_cluster("dask://127.0.0.1:1", Project(tmp_path, tmp_path, None)),
    ):
        pass


def test_a_cluster_and_jobs_are_two_ways_of_which_one_is_taken(project: Path, seeded: None) -> None:
    with pytest.raises(ConfigurationError, match="--on: goes without --jobs"):
        gate(scenarios=True, jobs=2, on="dask://127.0.0.1:1", project=project)
    with pytest.raises(ConfigurationError, match="--on: goes with --scenarios"):
        gate("ledger", on="dask://127.0.0.1:1", project=project)


def test_a_share_that_begins_after_its_client_has_ended_leaves_no_process() -> None:
    before = {*children_of(os.getpid())}
    client = f"a client of {os.getpid()}"
    assert json.loads(replays(packed({END: client}))) == {}
    late = {"comparison": {"client": client, "variables": {}}, "share": {}}
    assert json.loads(replays(packed(late)))["ended"] == "whoever compared has ended"
    assert {*children_of(os.getpid())} <= before
