"""Runs with values that are too large to be compared: none is lost, and none passes for a match."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.settings import STATE_FOLDER
from changeover.values.limits import LEAVES_MAX, TEXT_MAX
from changeover.values.verdict import Verdict
from tests.changeover.support.counted_runs import runs_in

PHASES = '[migration]\nname="shop"\nlegacy=[]\ncode=[]\n[[phase]]\nname="s"\nnumber=1\nseams=["s"]\n'
LARGE: list[Callable[[], Any]] = [lambda: "x" * (TEXT_MAX + 1), lambda: [0] * (LEAVES_MAX + 1)]
IDS = ["text", "list"]


def runs_of(folder: Path, path: Callable[[Any], Any], *arguments: Any) -> tuple[list[Run], Any]:
    """The runs as the program sees them, and as they were kept."""
    migrations, runs = folder / "migration", list[Run]()
    migrations.mkdir()
    (migrations / "phases.toml").write_text(PHASES, "utf-8")
    (migrations / "rules.toml").write_text("# none\n", "utf-8")
    environment = {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration.load(migrations, environment=environment, sink=runs.append)
    seam = migration.seam("s", legacy=path, candidate=path)
    for argument in arguments:
        seam(argument)
    migration.flush()
    migration.close()
    assert migration.problems == ()
    return runs, runs_in(folder / STATE_FOLDER / "evidence.db")


@pytest.mark.parametrize("make", LARGE, ids=IDS)
def test_a_large_argument_fails_nothing_and_no_run_is_lost(tmp_path: Path, make: Callable[[], Any]) -> None:
    runs, kept = runs_of(tmp_path, len, "a", make(), make() + make(), "b")
    assert [run.verdict for run in runs] == [Verdict.MATCH] * 4
    assert [run.verdict for run in kept] == [Verdict.MATCH] * 4


@pytest.mark.parametrize("make", LARGE, ids=IDS)
def test_all_large_inputs_count_as_one(tmp_path: Path, make: Callable[[], Any]) -> None:
    _, kept = runs_of(tmp_path, len, "a", make(), make() + make(), "b")
    assert len({run.world for run in kept}) == 3


@pytest.mark.parametrize("make", LARGE, ids=IDS)
def test_a_large_answer_is_not_compared_and_the_run_is_kept_as_failed(
    tmp_path: Path, make: Callable[[], Any]
) -> None:
    runs, kept = runs_of(tmp_path, lambda number: make(), 1, 2)
    assert [run.verdict for run in runs] == [Verdict.FAILED] * 2
    assert [run.verdict for run in kept] == [Verdict.FAILED] * 2
    assert "reached: more than" in str(runs[0].reason)


@pytest.mark.parametrize("make", LARGE, ids=IDS)
def test_what_a_path_makes_large_in_an_argument_is_not_compared(
    tmp_path: Path, make: Callable[[], Any]
) -> None:
    runs, _ = runs_of(tmp_path, lambda given: given.append(make()), [0])
    assert [run.verdict for run in runs] == [Verdict.FAILED]
