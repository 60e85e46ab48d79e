"""The worker finds what differs; the other path never runs in the service, and nothing is judged twice."""

import json
import os
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from changeover.evidence.store.maintenance import Checked, check_store
from changeover.evidence.store.place import store_path
from changeover.evidence.store.store import read_evidence
from changeover.evidence.worker_watch import pulses, watch
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.worker_project import SECRET, WorkerProject

QUICK = ("--deadline", "3", "--memory", "200")


@pytest.fixture
def project(tmp_path: Path) -> WorkerProject:
    return WorkerProject(tmp_path)


def until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    """How long it takes decides nothing."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_differs_is_found_by_the_worker_and_not_in_the_service(project: WorkerProject) -> None:
    with project.service() as one, project.service() as other:
        for service in (one, other):
            for item in ("usual", "dear", "whole"):
                service.call(item)
    assert project.runs == []  # nothing was compared where it was answered
    assert [candidates for service in (one, other) for _, candidates in service.answers] == [0] * 6

    summary = project.work()

    assert (summary["recorded"], summary["replayed"], summary["waiting"], summary["dropped"]) == (6, 6, 0, 0)
    assert (summary["differing"], summary["failed"]) == (4, 0)
    assert sorted(run.verdict for run in project.runs) == [
        *("diverged", "diverged", "match", "match", "unsafe", "unsafe")
    ]
    assert {run.stage for run in project.runs} == {"shadow"}
    assert {run.population for run in project.runs} == {"production"}
    assert {run.renewed_at for run in project.runs} == {None}
    assert all(run.key == "dear" for run in project.runs if run.verdict == "diverged")
    assert all(run.legacy_s is not None and run.candidate_s is not None for run in project.runs)


def test_a_worker_keeps_what_it_finds_in_a_database(project: WorkerProject, database: str) -> None:
    variables = {"CHANGEOVER_STORE": database}
    place = store_path(project.root, variables)
    with project.service(**variables) as killed, project.service(**variables) as service:
        for item in ("usual", "dear", "whole"):
            killed.call(item)
            service.call(item)
        killed.kill()

    first = project.work("--jobs", "2", **variables)
    project.call("dear", "usual", **variables)
    then = project.work(**variables)

    assert (first["recorded"], first["differing"], first["waiting"], first["dropped"]) == (6, 4, 0, 0)
    assert (then["replayed"], then["waiting"], then["dropped"]) == (2, 0, 0)
    assert sorted(run.verdict for run in runs_in(place)) == [
        *("diverged", "diverged", "diverged", "match", "match", "match", "unsafe", "unsafe")
    ]
    evidence = read_evidence(place)
    assert (evidence.problem, evidence.runs, evidence.lost) == (None, 8, 0)
    assert check_store(place) == Checked(8, 0)
    assert not (project.root / ".changeover" / "evidence.db").exists()


def test_a_run_says_how_its_replay_was_isolated(project: WorkerProject) -> None:
    project.call("dear")

    summary = project.work()

    (run,) = project.runs
    assert run.contents is not None
    assert list(run.contents.isolation) == summary["isolation"]
    assert run.contents.isolation[0] == "net"


def test_the_moment_of_a_run_is_that_of_its_answer(project: WorkerProject) -> None:
    before = time.time()
    project.call("usual")
    after = time.time()
    time.sleep(0.2)

    project.work()

    assert before - 0.01 <= project.runs[0].at.timestamp() <= after


HOSTILE = {
    "hang": "deadline: the replay of candidate did not end within 3 s",
    "hold-lock": "deadline: the replay of candidate did not end within 3 s",
    "memory": "memory limit reached",
    "crash": "killed by SIGSEGV",
    "abort": "killed by SIGABRT",
    "exit-in-c": "ended by itself, with exit code 5",
}
REFUSED = {
    "exit": "error-one-side",
    "os-exit": "undeclared-effect",
    "socket": "undeclared-effect",
    "file": "undeclared-effect",
    "child": "undeclared-effect",
    "fork": "undeclared-effect",
    "signal": "undeclared-effect",
}
REFUSED_BY_THE_KERNEL = ("file-in-c", "fork-in-c", "signal-in-c")


def test_hostile_replays_show_nothing_or_what_they_tried_and_the_queue_goes_on(
    project: WorkerProject,
) -> None:
    items = [*HOSTILE, *REFUSED, *REFUSED_BY_THE_KERNEL]
    with project.service() as service:
        for item in items:
            service.call(item)
            service.call("usual")

    summary = project.work(*QUICK, "--jobs", "2")

    found = {run.key: run for run in project.runs if run.key != "usual"}
    usual = [run for run in project.runs if run.key == "usual"]
    assert summary["replayed"] == 2 * len(items)
    assert [run.verdict for run in usual] == ["match"] * len(items)
    for item, reason in HOSTILE.items():
        run = found[item]
        assert (run.verdict, reason in str(run.reason)) == ("failed", True), (item, run.reason)
    for item in REFUSED:
        assert found[item].verdict == "unsafe", (item, found[item].reason)
    if "seccomp" in summary["isolation"]:
        for item in REFUSED_BY_THE_KERNEL:
            assert found[item].verdict in ("unsafe", "diverged"), (item, found[item].reason)
    assert list((project.root / "marks").iterdir()) == []


@pytest.mark.parametrize("stage", ["ramp:99.99", "live"])
def test_an_effect_that_differs_moves_the_phase_back_as_in_the_program(tmp_path: Path, stage: str) -> None:
    project = WorkerProject(tmp_path, stage=stage)
    project.call("whole")

    project.work()

    assert project.setting() == "shadow"
    history = (project.root / "migration" / "history.jsonl").read_text()
    assert "an effect differs" in history


def test_other_code_than_the_one_that_answered_is_renewed_evidence_and_trips_nothing(tmp_path: Path) -> None:
    project = WorkerProject(tmp_path, stage="live")
    project.call("usual")
    source = project.root / "order_service.py"
    source.write_text(source.read_text().replace('if item == "dear"', 'if item == "usual"'))

    summary = project.work()

    assert project.setting() == "live"
    (run,) = project.runs
    assert run.renewed_at is not None
    assert summary["failed"] + summary["differing"] == 1


def test_a_secret_stands_in_the_spool_alone_which_is_private_and_gone_once_replayed(
    project: WorkerProject,
) -> None:
    with project.service() as service:
        service.call("dear", words=SECRET)
        service.call("crash", words=SECRET)
    frames = [file for file in project.recorded.iterdir() if file.suffix == ".frames"]
    assert any(SECRET.encode() in file.read_bytes() for file in frames)
    assert {stat.S_IMODE(file.stat().st_mode) for file in frames} == {0o600}
    assert stat.S_IMODE(project.recorded.stat().st_mode) == 0o700

    summary = project.work(*QUICK)

    assert summary["replayed"] == 2
    left = [
        file for file in project.root.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()
    ]
    assert left == []
    assert SECRET not in json.dumps(summary)


def test_two_workers_at_once_replay_each_run_once(project: WorkerProject) -> None:
    for _ in range(3):
        project.call(*["usual"] * 20)

    workers = [project.worker("--once", "--format", "json") for _ in range(2)]
    summaries = [json.loads(worker.communicate(timeout=300)[0]) for worker in workers]

    assert sum(summary["replayed"] for summary in summaries) == 60
    assert len(project.runs) == 60
    assert watch(project.recorded).waiting == 0


def test_a_worker_that_is_killed_gives_its_runs_back(project: WorkerProject) -> None:
    project.call("usual", "hang", "usual")
    worker = project.worker("--once")
    until(lambda: any(pulse.replayed for pulse in pulses(project.recorded)) or bool(_children(worker.pid)))
    worker.kill()
    worker.communicate()

    summary = project.work(*QUICK)

    assert summary["waiting"] == 0
    assert sorted(run.verdict for run in project.runs) == ["failed", "match", "match"]
    until(lambda: not _replaying(project))


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _replaying(project: WorkerProject) -> list[int]:
    """Processes that still work in the folder of the project."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if (folder / "cwd").readlink() == project.root:
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def test_a_worker_that_is_asked_to_end_finishes_what_is_under_way(project: WorkerProject) -> None:
    project.call("usual")
    worker = project.worker("--format", "json")
    until(lambda: any(pulse.replayed for pulse in pulses(project.recorded)))

    os.kill(worker.pid, signal.SIGTERM)
    out, err = worker.communicate(timeout=120)

    assert worker.returncode == 0, err
    assert json.loads(out)["replayed"] == 1
    assert [run.verdict for run in project.runs] == ["match"]


def test_a_worker_replays_what_a_living_program_records(project: WorkerProject) -> None:
    with project.service() as service:
        worker = project.worker("--format", "json")
        for _ in range(5):
            service.call("usual")
        until(lambda: sum(pulse.replayed for pulse in pulses(project.recorded)) == 5)
        os.kill(worker.pid, signal.SIGTERM)
        out, _ = worker.communicate(timeout=120)

    assert json.loads(out)["replayed"] == 5


def test_a_run_whose_work_goes_on_after_the_answer_is_replayed_with_that_work(project: WorkerProject) -> None:
    project.call("works-on", "usual")

    project.work()

    assert [(run.verdict, run.reason) for run in project.runs] == [("match", None), ("match", None)]


def test_a_run_whose_process_ended_before_its_work_did_has_failed(project: WorkerProject) -> None:
    with project.service() as service:
        service.call("never-ends")
        service.call("usual")
        service.kill()

    summary = project.work()

    assert (summary["replayed"], summary["failed"], summary["waiting"]) == (2, 1, 0)
    assert [run.verdict for run in project.runs] == ["failed", "match"]
    assert str(project.runs[0].reason).startswith("process ended: ")


def test_every_run_that_was_answered_before_a_kill_is_replayed(project: WorkerProject) -> None:
    with project.service() as service:
        for _ in range(50):
            service.call("usual")
        service.kill()

    summary = project.work()

    assert (summary["replayed"], summary["dropped"]) == (50, 0)
    assert [run.verdict for run in project.runs] == ["match"] * 50


def test_a_worker_ends_after_the_time_it_was_given(project: WorkerProject) -> None:
    worker = project.worker("--for", "1s", "--format", "json")
    out, err = worker.communicate(timeout=120)
    assert worker.returncode == 0, err
    assert json.loads(out)["replayed"] == 0


def test_a_frame_that_cannot_be_read_is_said_and_the_queue_goes_on(project: WorkerProject) -> None:
    from changeover.spool.frame import FrameKind
    from changeover.spool.writer import SpoolWriter

    writer = SpoolWriter(project.recorded)
    writer.append(FrameKind.RECORDED, b'{"schema_version": 99}')
    writer.append(FrameKind.RECORDED, b"\xff nonsense")
    writer.close()
    project.call("usual")

    summary = project.work()

    assert (summary["replayed"], summary["failed"], summary["waiting"]) == (3, 2, 0)
    assert any("cannot be read" in problem for problem in summary["problems"])
    assert [run.verdict for run in project.runs] == ["match"]


def test_an_app_that_cannot_be_imported_for_replays_leaves_the_runs_where_they_are(
    project: WorkerProject,
) -> None:
    project.call("usual")
    source = project.root / "order_service.py"
    source.write_text(
        f'import os\nif os.environ.get("CHANGEOVER_STORE") == "none":\n    os._exit(7)\n{source.read_text()}'
    )

    worker = project.worker("--once", "--format", "json")
    out, err = worker.communicate(timeout=120)

    assert worker.returncode == 3, err
    assert json.loads(out)["waiting"] == 1
    assert "cannot be imported for replays" in err


def test_a_process_in_which_a_thread_goes_on_is_not_used_again(project: WorkerProject) -> None:
    project.call("thread-left", "usual", "recursion", "usual")

    summary = project.work(*QUICK)

    assert summary["replayed"] == 4
    found = {run.key: run.verdict for run in project.runs}
    assert found["usual"] == "match"
    assert found["recursion"] != "match"


def test_an_app_that_cannot_be_imported_ends_the_worker_with_a_sentence(project: WorkerProject) -> None:
    project.call("usual")
    (project.root / "order_service.py").write_text("raise RuntimeError('no configuration')\n")

    worker = project.worker("--once")
    _, err = worker.communicate(timeout=120)

    assert worker.returncode == 2
    assert "no configuration" in err
    assert watch(project.recorded).waiting == 1
