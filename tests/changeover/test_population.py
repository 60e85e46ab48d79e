"""What counts as production: the program where it is used, and not where it is tested."""

import os
from pathlib import Path

import pytest

from changeover import Migration, Run
from tests.changeover.support.lean_pytest import WITHOUT_OTHER_PLUGINS
from tests.programs.process import run_python

TEST = """import os

def test_says_what_it_is():
    assert os.environ["CHANGEOVER_POPULATION"] == "generated"
"""


def run_of(environment: dict[str, str]) -> tuple[Run, Migration]:
    runs: list[Run] = []
    migration = Migration(
        sink=runs.append, environment={"CHANGEOVER_STAGE_SHOP_SEND": "shadow", **environment}
    )
    send = migration.seam("shop.send", legacy=lambda parcel: parcel, candidate=lambda parcel: parcel)
    send("A1")
    return runs[0], migration


def test_a_program_that_runs_is_in_production() -> None:
    assert run_of({})[0].population == "production"


def test_the_environment_may_say_that_it_is_a_rehearsal() -> None:
    assert run_of({"CHANGEOVER_POPULATION": "generated"})[0].population == "generated"


def test_a_population_that_is_none_is_named_and_trips_wires_as_production_does() -> None:
    run, migration = run_of({"CHANGEOVER_POPULATION": "staging"})
    assert run.population == "production"
    assert migration.problems == (
        "CHANGEOVER_POPULATION was 'staging', allowed: production, recorded, generated; nothing is kept",
    )


@pytest.mark.parametrize("option", [[], ["--changeover=shadow"]])
def test_what_tests_run_is_no_production(tmp_path: Path, option: list[str]) -> None:
    (tmp_path / "test_it.py").write_text(TEST, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    ended = run_python(
        ["-m", "pytest", "-q", *option, "test_it.py"],
        cwd=tmp_path,
        env=environment | WITHOUT_OTHER_PLUGINS,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout
