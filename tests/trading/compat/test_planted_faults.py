"""`changeover compare` catches what such migrations have got wrong before, and `explain` shows it."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from changeover.cli.main import changeover
from tests.trading.support.faults import FAULTS, PlantedFault

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("CHANGEOVER_STORE", f"sqlite:///{tmp_path / 'evidence.db'}")
    return tmp_path / "evidence.db"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(changeover, list(arguments), catch_exceptions=False)


@pytest.mark.usefixtures("store")
def test_without_a_fault_nothing_differs() -> None:
    done = run("compare", "--source", "history", "--runs", "8")
    assert done.exit_code == 0, done.stdout
    assert "No divergence in" in done.stdout


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught_named_and_explained(
    fault: PlantedFault, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault.plant(monkeypatch)
    done = run("compare", "--source", fault.source, "--runs", str(fault.runs), "--world", fault.world)
    assert done.exit_code == 1, done.stdout
    assert fault.place in done.stdout
    assert ("UNSAFE" in done.stdout) is fault.unsafe or fault.unsafe is False
    clusters = re.findall(r"^([0-9a-f]{6})  ", done.stdout, flags=re.MULTILINE)
    assert clusters
    explained = run("explain", clusters[0])
    assert explained.exit_code in (0, 1)
    assert "legacy" in explained.stdout
    assert "candidate" in explained.stdout
    as_data = json.loads(run("explain", clusters[0], "--format", "json").stdout)
    assert as_data["schema_version"] == 1


@pytest.mark.usefixtures("store")
def test_the_plan_that_is_wrong_is_told_first_and_the_orders_that_follow_from_it_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FAULTS[0].plant(monkeypatch)
    done = run("compare", "--source", "history", "--runs", "8", "--format", "json")
    (comparison,) = json.loads(done.stdout)["comparisons"]
    first, second, *others = comparison["clusters"]
    assert (first["seam"], first["place"]) == ("portfolio.rebalance-plan", "result.items[*].target_weight")
    assert (second["seam"], second["place"][:30]) == ("trading.workflow", "effects.broker.submit_order[*]")
    assert {one["root"] for one in (second, *others)} == {first["id"]}
