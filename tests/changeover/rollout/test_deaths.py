"""A process that dies at any step of a move: flags are old or new, history says which, repair mends it."""

from pathlib import Path
from shutil import copytree

import pytest

from changeover.rollout.history import read_lines
from changeover.rollout.migration_files import stages_of
from changeover.rollout.verify import repair
from tests.changeover.support.migration_folder import NOW, STEPS, TIMES, Desk, Dying, desk_in, die, dies

FORWARD, BACK = ("portfolio", "shadow", "live"), ("portfolio", "shadow", "off")


def mend(desk: Desk) -> int:
    return repair(desk.place, stages_of(desk.plan), "ben", NOW)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = desk_in(tmp_path_factory.mktemp("moved"))
    desk.walk("portfolio", "off", "shadow")
    return desk.folder


@pytest.fixture
def folder(moved: Path, tmp_path: Path) -> Path:
    return Path(copytree(moved, tmp_path / "migration"))


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", [FORWARD, BACK], ids=["forward", "back"])
def test_flags_are_old_or_new_and_a_repair_makes_the_history_agree(
    folder: Path, way: tuple[str, str, str], step: str, time: str
) -> None:
    died = dies(lambda: desk_in(folder, Dying(step, time, die)).move(*way))
    desk = desk_in(folder)
    assert died == (step != "overwrite" and (step, time) != ("replace", "half"))
    assert desk.flags_state().problem is None
    assert desk.stages()["portfolio"] in way[1:]
    if not desk.agreement().agrees:
        assert {one.repair for one in desk.agreement().findings} == {"changeover history --repair"}
        assert mend(desk) >= 1
    assert desk.agreement().agrees
    assert mend(desk) == 0
    desk.move("trading", "off", "shadow")
    assert desk.agreement().agrees


def test_a_step_forward_that_was_written_down_and_not_taken_is_named(folder: Path) -> None:
    assert dies(lambda: desk_in(folder, Dying("replace", "before", die)).move(*FORWARD))
    desk = desk_in(folder)
    assert desk.stages()["portfolio"] == "shadow"
    (finding,) = desk.agreement().findings
    assert finding.text == "revision 2 (portfolio shadow -> live, anna) was written down and not carried out"
    assert finding.line == 2


def test_its_revision_is_not_used_twice_and_the_next_move_does_not_hide_it(folder: Path) -> None:
    assert dies(lambda: desk_in(folder, Dying("replace", "before", die)).move(*FORWARD))
    desk = desk_in(folder)
    assert desk.move("trading", "off", "shadow").revision == 3
    assert "revision 2 (portfolio shadow -> live" in desk.agreement().findings[0].text
    assert mend(desk) == 1
    assert desk.agreement().agrees
    assert len(desk.agreement().known) == 1


def test_a_step_back_that_nobody_wrote_down_is_named_and_its_repair_says_what_moved(folder: Path) -> None:
    assert dies(lambda: desk_in(folder, Dying("append", "before", die)).move(*BACK))
    desk = desk_in(folder)
    assert desk.stages()["portfolio"] == "off"
    (finding,) = desk.agreement().findings
    assert finding.text == (
        "flags.json is at revision 2, and the history ends at 1: the last move is not written down"
    )
    assert mend(desk) == 1
    repaired = desk.history()[-1]
    assert (repaired.action, repaired.phase, repaired.old, repaired.new) == (
        "repair",
        "portfolio",
        "shadow",
        "off",
    )
    assert (repaired.who, repaired.reason) == ("ben", finding.text)


def test_a_torn_line_stays_and_the_next_one_begins_a_line_of_its_own(folder: Path) -> None:
    assert dies(lambda: desk_in(folder, Dying("append", "half", die)).move(*FORWARD))
    desk = desk_in(folder)
    desk.move(*FORWARD)
    lines = read_lines(desk.place.history)
    assert [line.entry is not None for line in lines] == [True, False, True]
    assert lines[1].problem.startswith("history.jsonl line 2: was not valid JSON")
    assert desk.stages()["portfolio"] == "live"


def test_each_of_two_torn_lines_can_be_repaired(folder: Path) -> None:
    desk = desk_in(folder)
    for _ in range(2):
        assert dies(lambda: desk_in(folder, Dying("append", "half", die)).move(*FORWARD))
        assert not desk.agreement().agrees
        assert mend(desk) == 1
        assert desk.agreement().agrees


@pytest.mark.parametrize("time", ["half", "after"])
def test_a_death_while_writing_over_old_flags_on_a_full_disk_leaves_them_whole_or_refused(
    folder: Path, time: str
) -> None:
    assert dies(lambda: desk_in(folder, Dying("overwrite", time, die, full=True)).move(*BACK))
    desk = desk_in(folder)
    assert desk.resolver().current().settings["portfolio"].stage == "off"
    assert (desk.flags_state().problem is None) == (time == "after")
    assert not desk.agreement().agrees


def test_flags_from_a_backup_and_flags_from_nowhere_are_told_apart(folder: Path) -> None:
    desk = desk_in(folder)
    backup = desk.place.flags.read_bytes()
    desk.move(*FORWARD)
    desk.place.flags.write_bytes(backup)
    assert desk.agreement().findings[0].text.endswith("not carried out")
    desk.move("trading", "off", "shadow")
    desk.move("trading", "shadow", "live")
    desk.place.flags.write_bytes(backup)
    assert any("an older copy was put in its place" in one.text for one in desk.agreement().findings)
    assert mend(desk) == 1
    assert desk.agreement().agrees
    desk.place.history.write_bytes(b"")
    assert "the history is empty" in desk.agreement().findings[0].text
    assert mend(desk) == 1
    assert desk.agreement().agrees


def test_a_line_that_somebody_removed_is_missed(folder: Path) -> None:
    desk = desk_in(folder)
    desk.walk("portfolio", "shadow", "live", "complete")
    lines = desk.place.history.read_bytes().splitlines(keepends=True)
    desk.place.history.write_bytes(lines[0] + lines[2])
    (finding,) = desk.agreement().findings
    assert finding.text.startswith("revision 3 began from other flags than revision 1 left")


def test_a_history_that_cannot_be_read_is_a_finding_that_no_line_mends(folder: Path) -> None:
    desk = desk_in(folder)
    desk.place.history.unlink()
    desk.place.history.mkdir()
    assert "could not be read" in desk.agreement().findings[0].text
