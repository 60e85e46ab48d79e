"""Programs on some machines record, workers on others replay: each run is judged once.

A machine is a folder of its own, with its own flags, spools and state; the machines share a database.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import chdir
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

import changeover
from changeover.api.metrics import metrics_text
from changeover.evidence.fleet_watch import FleetWatching
from changeover.evidence.store.fleet import Fleet, FleetCounts
from changeover.evidence.store.maintenance import Checked, check_store
from changeover.evidence.store.place import Database, store_path
from changeover.evidence.store.records import StoredRun
from changeover.evidence.worker_watch import pulse_of_this_process
from changeover.project import Project
from changeover.record.recorded_run import Passage, written_here, written_open
from changeover.spool.frame import FrameKind
from changeover.spool.names import READ
from changeover.spool.writer import SpoolWriter
from changeover.values.observation import Side
from changeover.values.pins import Pins
from changeover.values.stage import Setting, Stage
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.stores import sql
from tests.changeover.support.worker_project import SECRET, WorkerProject
from tests.programs.process import run_python

KEY = Fernet.generate_key().decode()
NOWHERE = "postgresql://127.0.0.1:1/nowhere"


def until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    """How long it takes decides nothing."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


@dataclass
class FleetOfTwo:
    """A machine where the service records, and one where a worker replays."""

    root: Path
    address: str
    stage: str = "shadow"

    def __post_init__(self) -> None:
        self.recorder = self.machine("recorder", self.stage)
        self.elsewhere = self.machine("elsewhere")
        place = store_path(self.root, {"CHANGEOVER_STORE": self.address})
        assert isinstance(place, Database)
        self.place = place

    def machine(self, name: str, stage: str = "off") -> WorkerProject:
        (self.root / name).mkdir()
        return WorkerProject(self.root / name, stage)

    @property
    def variables(self) -> dict[str, str]:
        named = f"{self.address}&application_name={self.place.schema}"
        return {"CHANGEOVER_STORE": named, "CHANGEOVER_SPOOL_KEY": KEY}

    @property
    def counts(self) -> FleetCounts:
        found = Fleet(self.place).look().counts
        assert found.recorded == found.replayed + found.waiting + found.dropped
        return found

    @property
    def runs(self) -> list[StoredRun]:
        return sorted(runs_in(self.place), key=lambda run: run.at)

    @property
    def verdicts(self) -> list[str]:
        """In no order: runs may be of the same millisecond."""
        return sorted(run.verdict for run in self.runs)

    def work(self, **variables: str) -> dict[str, Any]:
        return self.elsewhere.work(**{**self.variables, **variables})

    def status(self, machine: WorkerProject, monkeypatch: pytest.MonkeyPatch) -> Any:
        for name, value in self.variables.items():
            monkeypatch.setenv(name, value)
        with chdir(machine.root):
            return changeover.status(project=Project(machine.root, machine.root / "migration", None))


@pytest.fixture
def fleet(tmp_path: Path, database: str) -> FleetOfTwo:
    return FleetOfTwo(tmp_path, database)


def test_what_one_machine_records_a_worker_on_another_one_judges(
    fleet: FleetOfTwo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fleet.recorder.service(**fleet.variables) as service:
        for item in ("usual", "dear", "whole"):
            service.call(item)
        until(lambda: fleet.counts.waiting == 3)  # the thread of the program ships
        assert fleet.runs == []
        summary = fleet.work()
        found = fleet.status(fleet.recorder, monkeypatch).recorded

    assert (summary["recorded"], summary["replayed"], summary["waiting"]) == (3, 3, 0)
    assert fleet.verdicts == ["diverged", "match", "unsafe"]
    assert check_store(fleet.place) == Checked(3, 0)
    assert (found.recorded, found.replayed, found.waiting, found.dropped) == (3, 3, 0, 0)
    assert found.unwatched is None, "the worker is elsewhere, and has been seen"
    assert found.seen_at is not None


def test_the_metrics_of_a_project_are_those_of_its_fleet(
    fleet: FleetOfTwo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in fleet.variables.items():
        monkeypatch.setenv(name, value)
    project = Project(fleet.recorder.root, fleet.recorder.root / "migration", None)
    with fleet.recorder.service(**fleet.variables) as service:
        for item in ("usual", "dear"):
            service.call(item)
        until(lambda: fleet.counts.waiting == 2)
        before = metrics_text(project)
        fleet.work()
        after = metrics_text(project)

    assert "changeover_waiting_runs 2.0" in before
    assert "changeover_waiting_runs 0.0" in after
    assert 'changeover_handled_runs{outcome="replayed"} 2.0' in after
    assert 'changeover_kept_runs{seam="orders.refill",stage="shadow",verdict="diverged"} 1.0' in after


def test_work_that_goes_on_after_the_answer_travels_with_its_run(fleet: FleetOfTwo) -> None:
    with fleet.recorder.service(**fleet.variables) as service:
        service.call("works-on")
        until(lambda: fleet.counts.waiting == 1)
        service.call("never-ends")
        service.kill()
    fleet.recorder.call("usual", **fleet.variables)
    assert fleet.recorder.work(**fleet.variables)["failed"] == 1

    assert fleet.verdicts == ["failed", "match", "match"]
    (failed,) = [run for run in fleet.runs if run.verdict == "failed"]
    assert str(failed.reason).startswith("process ended: ")
    assert fleet.counts == FleetCounts(3, 3, 0, 0, 0, None)


def test_a_spool_that_is_shipped_again_after_its_runs_were_judged_brings_nothing(fleet: FleetOfTwo) -> None:
    """The shipper was killed after the transaction, before it could note so: the note is as it was before."""
    with fleet.recorder.service(**fleet.variables) as service:
        service.call("usual")
        until(lambda: fleet.counts.waiting == 1)
        (note,) = fleet.recorder.recorded.glob(f"*.{READ}")
        before = note.read_bytes()
        service.call("dear")
        until(lambda: fleet.counts.waiting == 2)
        fleet.work()
        note.write_bytes(before)
        service.call("usual")
        until(lambda: fleet.counts.waiting == 1)
        note.write_bytes(b"")
        service.kill()
    fleet.recorder.work(**fleet.variables)

    assert fleet.verdicts == ["diverged", "match", "match"]
    assert fleet.counts == FleetCounts(3, 3, 0, 0, 0, None)
    assert not [file for file in fleet.recorder.recorded.iterdir() if file.suffix == ".frames"]


def test_while_the_database_is_away_runs_wait_in_the_spool_and_then_travel(
    fleet: FleetOfTwo, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = {**fleet.variables, "CHANGEOVER_STORE": NOWHERE}
    fleet.recorder.call("usual", "dear", **nowhere)
    assert fleet.counts.recorded == 0

    found = fleet.status(fleet.recorder, monkeypatch).recorded  # a command that reads evidence ships them
    assert (found.recorded, found.waiting) == (2, 2)
    assert fleet.counts.waiting == 2
    assert fleet.work()["replayed"] == 2


def test_a_trip_that_is_found_elsewhere_holds_on_the_machine_that_records(
    tmp_path: Path, database: str
) -> None:
    stage = "ramp:99.99"
    fleet = FleetOfTwo(tmp_path, database, stage)
    with fleet.recorder.service(**fleet.variables) as service:
        service.call("whole")
        until(lambda: fleet.counts.waiting == 1)
        fleet.work()
        until(lambda: fleet.recorder.setting() == "shadow")
        service.call("usual")

    trips = json.loads((fleet.recorder.root / ".changeover" / "trips.json").read_text())["trips"]
    assert [(trip["phase"], trip["revision"]) for trip in trips] == [("orders", 1)]
    assert fleet.elsewhere.setting() == "off"
    fleet.work()
    assert fleet.runs[-1].stage == "shadow"

    fleet.recorder.flip(stage, revision=2)  # somebody has looked, and goes forward again
    fleet.recorder.call("usual", **fleet.variables)
    time.sleep(0.1)
    assert fleet.recorder.setting() == stage


def test_raw_values_stand_sealed_in_the_database_until_they_are_replayed_and_nowhere_else(
    fleet: FleetOfTwo,
) -> None:
    with fleet.recorder.service(**fleet.variables) as service:
        service.call("usual", words=SECRET)
    until(lambda: fleet.counts.waiting == 1)
    schema = fleet.place.schema
    ((text,),) = sql(f'SELECT string_agg(q::text, chr(10)) FROM "{schema}".queued_runs q')  # noqa: S608
    assert SECRET not in str(text)
    assert SECRET.encode().hex() not in str(text)

    wrong = fleet.elsewhere.worker(
        "--once", "--format", "json", **{**fleet.variables, "CHANGEOVER_SPOOL_KEY": ""}
    )
    out, err = wrong.communicate(timeout=120)
    assert wrong.returncode == 3
    assert json.loads(out)["waiting"] == 1
    assert "there is no key here; set CHANGEOVER_SPOOL_KEY to the key of the programs" in err
    other = fleet.elsewhere.worker(
        "--once", **{**fleet.variables, "CHANGEOVER_SPOOL_KEY": Fernet.generate_key().decode()}
    )
    assert "sealed with another key" in other.communicate(timeout=120)[1]

    assert fleet.work()["replayed"] == 1
    assert fleet.counts == FleetCounts(1, 1, 0, 0, 0, None)


def test_without_a_key_only_what_holds_no_known_secret_leaves_the_machine(fleet: FleetOfTwo) -> None:
    without = {"CHANGEOVER_STORE": fleet.address}
    with fleet.recorder.service(**without) as service:
        service.call("usual", words=SECRET)
        service.call("usual")
        until(lambda: fleet.counts.recorded == 2)

    assert fleet.counts.dropped == 1
    summary = fleet.elsewhere.work(**without)
    assert (summary["replayed"], summary["waiting"], summary["dropped"]) == (1, 0, 0)
    usual, held = sorted(fleet.runs, key=lambda run: run.verdict)
    assert (held.verdict, held.reason) == (
        "unpaired",
        "redacted: a secret is in it, and there is no key to seal it with",
    )
    assert usual.verdict == "match"
    assert SECRET not in repr(fleet.runs)


def test_workers_that_are_killed_while_the_database_cuts_every_connection_judge_each_run_once(
    fleet: FleetOfTwo,
) -> None:
    with fleet.recorder.service(**fleet.variables) as service:
        for _ in range(60):
            service.call("usual")
        workers = [fleet.elsewhere.worker(**fleet.variables)]
        until(lambda: fleet.counts.replayed > 0)
        workers[0].send_signal(signal.SIGSTOP)
        _cut(fleet)
        service.call("dear")
        os.kill(workers[0].pid, signal.SIGKILL)
        workers[0].communicate()
    sql(f'UPDATE "{fleet.place.schema}".queued_runs SET leased_until = now()')  # noqa: S608  its time is over

    fleet.work()

    assert fleet.verdicts == ["diverged", *["match"] * 60]
    assert fleet.counts == FleetCounts(61, 61, 0, 0, 0, None)
    assert check_store(fleet.place) == Checked(61, 0)


def _cut(fleet: FleetOfTwo) -> None:
    """Its connections; others use the same server."""
    named = f"application_name = '{fleet.place.schema}'"
    assert sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {named}")  # noqa: S608  our own


def test_a_run_that_its_program_compares_after_all_is_judged_by_no_worker(fleet: FleetOfTwo) -> None:
    passage = Passage(
        "a" * 32,
        time.time(),
        "orders.refill",
        "orders",
        "production",
        Side.LEGACY,
        Pins({"orders": Setting(Stage.SHADOW)}),
    )
    for machine, variables in ((fleet.recorder, fleet.variables), (fleet.machine("alone"), {})):
        writer = SpoolWriter(machine.recorded)
        writer.append(FrameKind.RECORDED, written_open(passage))
        writer.append(FrameKind.ADDENDUM, written_here(passage))
        writer.close()

        summary = machine.work(**variables)

        assert (summary["replayed"], summary["failed"], summary["waiting"]) == (0, 0, 0)
        assert machine.runs == []
    assert fleet.runs == []
    assert fleet.counts == FleetCounts(0, 0, 0, 0, 0, None)


def test_the_thread_that_looks_after_workers_knows_of_one_on_another_machine(fleet: FleetOfTwo) -> None:
    watching = FleetWatching(fleet.place, fleet.recorder.recorded)
    now = datetime.now(UTC)
    assert watching.look().why_unwatched(300, now) == "no worker was ever seen: changeover worker"
    Fleet(fleet.place).say("elsewhere.1", {**asdict(pulse_of_this_process()), "at": now.isoformat()})

    assert watching.look().why_unwatched(300, datetime.now(UTC)) is None
    schema = fleet.place.schema
    sql(f"UPDATE \"{schema}\".workers SET at = at - interval '6 minutes'")  # noqa: S608  our own
    why = watching.look(counting=False).why_unwatched(300, datetime.now(UTC))
    assert why == "no worker was seen for 6 min, allowed: 5 min: changeover worker"


def test_while_the_database_is_away_what_was_known_of_the_workers_grows_older(fleet: FleetOfTwo) -> None:
    Fleet(fleet.place).say("elsewhere.1", {**asdict(pulse_of_this_process()), "at": "2026-01-01T00:00:00Z"})
    away = FleetWatching(replace(fleet.place, address=NOWHERE), fleet.recorder.recorded)
    away.heard(Fleet(fleet.place).look())

    assert away.look().why_unwatched(300, datetime.now(UTC)) is None
    assert away.look().why_unwatched(300, datetime.now(UTC) + timedelta(minutes=6)) is not None


def test_an_app_that_cannot_be_imported_for_replays_leaves_the_runs_in_the_queue(fleet: FleetOfTwo) -> None:
    with fleet.recorder.service(**fleet.variables) as service:
        service.call("usual")
    source = fleet.elsewhere.root / "order_service.py"
    before = source.read_text()
    source.write_text(
        f'import os\nif os.environ.get("CHANGEOVER_STORE") == "none":\n    os._exit(7)\n{before}'
    )
    worker = fleet.elsewhere.worker("--once", "--format", "json", **fleet.variables)
    out, err = worker.communicate(timeout=120)

    assert worker.returncode == 3, err
    assert json.loads(out)["waiting"] == 1
    assert "cannot be imported for replays" in err
    source.write_text(before)
    assert fleet.work()["replayed"] == 1


def test_doctor_says_how_runs_travel_and_what_keeps_them(
    fleet: FleetOfTwo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def doctor(key: str) -> dict[str, Any]:
        done = run_python(
            ["-m", "changeover", "doctor", "--format", "json"],
            cwd=fleet.recorder.root,
            env=fleet.recorder.environment(**{**fleet.variables, "CHANGEOVER_SPOOL_KEY": key}),
            text=True,
            timeout=120,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    assert doctor(KEY)["facts"]["fleet"] == "0 workers, 0 waiting; sealed with CHANGEOVER_SPOOL_KEY"
    without = doctor("")
    assert without["facts"]["fleet"].endswith("; no CHANGEOVER_SPOOL_KEY: runs with a secret stay")
    wrong = doctor("hunter2")
    assert [one for one in wrong["problems"] if "CHANGEOVER_SPOOL_KEY: holds no key" in one]
    assert "hunter2" not in json.dumps(wrong)


def test_a_worker_with_no_key_in_its_variable_ends_with_a_sentence(fleet: FleetOfTwo) -> None:
    worker = fleet.elsewhere.worker("--once", **{**fleet.variables, "CHANGEOVER_SPOOL_KEY": "hunter2"})
    _, err = worker.communicate(timeout=120)
    assert worker.returncode == 2
    assert "CHANGEOVER_SPOOL_KEY: holds no key, allowed:" in err


@pytest.mark.parametrize("package", ["psycopg", "cryptography"])
def test_a_package_that_is_missing_is_named_with_its_extra_by_worker_and_doctor(
    fleet: FleetOfTwo, package: str
) -> None:
    missing = f'raise ModuleNotFoundError("No module named {package}", name="{package}")\n'
    (fleet.elsewhere.root / f"{package}.py").write_text(missing)  # found before the one that is installed
    wanted = f"{package} is not installed for "
    worker = fleet.elsewhere.worker("--once", **fleet.variables)
    _, err = worker.communicate(timeout=120)
    assert worker.returncode == 2
    assert wanted in err
    assert '"changeover[postgres]"' in err
    doctor = run_python(
        ["-m", "changeover", "doctor", "--format", "json"],
        cwd=fleet.elsewhere.root,
        env=fleet.elsewhere.environment(**fleet.variables),
        text=True,
        timeout=120,
    )
    problems = json.loads(doctor.stdout)["problems"]
    assert [one for one in problems if one.startswith("recorded runs reach no worker") and wanted in one]


def test_a_worker_that_is_to_empty_a_queue_it_cannot_reach_says_so(fleet: FleetOfTwo) -> None:
    worker = fleet.elsewhere.worker("--once", **{**fleet.variables, "CHANGEOVER_STORE": NOWHERE})
    _, err = worker.communicate(timeout=120)
    assert worker.returncode == 2
    assert "postgresql://127.0.0.1:1/nowhere: " in err
    assert "Traceback" not in err
