"""A command answers as ever wherever its result goes: to no UTF-8, a full disk, a closed end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from changeover.cli.written_out import standard_output, write_out

PLAN = """
[migration]
name = "shop"
code = []

[[phase]]
name = "orders — Größe"
seams = ["orders"]
"""
CLOSED = "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "migration").mkdir()
    (tmp_path / "migration" / "phases.toml").write_text(PLAN, encoding="utf-8")
    return tmp_path


def command(
    folder: Path, *words: str, before: tuple[str, ...] = (), to: str | None = None, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": "/usr/bin", "CHANGEOVER_TRACEBACK": "", **variables}
    line = [sys.executable, *before, "-m", "changeover", *words]
    if to is None:
        return subprocess.run(line, cwd=folder, env=environment, capture_output=True, timeout=60, check=False)
    with Path(to).open("wb") as end:
        return subprocess.run(
            line, cwd=folder, env=environment, stdout=end, stderr=subprocess.PIPE, timeout=60, check=False
        )


COMMANDS = [("status",), ("history",), ("rules", "check")]


@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_is_no_utf_8_gets_the_result_with_escapes(
    folder: Path, words: tuple[str, ...], encoding: str
) -> None:
    plain = command(folder, *words, PYTHONIOENCODING="utf-8")
    done = command(folder, *words, PYTHONIOENCODING=encoding)
    assert done.returncode == plain.returncode != 70
    assert len(done.stdout.splitlines()) == len(plain.stdout.splitlines())


def test_json_stays_json(folder: Path) -> None:
    plain = command(folder, "status", "--format", "json", PYTHONIOENCODING="utf-8")
    done = command(folder, "status", "--format", "json", PYTHONIOENCODING="ascii")
    names = [[one["name"] for one in json.loads(text.stdout)["phases"]] for text in (plain, done)]
    assert names == [["orders — Größe"]] * 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("format_", [(), ("--format", "json")], ids=["text", "json"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_disk_that_is_full_is_one_sentence(
    folder: Path, words: tuple[str, ...], format_: tuple[str, ...]
) -> None:
    done = command(folder, *words, *format_, to="/dev/full")
    assert done.returncode == 2
    *before, last = done.stderr.decode().splitlines()
    assert last.startswith("changeover: standard output: cannot be written: the disk is full")
    assert "Traceback" not in "".join(before)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_output_that_is_closed_changes_no_answer(folder: Path, words: tuple[str, ...]) -> None:
    done = command(folder, *words, before=("-c", CLOSED))
    assert done.returncode == command(folder, *words).returncode
    assert b"defect" not in done.stderr


def test_what_is_no_file_is_written_as_it_is() -> None:
    stream = standard_output()
    write_out(stream, "ok\n")
