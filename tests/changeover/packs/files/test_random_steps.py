"""Of any steps a replay is told, and leaves, what they would have told and left."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changeover import Migration, Run
from changeover.rollout.test_override import StageOverride, override_stages
from changeover.values.stage import Setting, Stage
from tests.changeover.packs.files.file_ways import what_stands_in

NAMES = st.sampled_from(["a", "b", "dir", "dir/a", "dir/b", "new", "new/a", "log.txt"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["w", "a", "r+", "x", "r"]), NAMES, st.text("xyz\n", max_size=4)),
        st.tuples(st.sampled_from(["remove", "mkdir", "rmdir", "rmtree", "list", "exists"]), NAMES),
        st.tuples(st.sampled_from(["replace", "rename", "copy", "move"]), NAMES, NAMES),
    ),
    max_size=9,
)


def carried_out(steps: list[Any], root: Path) -> list[Any]:
    """What a program is told by each step."""
    said: list[Any] = []
    for what, name, *rest in steps:
        path = root / name
        try:
            if what in ("w", "a", "r+", "x", "r"):
                with open(path, what) as file:
                    said.append(file.read() if what in ("r", "r+") else None)
                    if what != "r":
                        file.write(rest[0])
            elif what == "list":
                said.append(sorted(os.listdir(path)))
            elif what == "exists":
                said.append((path.exists(), path.is_dir()))
            elif what in ("remove", "mkdir", "rmdir"):
                getattr(os, what)(path)
            elif what == "rmtree":
                shutil.rmtree(path)
            else:
                does = getattr(shutil if what in ("copy", "move") else os, what)
                does(path, root / rest[0])
        except (OSError, shutil.Error) as error:
            said.append(f"{type(error).__name__}: {str(error).replace(str(root), '')}")
    return said


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, STEPS)
def test_of_any_steps_a_replay_sees_and_leaves_what_the_steps_would(
    tmp_path: Path, legacy: list[Any], candidate: list[Any]
) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as beside:
        bare, other, real = (Path(beside, name) for name in ("bare", "other", "real"))
        for root in (bare, other, real):
            root.mkdir()
            (root / "dir").mkdir()
            (root / "a").write_text("AAA")
            (root / "dir" / "b").write_text("BBB")
        expected = carried_out(legacy, bare), carried_out(candidate, other)
        runs: list[Run] = []
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
        migration.use("files", folders=[real])
        seam = migration.seam(
            "s", legacy=lambda _: carried_out(legacy, real), candidate=lambda _: carried_out(candidate, real)
        )
        with override_stages(StageOverride(Setting(Stage("shadow")), lambda run: None)):  # nobody else writes
            seam(1)
        [run] = runs
        assert run.legacy is not None
        assert run.candidate is not None
        assert run.verdict != "failed", run.reason
        assert (
            getattr(run.legacy.outcome, "value", 0),
            getattr(run.candidate.outcome, "value", 0),
        ) == expected
        assert what_stands_in(real) == what_stands_in(bare)
        is_same = expected[0] == expected[1] and what_stands_in(bare) == what_stands_in(other)
        assert (run.verdict in ("match", "vacuous")) == is_same, run.divergences
