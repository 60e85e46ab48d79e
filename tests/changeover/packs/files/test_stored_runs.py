"""What was recorded of files is enough to replay a run when the files are gone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.evidence.scenario_replay import codec_of, replayed_scenarios, stored_scenarios
from changeover.record.scenario_file import scenario_of, to_line, write_lines
from tests.changeover.packs.files.file_ways import WAYS, OfFolder, write_by_open

_TIMES_AND_PERMISSIONS = {"looked_at"}
"""Times of files are on no tape."""


def replayed_later(folder: Path, place: Path, legacy: OfFolder, candidate: OfFolder) -> tuple[Run, Run]:
    """The run as it was recorded, and once more from what was stored of it, with no file left."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.use("files", folders=[folder])
    migration.seam("s", legacy=lambda _: legacy(folder), candidate=lambda _: candidate(folder))(1)
    shutil.rmtree(folder)
    write_lines(place / "kept.jsonl", [to_line(scenario_of(runs[0]), codec_of(migration))])
    scenarios, _ = stored_scenarios(migration, place)
    [(_, run)] = replayed_scenarios(migration, scenarios)
    return runs[0], run


@pytest.mark.parametrize("way", sorted(set(WAYS) - _TIMES_AND_PERMISSIONS))
def test_the_same_code_is_still_the_same(folder: Path, tmp_path: Path, way: str) -> None:
    first, later = replayed_later(folder, tmp_path, WAYS[way], lambda at: WAYS[way](at))
    assert (first.verdict, later.verdict) == ("match", "match"), later.reason or later.divergences
    assert not folder.exists()


def test_what_differs_differs_still(folder: Path, tmp_path: Path) -> None:
    def candidate(at: Path) -> Any:
        write_by_open(at)
        (at / "report.txt").write_text("other")

    first, later = replayed_later(folder, tmp_path, write_by_open, candidate)
    assert (first.verdict, later.verdict) == ("unsafe", "unsafe")
    assert [one.place for one in first.divergences] == [one.place for one in later.divergences]


def test_what_was_never_looked_at_is_on_no_tape(folder: Path, tmp_path: Path) -> None:
    def candidate(at: Path) -> Any:
        (at / "log.txt").read_text()
        return write_by_open(at)

    first, later = replayed_later(folder, tmp_path, write_by_open, candidate)
    assert (first.verdict, later.verdict) == ("match", "failed")
    assert "the answering path did not look at log.txt, so it is on no tape" in (later.reason or "")


def test_a_process_that_may_not_write_replays_no_files_and_says_so(tmp_path: Path) -> None:
    """As one that gave up writing before it knew of the pack."""
    program = """
import resource
from pathlib import Path
from changeover import Migration
runs = []
migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
migration.use("files")
def legacy(n):
    return Path("in.txt").read_text()
def candidate(n):
    return Path("in.txt").read_text()
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
print(migration.seam("s", legacy=legacy, candidate=candidate)(1))
print(runs[0].verdict, runs[0].reason)
"""
    (tmp_path / "in.txt").write_text("text")
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert said.stdout.splitlines() == [
        "text",
        "failed limit: files: no file may be written where this is replayed",
    ], said.stderr
