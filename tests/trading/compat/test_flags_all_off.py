"""The flags that the tests of trading begin with."""

import json
from pathlib import Path

from changeover.rollout.flags_file import parse_flags
from changeover.rollout.plan_file import load_plan
from trading.compat.ports import DIRECTORY
from trading.composition import compose_migration

MIGRATION = compose_migration()

ALL_OFF = Path(__file__).parents[2] / "data" / "flags-all-off.json"


def test_they_are_sealed_name_every_phase_and_nothing_has_moved() -> None:
    stages = {name: phase.stages for name, phase in load_plan(DIRECTORY / "phases.toml").phases.items()}
    flags = parse_flags(json.loads(ALL_OFF.read_text()), str(ALL_OFF), stages)
    assert {name: setting.stage for name, setting in flags.settings.items()} == {
        name: allowed[0] for name, allowed in stages.items()
    }


def test_every_test_here_begins_with_them() -> None:
    assert {setting.stage for setting in MIGRATION.stages().settings.values()} == {"off", "open"}
