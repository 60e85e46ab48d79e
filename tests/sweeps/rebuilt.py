"""The tests of the event path on a bus that rebuilds everything from the journal after every event."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SWITCH = ("-p", "tests.trading.support.rebuilt")
TESTS = (
    *("tests/trading/events/bus", "tests/trading/handlers", "tests/trading/execution"),
    *("tests/trading/test_restart.py", "tests/trading/test_second_run.py"),
)


def main(arguments: Sequence[str]) -> int:
    """Run them, with whatever else pytest is to be told; its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *SWITCH, *(arguments or TESTS)], cwd=ROOT, check=False
    ).returncode
