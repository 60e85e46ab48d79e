"""The existing tests of the trading system as a comparison: `pytest --changeover=shadow`."""

import os
import subprocess
from pathlib import Path

from tests.programs.process import run_python

REPOSITORY = Path(__file__).parents[3]


def in_shadow(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--changeover=shadow"]
    tests = "tests/trading/legacy/test_trading_run.py"
    return run_python(
        [*command, *options, tests],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        text=True,
        timeout=300,
    )


def test_existing_tests_cross_the_seams_and_nothing_differs() -> None:
    done = in_shadow()
    assert done.returncode == 0, done.stdout
    assert "changeover" in done.stdout
    assert " match" in done.stdout


def test_a_planted_fault_fails_the_existing_test_that_meets_it_and_says_where_the_value_was_seen() -> None:
    done = in_shadow(
        "-p",
        "tests.trading.support.planted_fault",
        "-k",
        "sells_come_before_buys",
        PLANTED_ACCIDENT="1",
    )
    assert done.returncode == 1, done.stdout
    assert "The test itself passed. The candidate would have done something else:" in done.stdout
    assert "UNSAFE" in done.stdout
    assert "submit_order" in done.stdout
    assert "broker.positions()" in done.stdout
