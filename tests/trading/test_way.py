"""How many source files one order passes through: a reader who follows it has to open as many."""

import subprocess
import sys

import trading
from tests.trading.support.files_entered import files_entered, folder_of
from trading import wording

FILES_OF_ONE_ORDER_MAX = 60


def test_one_order_on_events_enters_few_files_and_none_of_the_toolkit() -> None:
    command = [sys.executable, "-m", "tests.trading.support.files_entered", "candidate"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True
    )  # nothing is composed there yet
    entered, of_the_toolkit = (line.split() for line in done.stdout.split("\n")[:2])
    assert {"cli.py", "handlers/execution_handler.py", "broker/paper.py", "notify/notifiers.py"} <= {*entered}
    assert len(entered) <= FILES_OF_ONE_ORDER_MAX, entered
    assert of_the_toolkit == []


def test_a_file_counts_when_one_of_its_functions_is_called() -> None:
    package = folder_of(trading)
    assert files_entered(lambda: wording.number(1.0), package) == ["wording.py"]
    assert files_entered(lambda: wording.NO_RESULTS, package) == []
