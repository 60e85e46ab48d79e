"""`rollback`, `kill`, `unkill`: without store, app, network or room on the disk; with everything broken."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from changeover.errors import ConfigurationError
from changeover.rollout.history import NotWrittenError
from changeover.rollout.kill_switch import read_kill_switch, switch_kill_off, switch_kill_on
from changeover.rollout.migration_files import place_of
from tests.changeover.support.migration_folder import NOW, Desk, FullDisk, desk_in
from tests.changeover.support.projects import Answer, Shop
from tests.programs.process import start_python

ROOT = Path(__file__).parents[3]
WITHOUT_NETWORK = """
import sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(event)
sys.addaudithook(refuse)
from changeover.cli.main import main
sys.argv = ["changeover", *sys.argv[1:]]
main()
"""
OBEDIENT = """
import sys, time
from changeover import Migration
migration = Migration.load("migration", refresh_s=0.05)
answer = migration.seam("trading.workflow", legacy=lambda: "legacy", candidate=lambda: "candidate")
while True:
    print(answer(), flush=True)
    time.sleep(0.01)
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = desk_in(tmp_path / "migration")
    desk.walk("trading", "off", "shadow", "live")
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\napp = "nowhere:migration"\n')
    return desk


def run(desk: Desk, *arguments: str, **environment: str) -> Answer:
    return Shop(desk.folder.parent).run(*arguments, **environment)


def test_a_rollback_needs_no_app_and_no_store(desk: Desk) -> None:
    answer = run(desk, "rollback", "trading", CHANGEOVER_STORE="sqlite:////nowhere/evidence.db")
    assert answer.out.splitlines() == [
        "trading   live -> shadow   revision 2 -> 3",
        "processes that read this file follow at their next run; runs that have begun stay on revision 2",
        'forward     changeover flip trading live --reason "..."',
    ]
    assert run(desk, "rollback", "--all").code == 0
    assert run(desk, "rollback", "--all").out == "nothing to go back from; nothing was changed\n"


def test_going_back_works_where_plan_project_flags_and_history_are_all_broken(desk: Desk) -> None:
    for path in (
        desk.folder.parent / "pyproject.toml",
        desk.folder / "phases.toml",
        desk.place.flags,
        desk.place.history,
    ):
        path.write_text("[[")
    answer = run(desk, "rollback", "--all")
    assert answer.code == 0
    assert desk.resolver().look().settings["trading"].stage == "off"
    assert desk.flags_state().problem is None
    assert run(desk, "kill").code == 0
    assert desk.resolver().look().killed


def test_where_nothing_can_be_locked_the_kill_switch_is_put_instead(desk: Desk) -> None:
    away = str(desk.folder / "not-mounted" / "flags.json")
    tried = run(desk, "rollback", "trading", "--dry-run", CHANGEOVER_FLAGS=away)
    assert (tried.code, read_kill_switch(desk.folder).killed) == (2, False)
    answer = run(desk, "rollback", "trading", CHANGEOVER_FLAGS=away)
    assert answer.code == 1
    assert "could not be locked" in answer.err
    assert "the kill switch was put instead" in answer.err
    assert desk.resolver().look().killed


def test_a_rollback_asks_for_a_phase_or_for_all(desk: Desk) -> None:
    for arguments in ((), ("trading", "--all"), ("--all", "--to", "off")):
        answer = run(desk, "rollback", *arguments)
        assert answer.code == 2
        assert "say one PHASE" in answer.err


def test_a_kill_is_a_file_that_says_who_and_why_and_an_unkill_removes_it(desk: Desk) -> None:
    answer = run(desk, "kill", "--reason", "orders look wrong", "--who", "anna")
    assert answer.out.splitlines() == [
        "kill switch on   migration/KILL",
        "legacy answers every new run from now on, within 1 s in processes that run",
        "runs that have begun finish as they are; a phase whose legacy is gone stays with the candidate",
        'undo        changeover unkill --reason "..."',
    ]
    found = read_kill_switch(desk.folder)
    assert found is not None
    assert (found.who, found.reason) == ("anna", "orders look wrong")
    assert "(it was on already)" in run(desk, "kill").out
    assert run(desk, "unkill", "--reason", "a glitch").out.startswith("kill switch off   migration/KILL\n")
    assert not read_kill_switch(desk.folder).killed
    assert run(desk, "unkill", "--reason", "again").out == "kill switch off already; nothing was changed\n"
    assert [entry.action for entry in desk.history()][-2:] == ["kill", "unkill"]
    assert desk.agreement().agrees


def test_a_kill_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    answer = Shop(tmp_path).run("kill")
    assert answer.code == 2
    assert "there is no such folder" in answer.err
    assert not (tmp_path / "migration").exists()


def test_an_unkill_says_that_the_environment_still_kills(desk: Desk) -> None:
    answer = run(desk, "unkill", "--reason", "a test", CHANGEOVER_KILL="1")
    assert "CHANGEOVER_KILL is set in this environment" in answer.err


def test_on_a_full_disk_an_empty_file_is_a_kill(desk: Desk) -> None:
    full = desk_in(desk.folder, FullDisk())
    assert switch_kill_on(full.place, "anna", "a test", NOW) is not None
    assert (desk.folder / "KILL").read_bytes() == b""
    assert desk.resolver().look().killed
    assert switch_kill_off(full.place, "anna", "a test", NOW) is not None
    assert not desk.resolver().look().killed


def test_a_kill_that_cannot_be_put_names_two_other_ways(desk: Desk) -> None:
    full = desk_in(desk.folder, FullDisk(also=["create_empty"]))
    with pytest.raises(NotWrittenError, match="changeover rollback --all needs no new file"):
        switch_kill_on(full.place, "anna", "a test", NOW)
    with pytest.raises(ConfigurationError, match="--reason"):
        switch_kill_on(place_of(desk.folder), "anna", "", NOW)


@pytest.mark.parametrize("command", [("rollback", "trading"), ("rollback", "--all"), ("kill",)])
def test_no_network_is_used(desk: Desk, command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, *command],
        cwd=desk.folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_a_program_that_runs_obeys_what_happens_outside(desk: Desk) -> None:
    with start_python(["-c", OBEDIENT], cwd=desk.folder.parent, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        answers = iter(program.stdout.readline, "")
        try:
            assert next(answers) == "candidate\n"
            run(desk, "rollback", "trading")
            assert "legacy\n" in answers
            desk.move("trading", "shadow", "live")
            assert "candidate\n" in answers
            run(desk, "kill")
            assert "legacy\n" in answers
        finally:
            program.kill()


def test_on_a_disk_that_is_really_full_phases_go_back_and_none_goes_forward(tmp_path: Path) -> None:
    mounted = tmp_path / "disk"
    mounted.mkdir()
    unshare = which("unshare")
    mount = f"mount -t tmpfs -o size=32k tmpfs '{mounted}'"
    if unshare is None or subprocess.run([unshare, "-rm", "sh", "-c", mount], check=False).returncode:
        pytest.skip("no small disk can be mounted here: unshare and mount are not permitted")
    script = f"{mount} && exec '{sys.executable}' -m tests.changeover.support.full_disk '{mounted}'"
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "forward refused, nothing was changed",
        "rollback done: trading off, portfolio off",
        "kill on, 0 bytes",
    ]


def test_a_rollback_names_the_phases_that_stand_further_than_what_they_require(desk: Desk) -> None:
    plan = desk.folder / "phases.toml"
    requiring = 'name = "trading"\nrequires = ["portfolio"]'
    plan.write_text(plan.read_text().replace('name = "trading"', requiring))
    desk.walk("portfolio", "off", "shadow", "live")
    answer = run(desk, "rollback", "portfolio")
    assert answer.code == 0
    assert "trading stays at live and requires portfolio, which is at shadow" in answer.err
