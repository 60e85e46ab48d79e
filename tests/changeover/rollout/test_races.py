"""A seeded cut of `python -m tests.sweeps flips`, in a process of its own, because it forks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CUT = ("--rounds", "12", "--kills", "16", "--reads", "1500", "--every", "120", "--seed", "3")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes of this sweep are forked")
def test_racing_dying_and_reading_processes_leave_flags_and_history_as_they_must_be() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.sweeps", "flips", *CUT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,  # a hang is a failure, and not a matter of speed
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 rounds, 12 winners, 84 refused, 12 lines" in done.stdout
    assert "16 kills" in done.stdout
