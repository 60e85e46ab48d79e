"""A file that would block whoever reads it blocks no caller: flags, trips, plan and kill switch."""

import os
import threading
from pathlib import Path

import pytest

from changeover import Migration
from changeover.rollout.history import read_lines
from changeover.values.toml_table import read_text

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
PLAN = '[migration]\nname = "till"\n[[phase]]\nname = "till"\nseams = ["till.pay"]\n'


def within_seconds(call) -> object:  # type: ignore[no-untyped-def]
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(call()), daemon=True)
    thread.start()
    thread.join(20)
    assert found, "it waits"
    return found[0]


@pytest.mark.parametrize("name", ["flags.json", "KILL", "waivers.toml", "rules.toml"])
def test_a_pipe_in_place_of_a_file_blocks_no_call(tmp_path: Path, name: str) -> None:
    (tmp_path / "phases.toml").write_text(PLAN)
    os.mkfifo(tmp_path / name)
    environment = {"CHANGEOVER_STORE": "none", "CHANGEOVER_STAGE_TILL": "shadow"}
    migration = Migration.load(tmp_path, environment=environment, refresh_s=0)
    pay = migration.seam("till.pay", legacy=lambda n: n, candidate=lambda n: n + 1)
    assert within_seconds(lambda: pay(3)) == 3


def test_a_file_that_became_a_pipe_after_the_look_blocks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, pipe = tmp_path / "flags.json", tmp_path / "pipe"
    file.write_text("{}")
    os.mkfifo(pipe)
    looked_at = file.stat()
    monkeypatch.setattr(Path, "stat", lambda self, **_: looked_at)
    within_seconds(lambda: _refused(pipe))


def _refused(path: Path) -> bool:
    try:
        read_text(path)
    except Exception as error:  # noqa: BLE001
        return "regular" in str(error)
    return False


def test_a_history_that_is_a_pipe_blocks_no_command(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "history.jsonl")
    assert within_seconds(lambda: len(read_lines(tmp_path / "history.jsonl"))) is not None
