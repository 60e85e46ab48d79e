"""A worker replays paths that write files, in a folder of its own and nowhere else."""

from __future__ import annotations

from pathlib import Path

from changeover.operate.confinement import Level, isolation_here
from tests.changeover.support.worker_project import WorkerProject

SOURCE = Path(__file__).parents[1] / "support" / "export_service.py"


def verdicts(project: WorkerProject, beside: Path, *items: str) -> dict[str, tuple[str, str]]:
    """What the worker finds of each call, and why; its own files stand beside."""
    project.call(*items)
    before = {path.name: path.read_bytes() for path in (project.root / "data").glob("*.txt")}
    project.work("--deadline", "20", TMPDIR=str(beside))
    assert {path.name: path.read_bytes() for path in (project.root / "data").glob("*.txt")} == before
    return {str(run.key): (str(run.verdict), str(run.reason)) for run in project.runs}


def test_what_the_paths_leave_is_compared_and_no_file_of_the_service_changes(tmp_path: Path) -> None:
    project = WorkerProject(tmp_path, source=SOURCE, seam="exports.write")
    beside = tmp_path / "beside"
    beside.mkdir()
    items = ("usual", "other", "usual", "moves", "locks", "unknown", "large", "permissions")
    found = verdicts(project, beside, *items)
    is_filtered = Level.CALLS in isolation_here()
    assert {item: verdict for item, (verdict, _) in found.items()} == {
        **dict.fromkeys(("usual", "moves", "locks"), "match"),
        "other": "unsafe",
        **dict.fromkeys(("unknown", "large"), "failed"),
        "permissions": "failed" if is_filtered else "match",
    }, found
    assert "did not look at never.txt" in found["unknown"][1]
    assert "large.bin is larger" in found["large"][1]
    if is_filtered:
        assert "os.chmod is refused where this is replayed" in found["permissions"][1]
    assert list(beside.iterdir()) == []
