"""Going back works whatever else is broken, and never leads forward."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from changeover.errors import ConfigurationError
from changeover.rollout.flags_file import read_flags
from changeover.rollout.history import HistoryEntry, NotWrittenError, cause_of, read_lines
from changeover.rollout.migration_files import stages_of
from changeover.rollout.move import RollbackPlan, plan_rollback, roll_back
from changeover.values.stage import Stages
from tests.changeover.support.migration_folder import NOW, Desk, FullDisk, desk_in, setting


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = desk_in(tmp_path_factory.mktemp("moved"))
    desk.walk("portfolio", "off", "shadow", "ramp:10", "ramp:50", "live", "complete")
    desk.walk("trading", "off", "shadow", "live")
    desk.move("cleanup", "open", "done")
    return desk.folder


@pytest.fixture
def desk(moved: Path, tmp_path: Path) -> Desk:
    return desk_in(Path(copytree(moved, tmp_path / "migration")))


def way(
    desk: Desk, phase: str | None = None, to: str | None = None, *, planless: bool = False
) -> RollbackPlan:
    stages: Stages | None = None if planless else stages_of(desk.plan)
    asked = None if phase is None else {phase: None if to is None else setting(to)}
    return plan_rollback(read_flags(desk.place.flags, stages), read_lines(desk.place.history), stages, asked)


def go_back(
    desk: Desk, phase: str | None = None, to: str | None = None, *, planless: bool = False
) -> list[HistoryEntry]:
    stages = None if planless else stages_of(desk.plan)
    found = way(desk, phase, to, planless=planless)
    return roll_back(desk.place, stages, found, cause_of("rollback", "anna", "a test", NOW))


def test_without_a_stage_a_phase_goes_back_the_way_it_came(desk: Desk) -> None:
    seen = []
    for _ in range(5):
        go_back(desk, "portfolio")
        seen.append(desk.stages()["portfolio"])
    assert seen == ["live", "ramp:50", "ramp:10", "shadow", "off"]
    assert desk.agreement().agrees


def test_without_a_history_it_goes_to_the_stage_before(desk: Desk) -> None:
    desk.place.history.unlink()
    seen = []
    for _ in range(3):
        go_back(desk, "portfolio")
        seen.append(desk.stages()["portfolio"])
        desk.place.history.unlink()
    assert seen == ["live", "shadow", "off"]


def test_any_earlier_stage_can_be_named_and_no_later_one(desk: Desk) -> None:
    go_back(desk, "portfolio", "shadow")
    assert desk.stages()["portfolio"] == "shadow"
    with pytest.raises(ConfigurationError, match="portfolio is at shadow and live lies ahead"):
        way(desk, "portfolio", "live")
    with pytest.raises(ConfigurationError, match="allowed: off, shadow"):
        way(desk, "portfolio", "open")


def test_all_phases_with_seams_go_to_off_at_once(desk: Desk) -> None:
    entries = go_back(desk)
    assert desk.stages() == {"portfolio": "off", "trading": "off", "cleanup": "done"}
    assert {(entry.phase, entry.old, entry.new) for entry in entries} == {
        ("portfolio", "complete", "off"),
        ("trading", "live", "off"),
    }
    assert len({entry.revision for entry in entries}) == 1
    assert desk.agreement().agrees
    assert not way(desk).is_needed


def test_a_broken_plan_does_not_stop_it(desk: Desk) -> None:
    go_back(desk, "trading", "shadow", planless=True)
    assert desk.stages() == {"portfolio": "complete", "trading": "shadow", "cleanup": "done"}


def test_a_phase_that_nobody_knows_is_refused(desk: Desk) -> None:
    with pytest.raises(
        ConfigurationError,
        match=r'.tradnig. is unknown, did you mean "trading"[?] allowed: portfolio, trading',
    ):
        way(desk, "tradnig")


def test_from_refused_flags_a_phase_keeps_the_earlier_of_what_file_and_history_say(desk: Desk) -> None:
    content = json.loads(desk.place.flags.read_text())
    content["flags"]["portfolio"]["defaultVariant"] = "live"
    desk.place.flags.write_text(json.dumps(content))
    found = way(desk, "trading")
    assert found.lost == ()
    go_back(desk, "trading")
    assert desk.stages() == {"portfolio": "live", "trading": "shadow", "cleanup": "done"}
    assert desk.agreement().agrees


def test_a_hand_that_put_a_phase_forward_is_not_followed(desk: Desk) -> None:
    content = json.loads(desk.place.flags.read_text())
    content["flags"]["trading"]["defaultVariant"] = "complete"
    desk.place.flags.write_text(json.dumps(content))
    go_back(desk, "portfolio")
    assert desk.stages()["trading"] == "live"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"flags": 3}', "\xff"])
def test_phases_of_which_nothing_can_be_read_go_to_off_and_are_named(desk: Desk, damage: str) -> None:
    desk.place.flags.write_bytes(damage.encode("latin-1"))
    found = way(desk, "trading", "live")
    assert set(found.lost) == {"portfolio", "trading", "cleanup"}
    go_back(desk, "trading", "live")
    assert desk.stages() == {"portfolio": "off", "trading": "off", "cleanup": "open"}
    assert desk.agreement().agrees


def test_a_phase_that_was_moved_back_without_a_line_does_not_come_forward_again(desk: Desk) -> None:
    full = desk_in(desk.folder, FullDisk())
    go_back(full, "trading", "off")
    desk.place.flags.write_text(desk.place.flags.read_text().replace("sha256:", "sha256:0"))
    go_back(desk, "portfolio")
    assert desk.stages()["trading"] == "off"


def test_missing_flags_are_written_anew(desk: Desk) -> None:
    desk.place.flags.unlink()
    assert way(desk).is_needed
    assert go_back(desk)[0].revision == 9
    assert desk.stages() == {"portfolio": "off", "trading": "off", "cleanup": "open"}
    assert desk.agreement().agrees


def test_with_neither_plan_nor_flags_the_history_knows_the_phases(desk: Desk) -> None:
    desk.place.flags.write_text("?")
    go_back(desk, planless=True)
    assert desk.stages() == {"portfolio": "off", "trading": "off", "cleanup": "open"}


def test_on_a_full_disk_it_writes_over_the_old_flags_and_says_that_nobody_wrote_it_down(desk: Desk) -> None:
    said: list[str] = []
    size = desk.place.flags.stat().st_size
    full = desk_in(desk.folder, FullDisk())
    cause = cause_of("rollback", "anna", "a test", NOW)
    roll_back(replace(full.place, warn=said.append), stages_of(desk.plan), way(full), cause)
    assert desk.stages()["portfolio"] == "off"
    assert desk.place.flags.stat().st_size == size
    assert ["writing over the old one" in said[0], "not written down" in said[1]] == [True, True]
    assert not desk.agreement().agrees


def test_a_disk_that_takes_nothing_at_all_is_said(desk: Desk) -> None:
    broken = desk_in(desk.folder, FullDisk(also=["overwrite"]))
    with pytest.raises(NotWrittenError, match="could not be written over either"):
        go_back(broken)


def test_a_program_obeys_at_its_first_look_after_the_refresh_interval(desk: Desk) -> None:
    now = [100.0]
    resolver = desk.resolver(lambda: now[0], refresh_s=1.0)
    assert resolver.current().settings["trading"] == setting("live")
    go_back(desk)
    now[0] += 0.999
    assert resolver.current().settings["trading"] == setting("live")
    now[0] += 0.001
    assert resolver.current().settings["trading"] == setting("off")
    (desk.folder / "KILL").touch()
    now[0] += 1.0
    assert resolver.current().killed


def test_it_never_leads_forward(desk: Desk) -> None:
    """Whatever the file says, no phase is further than the history had it."""
    order = ["off", "shadow", "ramp:10", "ramp:50", "live", "complete"]
    good = desk.place.flags.read_text()
    for stage in ("off", "shadow", "live", "complete"):
        content = json.loads(good)
        content["flags"]["trading"]["defaultVariant"] = stage
        for to in (None, *order):
            desk.place.flags.write_text(json.dumps(content))
            with suppress(ConfigurationError):
                go_back(desk, "trading", to)
                assert order.index(desk.stages()["trading"]) <= order.index("live")
            desk.place.flags.write_text(good)
