"""The scenarios that are committed: they cover every seam and tag, and today's paths still agree on them."""

import json
from dataclasses import replace

import pytest

from changeover.evidence.scenario_replay import alone, replayed_scenarios, stored_scenarios
from changeover.record.scenario_file import Scenario
from changeover.settings import SCENARIOS_FOLDER as FOLDER
from trading.compat.ports import DIRECTORY
from trading.compat.stress_source import STRESSES, named_stress_case
from trading.composition import compose_migration

MIGRATION = compose_migration()

BYTES_MAX = 1_500_000


@pytest.fixture(scope="module")
def scenarios() -> list[Scenario]:
    found, damaged = stored_scenarios(MIGRATION, DIRECTORY / FOLDER)
    assert damaged == []
    return found


def test_every_seam_and_every_tag_is_there_and_ordinary_sessions_as_well(scenarios: list[Scenario]) -> None:
    assert {one.seam for one in scenarios} == set(MIGRATION.seams)
    assert {tag for one in scenarios for tag in one.tags} == set(STRESSES)
    sessions = {one.correlation_id for one in scenarios if one.correlation_id.startswith("history/")}
    assert len(sessions) >= 3


def test_every_tag_has_a_whole_trading_run(scenarios: list[Scenario]) -> None:
    runs = [one for one in scenarios if one.seam == "trading.workflow"]
    assert {tag for one in runs for tag in one.tags} == set(STRESSES)


def test_every_one_has_a_recorded_answer_and_a_name_of_its_own(scenarios: list[Scenario]) -> None:
    assert [one.id for one in scenarios if one.answer is None] == []
    assert len({one.id for one in scenarios}) == len(scenarios)


def test_they_are_small_enough_to_be_committed() -> None:
    assert sum(path.stat().st_size for path in (DIRECTORY / FOLDER).glob("*.jsonl")) < BYTES_MAX


# Cuts of `changeover compare --source scenarios` and of `changeover legacy prove`, which take all of them.


def test_both_paths_still_agree_on_one_of_each_seam(scenarios: list[Scenario]) -> None:
    chosen = {one.seam: one for one in scenarios}.values()
    found = [(one.id, run.verdict, run.reason) for one, run in replayed_scenarios(MIGRATION, chosen)]
    assert [verdict for _, verdict, _ in found] == ["match"] * len(MIGRATION.seams), found


def test_the_handlers_alone_give_the_recorded_answer_on_one_of_each_tag(scenarios: list[Scenario]) -> None:
    chosen = {one.tags: one for one in scenarios if one.seam == "portfolio.allocation-comparison"}
    chosen |= {one.tags: one for one in scenarios if one.tags not in chosen}
    found = [(one.id, run.verdict, run.reason) for one, run in alone(MIGRATION, chosen.values())]
    assert [verdict for _, verdict, _ in found] == ["match"] * (len(STRESSES) + 1), found


def test_a_run_that_production_named_is_replayed_on_the_day_of_its_tape(scenarios: list[Scenario]) -> None:
    ordinary = [one for one in scenarios if one.correlation_id == "history/2011-08-09"]
    renamed = [replace(one, id="0f3a", correlation_id="0f3a99", tags=()) for one in ordinary]
    found = [(one.seam, run.verdict, run.reason) for one, run in replayed_scenarios(MIGRATION, renamed)]
    assert [verdict for _, verdict, _ in found] == ["match"] * len(MIGRATION.seams), found


@pytest.mark.parametrize("name", ["1-00000-dust", "1-00000-dust-2011-08-09", "", "history"])
def test_a_case_that_is_not_drawn_any_more_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"is no name of a stress case|is drawn as 1-00000-dust-"):
        named_stress_case(name)


def test_no_line_knows_the_machine_it_was_recorded_on() -> None:
    for file in sorted((DIRECTORY / FOLDER).glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            sites = [call["site"][0] for call in json.loads(line)["calls"] if "site" in call]
            assert all(site.count("/") == 1 for site in sites), sites
