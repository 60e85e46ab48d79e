"""What a worker finds is told, by its tripwire at once and by its look; a slow receiver delays nothing."""

from pathlib import Path

import pytest

from tests.changeover.support.alert_receivers import DRIPPING, WebServer, serving
from tests.changeover.support.worker_project import SECRET, WorkerProject


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_what_a_worker_finds_is_posted_once_however_many_workers_follow(stage: str, tmp_path: Path) -> None:
    project = WorkerProject(tmp_path, stage)
    with serving(WebServer()) as server:
        for _ in range(2):
            project.call("usual", "dear", "whole", CHANGEOVER_ALERT_WEBHOOK=server.url)
            project.work(CHANGEOVER_ALERT_WEBHOOK=server.url)
    subjects = [body["subject"] for body in server.bodies]
    assert sorted(subjects) == sorted(set(subjects))
    kinds = {body["kind"] for body in server.bodies}
    assert {"shadow": "unsafe", "live": "tripped"}[stage] in kinds
    assert {"diverged", "new-cluster"} <= kinds
    assert SECRET not in str(server.bodies)


def test_a_dripping_receiver_keeps_no_run_waiting(tmp_path: Path) -> None:
    project = WorkerProject(tmp_path, options="[alerts]\ndeadline_s = 0.5")
    with serving(WebServer(manner=DRIPPING)) as server:
        project.call(*["dear", "whole"] * 3)
        summary = project.work(CHANGEOVER_ALERT_WEBHOOK=server.url)
        assert (summary["replayed"], summary["waiting"]) == (6, 0)
    assert server.taken == []
    assert server.got != []
