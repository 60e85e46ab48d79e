"""The catalogue is whole, its page says what it says, and a cut of `python -m tests.sweeps accidents`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from changeover.cli.main import changeover
from tests.accidents.accident import COMPARE
from tests.accidents.catalogue import FILES, load
from tests.accidents.measuring import ROOT
from tests.accidents.outcome import Outcome
from tests.accidents.page import PAGE, section

ACCIDENTS = {number: load(number) for number in FILES}
PLAIN = [number for number, accident in ACCIDENTS.items() if accident.command == COMPARE]
TRIED = (
    5,
    8,
    11,
)  # a look-up after a retry, a display that cannot write, an argument that hardly ever varies


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("CHANGEOVER_STORE", f"sqlite:///{tmp_path / 'evidence.db'}")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(changeover, list(arguments), catch_exceptions=False)


def compared(*arguments: str) -> dict[str, Any]:
    done = run(*arguments, "--format", "json")
    (comparison,) = json.loads(done.stdout)["comparisons"]
    found: dict[str, Any] = comparison
    return found


def test_all_thirty_two_are_there() -> None:
    assert [*FILES] == [*range(1, 33)]


@pytest.mark.parametrize("number", FILES)
def test_each_says_what_happened_how_it_is_planted_and_what_must_be_reported(number: int) -> None:
    accident = ACCIDENTS[number]
    assert accident.title.endswith(".")
    assert accident.story
    assert accident.plant.__doc__
    assert accident.first
    assert accident.command[:3] == COMPARE


def test_at_least_27_are_caught_by_nothing_but_a_comparison() -> None:
    assert len(PLAIN) >= 27


@pytest.mark.parametrize("number", FILES)
def test_the_page_says_what_the_catalogue_says(number: int) -> None:
    page = PAGE.read_text("utf-8")
    assert section(number, ACCIDENTS[number]) in page
    assert f"\n| {number} | {ACCIDENTS[number].title} | " in page


def test_with_nothing_planted_nothing_differs() -> None:
    found = compared("compare", "--source", "history", "--runs", "8")
    assert found["total"]["match"] == found["total"]["runs"] > 0


@pytest.mark.parametrize("number", TRIED)
def test_a_planted_accident_is_caught_and_explained(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ACCIDENTS[number].plant(monkeypatch)
    found = compared(*COMPARE, "--runs", "32", "--fail-fast")
    outcome = Outcome.of(1, found, 0.0)
    assert outcome.problems(ACCIDENTS[number], whole=False) == []
    explained = json.loads(run("explain", found["clusters"][0]["id"], "--format", "json").stdout)
    assert explained["schema_version"] == 1
    assert "legacy" in run("explain", found["clusters"][0]["id"]).stdout


def test_the_plan_that_is_wrong_is_told_first_and_the_orders_that_follow_from_it_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ACCIDENTS[1].plant(monkeypatch)
    first, second, *others = compared("compare", "--source", "history", "--runs", "8")["clusters"]
    assert (first["seam"], first["place"]) == ("portfolio.rebalance-plan", "result.items[*].target_weight")
    assert (second["seam"], second["place"][:30]) == ("trading.workflow", "effects.broker.submit_order[*]")
    assert {one["root"] for one in (second, *others)} == {first["id"]}
