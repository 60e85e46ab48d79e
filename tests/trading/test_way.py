"""How many source files one order passes through: a reader who follows it has to open as many."""

import subprocess
import sys

FILES_OF_ONE_ORDER_MAX = 66


def test_one_order_on_events_enters_few_files_and_none_of_the_toolkit() -> None:
    # In a process of its own, for in this one the migration may be composed.
    command = [sys.executable, "-m", "tests.trading.support.files_entered", "candidate"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    entered, of_the_toolkit = (line.split() for line in done.stdout.split("\n")[:2])
    assert {"cli.py", "handlers/execution_handler.py", "broker/paper.py", "notify/notifiers.py"} <= {*entered}
    assert len(entered) <= FILES_OF_ONE_ORDER_MAX, entered
    assert of_the_toolkit == []
