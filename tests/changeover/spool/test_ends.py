"""However the processes of a program end, each run that they offered is kept, or counted as lost.

`python -m tests.sweeps ends` tries many more ways, with a thousand runs each.
"""

import random
from pathlib import Path

import pytest

from tests.changeover.support.ending_programs import WAYS
from tests.changeover.support.process_ends import end_program, figures, open_folder, run_way, without_power

RUNS = 40
SEED = 11


@pytest.mark.parametrize("name", ["SIGKILL", "forked children, SIGKILL", "a full disk, os._exit"])
def test_what_is_kept_and_what_is_lost_is_what_was_offered(name: str, tmp_path: Path) -> None:
    found = run_way(WAYS[name], tmp_path, RUNS)
    assert found.problem(may_lose=WAYS[name].may_lose) is None
    assert found.answered == RUNS


@pytest.mark.parametrize("name", [name for name in WAYS if name.endswith("wait in the background")])
def test_runs_that_a_process_takes_with_it_before_they_were_compared_are_counted(
    name: str, tmp_path: Path
) -> None:
    found = run_way(WAYS[name], tmp_path, RUNS)
    assert found.problem(may_lose=WAYS[name].may_lose) is None
    assert found.answered == RUNS
    assert (found.lost > 0) is WAYS[name].may_lose


def test_a_folder_that_becomes_read_only_takes_what_comes_after_that_as_well() -> None:
    with open_folder() as folder:
        found = run_way(WAYS["a folder that becomes read-only"], folder, RUNS)
    assert found.problem() is None
    assert found.kept == RUNS


def test_what_a_loss_of_power_took_is_counted(tmp_path: Path) -> None:
    end_program(WAYS["SIGKILL"], tmp_path, RUNS)
    drawn = random.Random(SEED)  # noqa: S311  (where it is cut is no secret)
    lost = []
    for number in range(5):
        without_power(tmp_path, tmp_path / str(number), drawn.random())
        found = figures(tmp_path, tmp_path / str(number))
        assert found.problem(may_lose=True) is None
        lost.append(found.lost)
    assert max(lost) > 0
