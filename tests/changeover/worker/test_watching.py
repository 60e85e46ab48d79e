"""A tripwire that nobody watches is none: who looks, hears of it, and what becomes of a phase in `ramp`."""

import json
import os
from collections.abc import Callable
from contextlib import chdir
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import changeover
from changeover import Migration
from changeover.evidence.worker_watch import Pulse, WorkerWatch, pulses, watch, write_pulse
from changeover.evidence.worker_watcher import WorkerWatcher
from changeover.project import Project
from changeover.rollout.plan_file import load_plan
from changeover.rollout.unwatched_ramp import UnwatchedRamp
from changeover.telemetry.alerts import Alert
from tests.changeover.support.worker_project import WorkerProject

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ALIVE = Pulse(NOW, "host", 7, replayed=5, failed=1, dropped=2, lag_s=0.5)


def ago(**spans: float) -> datetime:
    return NOW - timedelta(**spans)


@pytest.mark.parametrize(
    ("oldest", "pulses", "since", "why"),
    [
        (None, (ALIVE,), None, None),
        (ago(seconds=299), (ALIVE,), None, None),
        (ago(seconds=301), (ALIVE,), None, "the oldest run that waits for a worker is 5 min old"),
        (None, (), None, "no worker was ever seen"),
        (None, (), ago(seconds=10), None),
        (None, (), ago(seconds=400), "no worker was seen for 7 min"),
        (None, (replace(ALIVE, at=ago(hours=3)),), None, "no worker was seen for 3 h"),
        (None, (replace(ALIVE, at=ago(hours=3)),), ago(seconds=5), None),
        (NOW + timedelta(hours=1), (ALIVE,), None, None),
    ],
)
def test_somebody_watches_where_a_worker_was_seen_and_nothing_waits_for_long(
    oldest: datetime | None, pulses: tuple[Pulse, ...], since: datetime | None, why: str | None
) -> None:
    found = WorkerWatch(3, oldest, pulses).why_unwatched(300, NOW, since)
    assert (found or "").startswith(why or "\n") == (why is not None)
    assert (found is None) == (why is None)


def test_a_pulse_is_read_as_it_was_written_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    write_pulse(tmp_path, ALIVE)
    (tmp_path / "worker.other.8.json").write_text('{"at": "yesterday"}')

    assert pulses(tmp_path) == [ALIVE]
    assert pulses(tmp_path / "none") == []


def same(number: int) -> int:
    return number


class Program:
    """A program at a stage that records and never meets a worker, with an ear for alerts."""

    def __init__(self, root: Path, stage: str, *, options: str = "") -> None:
        self.project = WorkerProject(root, stage, options)
        self.folder = root / "migration"
        self.alerts: list[Alert] = []
        self.migration = Migration.load(self.folder, environment={}, refresh_s=0, alerts=[self.alerts.append])
        self.seam: Callable[..., Any] = self.migration.seam(
            "orders.refill",
            legacy=same,
            candidate=same,
            key=lambda number: str(number),
        )
        self.now = datetime.now(UTC)
        unwatched = UnwatchedRamp(
            load_plan(self.folder / "phases.toml"),
            self.folder,
            self.migration._resolver,
            self.migration.runtime.alerts,
            {},
        )
        self.watcher = WorkerWatcher(
            lambda: watch(self.project.recorded, counting=False), 300, unwatched, lambda: self.now
        )

    def later(self, **spans: float) -> None:
        self.now += timedelta(**spans)
        self.watcher.look()


def test_ramp_goes_back_by_itself_where_no_worker_keeps_up_and_says_why(tmp_path: Path) -> None:
    program = Program(tmp_path, "ramp:50")
    program.seam(1)

    program.later(seconds=200)
    assert program.project.setting() == "ramp:50"
    program.later(seconds=200)

    assert program.project.setting() == "shadow"
    assert [str(alert.kind) for alert in program.alerts] == ["unwatched"]
    assert "the oldest run that waits for a worker is 7 min old" in program.alerts[0].text
    assert "ramp:50 -> shadow" in program.alerts[0].text
    last = json.loads((program.folder / "history.jsonl").read_text().splitlines()[-1])
    assert last["action"] == "trip"
    assert last["who"] == "worker-watch"


def test_ramp_goes_back_where_a_worker_was_seen_and_no_longer(tmp_path: Path) -> None:
    program = Program(tmp_path, "ramp:50")
    write_pulse(program.project.recorded, replace(ALIVE, at=program.now))

    program.later(seconds=299)
    assert program.project.setting() == "ramp:50"
    program.later(seconds=2)

    assert program.project.setting() == "shadow"


@pytest.mark.parametrize(("stage", "options"), [("ramp:50", 'on_lag = "keep"'), ("shadow", ""), ("live", "")])
def test_a_phase_that_stays_is_told_of_once(tmp_path: Path, stage: str, options: str) -> None:
    program = Program(tmp_path, stage, options=options)
    program.seam(1)

    program.later(seconds=400)
    program.later(seconds=10)

    assert program.project.setting() == stage
    assert [str(alert.kind) for alert in program.alerts] == ["unwatched"]
    assert "nobody watches what differs" in program.alerts[0].text


@pytest.mark.parametrize("stage", ["off", "complete"])
def test_where_nothing_is_compared_nobody_is_missed(tmp_path: Path, stage: str) -> None:
    program = Program(tmp_path, stage)
    program.later(seconds=4_000)
    assert program.alerts == []
    assert program.project.setting() == stage


def test_a_flags_file_that_cannot_be_written_holds_the_phase_back_all_the_same(tmp_path: Path) -> None:
    program = Program(tmp_path, "ramp:50")
    program.seam(1)
    from unittest.mock import patch

    with patch("changeover.rollout.move.move", side_effect=OSError("read-only")):
        program.later(seconds=400)

    assert str(program.migration.stages().settings["orders"]) == "shadow"
    trips = json.loads((tmp_path / ".changeover" / "trips.json").read_text())
    assert trips["trips"][0]["phase"] == "orders"


def test_the_watch_of_a_program_begins_with_its_first_recorded_run(tmp_path: Path) -> None:
    program = Program(tmp_path, "shadow")
    (watcher,) = vars(program.migration.runtime.recorded)["_beside"]
    assert watcher._pid == 0
    program.seam(1)
    assert watcher._pid == os.getpid()


def project_of(root: Path) -> Project:
    return Project(root, root / "migration", None)


def test_status_begins_with_what_was_recorded_and_fails_where_nobody_watches(tmp_path: Path) -> None:
    program = Program(tmp_path, "shadow")
    program.seam(1)
    program.seam(2)

    with chdir(tmp_path):
        found = changeover.status(project=project_of(tmp_path))

    assert found.recorded is not None
    assert (found.recorded.recorded, found.recorded.waiting, found.recorded.replayed) == (2, 2, 0)
    assert found.recorded.unwatched == "no worker was ever seen: changeover worker"
    assert found.problems[0] == f"nobody watches what programs record: {found.recorded.unwatched}"
    assert found.exit_code == 1

    from changeover.views.layout import Screen
    from changeover.views.text.status import status_screen

    first = status_screen(found, Screen(200, coloured=False)).splitlines()[0]
    assert first.startswith("recorded 2   waiting 2   replayed 0   dropped 0   lag ")
    assert first.endswith("worker never seen")


def test_a_gate_cannot_tell_while_nobody_watches(tmp_path: Path) -> None:
    program = Program(tmp_path, "shadow")
    program.seam(1)

    def worker_criterion() -> Any:
        with chdir(tmp_path):
            asked = changeover.gate("orders", no_checks=True, project=project_of(tmp_path))
        return next(one for one in asked.verdicts[0].criteria if one.name == "worker")

    unwatched = worker_criterion()
    write_pulse(program.project.recorded, replace(ALIVE, at=datetime.now(UTC)))
    watched = worker_criterion()

    assert (unwatched.answer, unwatched.do) == ("inconclusive", "changeover worker")
    assert unwatched.detail == "no worker was ever seen: changeover worker"
    assert watched.answer == "pass"


def test_what_waits_is_counted_without_the_help_of_a_worker(tmp_path: Path) -> None:
    program = Program(tmp_path, "shadow")
    for number in range(3):
        program.seam(number)
    write_pulse(program.project.recorded, replace(ALIVE, at=datetime.now(UTC)))

    seen = watch(program.project.recorded)

    assert (seen.waiting, seen.replayed, seen.dropped, seen.recorded) == (3, 5, 2, 10)
    assert seen.oldest_at is not None
    assert watch(program.project.recorded, counting=False).oldest_at == seen.oldest_at


class TestDoctor:
    def diagnosis(self, root: Path) -> Any:
        project = Project(root, root / "migration", "app:migration")
        import sys

        try:
            with chdir(root):
                return changeover.doctor(project=project)
        finally:
            sys.modules.pop("app", None)
            sys.path[:] = [folder for folder in sys.path if folder != str(root)]

    def project(self, root: Path, *, owner: bool, options: str = "") -> None:
        WorkerProject(root, options=options)
        declared = "owner=lambda scenario: Shelf()" if owner else ""
        (root / "app.py").write_text(
            "from pathlib import Path\n"
            "from changeover import Migration\n"
            "migration = Migration.load(Path(__file__).parent / 'migration', environment={})\n"
            "class Shelf:\n"
            "    def refill(self, number):\n"
            "        return number\n"
            "migration.wrap(Shelf, 'refill', name='orders.refill', "
            f"candidate=lambda self, number: number, {declared})\n"
        )

    def test_says_of_each_seam_whether_a_worker_can_replay_it_and_what_is_missing(
        self, tmp_path: Path
    ) -> None:
        self.project(tmp_path, owner=False)
        facts = self.diagnosis(tmp_path).facts
        assert facts["mode"] == "worker"
        assert facts["worker"] == (
            "can replay 0 of 1 seam; orders.refill cannot: it is a method, and nothing makes its object "
            "elsewhere: give the seam owner="
        )
        assert facts["isolation"].startswith("net")

    def test_says_that_a_seam_is_ready(self, tmp_path: Path) -> None:
        self.project(tmp_path, owner=True)
        assert self.diagnosis(tmp_path).facts["worker"] == "can replay 1 of 1 seam"

    def test_a_seam_that_is_compared_nowhere_is_a_problem(self, tmp_path: Path) -> None:
        self.project(tmp_path, owner=False, options="in_process = false")
        found = self.diagnosis(tmp_path)
        assert any("orders.refill is compared nowhere" in problem for problem in found.problems)
