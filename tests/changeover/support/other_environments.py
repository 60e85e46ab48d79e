"""The service of shapes in processes that are otherwise than the worker's, and what the worker made of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from changeover.evidence.store.records import StoredRun
from changeover.values.verdict import Verdict
from tests.changeover.support.environment_shapes import ENVIRONMENTS, NOTHING
from tests.changeover.support.worker_project import WorkerProject

SOURCE = Path(__file__).with_name("shape_service.py")
REPOSITORY = Path(__file__).parents[3]
STAGE = "ramp:99"
IN_THE_WORKER = {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C", "PYTHONUTF8": "0"}
NOT_REPRODUCIBLE = "not reproducible here: "
PLANTED = 1
Asked = tuple[str, int]


def open_project(root: Path) -> WorkerProject:
    return WorkerProject(root, stage=STAGE, source=SOURCE, seam="shapes.ask")


def answer(project: WorkerProject, names: Iterable[str], *, planting: bool) -> None:
    """One process that is otherwise in all of these, and asked for each.

    A difference is planted where the code answers the same everywhere; `planting`: everywhere.
    """
    chosen = {name: ENVIRONMENTS[name] for name in names}
    options = [option for shape in chosen.values() for option in shape.options]
    variables = {key: value for shape in chosen.values() for key, value in shape.variables.items()}
    variables |= {"BEGIN": "|".join(chosen), "PYTHONPATH": str(REPOSITORY)}
    terminal = os.openpty() if any(shape.has_terminal for shape in chosen.values()) else ()
    try:
        with project.started(options, variables, terminal[1] if terminal else None) as service:
            for name in (*chosen, NOTHING):
                service.call(name.replace(" ", "_"), 0)
                if planting or is_same(name):
                    service.call(name.replace(" ", "_"), PLANTED)
    finally:
        for descriptor in terminal:
            with suppress(OSError):
                os.close(descriptor)


def judged(project: WorkerProject) -> dict[Asked, StoredRun]:
    """The runs by what was asked, once a worker has judged them."""
    project.work(**IN_THE_WORKER, PYTHONPATH=str(REPOSITORY))
    found: dict[Asked, StoredRun] = {}
    for run in project.runs:
        name, _, planted = str(run.key).partition("|")
        found[name, int(planted)] = run
    return found


def is_same(name: str) -> bool:
    """Whether the same code answers the same in the worker."""
    return name == NOTHING or ENVIRONMENTS[name].is_handed_over


def problems(runs: Mapping[Asked, StoredRun]) -> list[str]:
    """What must not be: a difference that nobody planted, or a planted one that is a match."""
    wrong = []
    for (name, planted), run in runs.items():
        wanted = Verdict.DIVERGED if planted else Verdict.MATCH
        if run.verdict is not wanted and (is_same(name) or not _shows_nothing(run)):
            wrong.append(f"{name}{', planted' if planted else ''}: {run.verdict} {run.reason}")
    return wrong


def _shows_nothing(run: StoredRun) -> bool:
    return run.verdict is Verdict.FAILED and str(run.reason).startswith(NOT_REPRODUCIBLE)
