"""A trip that was found on another machine holds here, unless the flags are newer or overridden."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from changeover.rollout.demotion import Demotions
from changeover.rollout.plan_file import load_plan
from changeover.rollout.resolver import Resolver
from changeover.rollout.tripwire_state import Trip
from tests.changeover.support.worker_project import WorkerProject

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
OVERRIDE = {"CHANGEOVER_STAGE_ORDERS": "live"}


@pytest.mark.parametrize(
    ("stage", "phase", "revision", "environment", "where", "then"),
    [
        ("ramp:10", "orders", 3, {}, "trips.json", "shadow"),
        ("live", "orders", 4, {}, "trips.json", "shadow"),
        ("ramp:10", "orders", 2, {}, None, "ramp:10"),
        ("shadow", "orders", 3, {}, None, "shadow"),
        ("complete", "orders", 3, {}, None, "complete"),
        ("ramp:10", "other", 3, {}, None, "ramp:10"),
        ("ramp:10", "orders", 3, OVERRIDE, "nowhere: the environment overrides its stage", "live"),
    ],
)
def test_a_trip_of_another_machine_holds_for_the_flags_that_it_was_found_under(
    tmp_path: Path,
    stage: str,
    phase: str,
    revision: int,
    environment: dict[str, str],
    where: str | None,
    then: str,
) -> None:
    project = WorkerProject(tmp_path)
    project.flip(stage, revision=3)
    folder = tmp_path / "migration"
    plan = load_plan(folder / "phases.toml")
    resolver = Resolver(lambda: plan.stages, directory=folder, closed=True, environment=environment)

    held = Demotions(plan, folder, resolver, environment, "fleet").hold(
        Trip(phase, revision, AT, "elsewhere")
    )

    assert (held or "").endswith(where or "\n") == (where is not None)
    assert str(resolver.look_now().settings["orders"]) == then
    assert (tmp_path / ".changeover" / "trips.json").exists() == (where == "trips.json")
