"""One mover at a time, on what it looked at, forward only with a passed gate, whole and journalled."""

import json
import os
import stat
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from changeover.errors import ConfigurationError
from changeover.rollout.flags_file import flags_content
from changeover.rollout.history import NotWrittenError
from changeover.rollout.migration_files import LockHeldError, exclusive, place_of
from changeover.rollout.move import MovedMeanwhileError, NotAllowedError
from changeover.rollout.tripwire_state import Trip, add_trip
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from tests.changeover.support.migration_folder import NOW, Desk, FullDisk, desk_in, setting


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_in(tmp_path)


def verdict(answer: Answer, phase: str = "portfolio", old: str = "off", new: str = "shadow") -> GateVerdict:
    criterion = Criterion("runs", answer, "1", "1")
    return GateVerdict(phase, 1, setting(old), setting(new), "c0de", "0ff1ce", "e71de", (criterion,))


def test_the_first_move_writes_flags_that_programs_read_and_a_line_that_says_everything(desk: Desk) -> None:
    entry = desk.move("portfolio", "off", "shadow", forced=False, gate_verdict=verdict(Answer.PASS))
    assert desk.resolver().current().settings["portfolio"] == setting("shadow")
    assert desk.history() == [entry]
    assert (entry.revision, entry.action, entry.old, entry.new) == (1, "flip", "off", "shadow")
    assert (entry.gate, entry.evidence, entry.code, entry.rules) == ("pass", "e71de", "c0de", "0ff1ce")
    assert (entry.at, entry.who, entry.reason) == (NOW, "anna", "a test")
    assert (entry.before, entry.after) == (None, desk.flags_state().digest)


def test_a_move_leaves_the_other_phases_where_they_are(desk: Desk) -> None:
    desk.walk("trading", "off", "shadow", "ramp:12.5")
    desk.move("cleanup", "open", "done")
    desk.move("portfolio", "off", "shadow")
    assert desk.stages() == {"portfolio": "shadow", "trading": "ramp:12.5", "cleanup": "done"}
    written = desk.place.flags.read_text()
    assert written == json.dumps(flags_content(desk.flags_state().settings, revision=4), indent=2) + "\n"


def test_a_step_forward_without_a_passed_gate_is_refused(desk: Desk) -> None:
    with pytest.raises(NotAllowedError, match="no gate was asked"):
        desk.move("portfolio", "off", "shadow", forced=False)
    for answer in (Answer.FAIL, Answer.INCONCLUSIVE):
        with pytest.raises(NotAllowedError, match=f"the gate answered {answer}"):
            desk.move("portfolio", "off", "shadow", forced=False, gate_verdict=verdict(answer))
    assert not desk.place.flags.exists()


@pytest.mark.parametrize("other", [{"phase": "trading"}, {"old": "shadow", "new": "live"}, {"new": "ramp:5"}])
def test_a_gate_that_passed_for_another_step_opens_nothing(desk: Desk, other: dict[str, str]) -> None:
    with pytest.raises(NotAllowedError, match="no gate was asked"):
        desk.move("portfolio", "off", "shadow", forced=False, gate_verdict=verdict(Answer.PASS, **other))


def test_a_forced_step_is_written_down_as_forced(desk: Desk) -> None:
    failed = desk.move("portfolio", "off", "shadow", gate_verdict=verdict(Answer.FAIL))
    unasked = desk.move("trading", "off", "shadow")
    assert (failed.gate, unasked.gate) == ("forced: fail", "forced: no verdict")


def test_a_stage_cannot_be_skipped_even_by_force(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="shadow lies between"):
        desk.move("portfolio", "off", "live")


def test_whoever_looked_at_an_older_revision_is_refused_and_changes_nothing(desk: Desk) -> None:
    desk.move("portfolio", "off", "shadow", expected_revision=0)
    before = desk.place.flags.read_bytes()
    with pytest.raises(MovedMeanwhileError, match="revision was 0, is 1; look again"):
        desk.move("trading", "off", "shadow", expected_revision=0)
    with pytest.raises(MovedMeanwhileError, match="portfolio was off, is shadow; look again"):
        desk.move("portfolio", "off", "shadow")
    assert desk.place.flags.read_bytes() == before
    assert len(desk.history()) == 1


def test_damaged_flags_are_not_moved_and_the_way_out_is_named(desk: Desk) -> None:
    desk.walk("portfolio", "off", "shadow")
    desk.place.flags.write_text(desk.place.flags.read_text().replace('"shadow"\n', '"live"\n'))
    with pytest.raises(ConfigurationError, match="changeover flags seal"):
        desk.move("trading", "off", "shadow")


def test_flags_that_were_lost_do_not_begin_anew_by_themselves(desk: Desk) -> None:
    desk.walk("portfolio", "off", "shadow", "live")
    desk.place.flags.unlink()
    with pytest.raises(ConfigurationError, match="is missing, and the history knows revision 2"):
        desk.move("trading", "off", "shadow")


def test_a_phase_that_the_plan_does_not_know_is_refused(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="'tradnig' is unknown, allowed: portfolio, trading"):
        desk.move("tradnig", "off", "shadow")


def test_a_move_needs_a_reason_and_a_moment_with_a_zone(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="--reason: was empty"):
        desk.move("portfolio", "off", "shadow", reason=" \n")
    with pytest.raises(ValueError, match="zone"):
        desk.move("portfolio", "off", "shadow", now=datetime(2026, 1, 1))


def test_a_reason_of_any_characters_stays_one_line(desk: Desk) -> None:
    entry = desk.move("portfolio", "off", "shadow", reason="a\nb\r\n\u2028 ü \udc80" + "x" * 2_000)
    assert len(desk.place.history.read_bytes().splitlines()) >= 1
    assert desk.history() == [entry]
    assert entry.reason.startswith("a b ü \\udc80xxx")
    assert len(entry.reason) == 1_000


def test_a_lock_that_somebody_holds_is_waited_for_and_then_named(desk: Desk) -> None:
    with exclusive(desk.folder), pytest.raises(LockHeldError, match="changeover kill, which waits"):
        desk.move("portfolio", "off", "shadow", place=replace(desk.place, lock_wait_s=0.02))
    desk.move("portfolio", "off", "shadow")


def test_a_lock_is_free_again_after_an_error_inside(tmp_path: Path) -> None:
    for _ in range(2):
        with ExitStack() as stack:
            stack.enter_context(pytest.raises(KeyError))
            stack.enter_context(exclusive(tmp_path, 0.02))
            raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_nothing_moves_forward_on_a_full_disk(desk: Desk) -> None:
    desk.walk("portfolio", "off", "shadow")
    before = desk.place.flags.read_bytes(), desk.place.history.read_bytes()
    full = desk_in(desk.folder, FullDisk())
    with pytest.raises(NotWrittenError, match="No space left on device; nothing was changed"):
        full.move("portfolio", "shadow", "live")
    assert (desk.place.flags.read_bytes(), desk.place.history.read_bytes()) == before
    assert desk.agreement().agrees


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    desk = desk_in(tmp_path / "there")
    with pytest.raises(ConfigurationError, match="nowhere: could not be locked"):
        desk.move("portfolio", "off", "shadow", place=place_of(tmp_path / "nowhere", {}))


def test_new_flags_keep_the_mode_of_the_old_ones_and_look_newer(desk: Desk) -> None:
    desk.move("portfolio", "off", "shadow")
    desk.place.flags.chmod(0o640)
    future = desk.place.flags.stat().st_mtime_ns + 10**12
    os.utime(desk.place.flags, ns=(future, future))
    desk.move("portfolio", "shadow", "live")
    found = desk.place.flags.stat()
    assert stat.S_IMODE(found.st_mode) == 0o640
    assert found.st_mtime_ns > future


def test_a_link_stays_a_link_and_what_it_points_to_is_moved(tmp_path: Path) -> None:
    desk = desk_in(tmp_path / "migration")
    (tmp_path / "real.json").write_text(json.dumps(flags_content({}, revision=1)))
    (desk.folder / "flags.json").symlink_to(tmp_path / "real.json")
    desk.move("portfolio", "off", "shadow")
    assert (desk.folder / "flags.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["metadata"]["revision"] == 2


def test_flags_that_a_variable_names_are_the_ones_that_move(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "mounted").mkdir()
    place = place_of(desk.folder, {"CHANGEOVER_FLAGS": str(tmp_path / "mounted" / "flags.json")})
    desk.move("portfolio", "off", "shadow", place=place)
    assert (tmp_path / "mounted" / "flags.json").exists()
    assert not desk.place.flags.exists()
    assert len(desk.history()) == 1


def test_moving_one_phase_does_not_let_go_of_another_that_the_tripwire_holds(tmp_path: Path) -> None:
    desk = desk_in(tmp_path / "migration")
    desk.walk("trading", "off", "shadow", "live")
    add_trip(tmp_path / ".changeover" / "trips.json", Trip("trading", 2, NOW, "an order differs"))
    assert desk.resolver().look().settings["trading"] == setting("shadow")
    said: list[str] = []
    desk.move("portfolio", "off", "shadow", place=replace(desk.place, warn=said.append))
    assert desk.stages() == {"portfolio": "shadow", "trading": "shadow", "cleanup": "open"}
    assert "the tripwire holds trading at shadow" in said[0]
    moved, held = desk.history()[-2:]
    assert (moved.phase, held.phase, held.old, held.new) == ("portfolio", "trading", "live", "shadow")
    assert (moved.gate, held.gate) == ("forced: no verdict", None)
    assert desk.agreement().agrees


def test_a_phase_that_the_tripwire_holds_goes_forward_only_from_there(tmp_path: Path) -> None:
    desk = desk_in(tmp_path / "migration")
    desk.walk("trading", "off", "shadow", "live")
    add_trip(tmp_path / ".changeover" / "trips.json", Trip("trading", 2, NOW, "an order differs"))
    with pytest.raises(ConfigurationError, match="changeover rollback trading --to shadow"):
        desk.move("trading", "live", "complete")
    desk.move("trading", "live", "shadow")
    desk.move("trading", "shadow", "live")
    assert desk.resolver().look().settings["trading"] == setting("live")
