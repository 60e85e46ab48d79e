"""The same code where hash seed, zone, limits, files or the terminal are otherwise shows no difference."""

from pathlib import Path

from tests.changeover.support.environment_shapes import ENVIRONMENTS, NOTHING
from tests.changeover.support.other_environments import STAGE, answer, judged, open_project, problems

HERE = {name: shape for name, shape in ENVIRONMENTS.items() if shape.is_here}
APART = [name for name, shape in HERE.items() if shape.options or shape.is_apart]
TOGETHER = [name for name in HERE if name not in APART]


def test_what_the_same_code_does_otherwise_here_shows_nothing_and_trips_nothing(tmp_path: Path) -> None:
    project = open_project(tmp_path)
    answer(project, TOGETHER, planting=False)
    answer(project, APART, planting=False)

    runs = judged(project)

    assert problems(runs) == []
    assert {name for name, _ in runs} == {*HERE, NOTHING}
    assert sum(run.verdict == "failed" for run in runs.values()) >= 20
    assert project.setting() == STAGE


def test_so_many_ways_to_be_otherwise_were_tried() -> None:
    assert len(ENVIRONMENTS) >= 20
