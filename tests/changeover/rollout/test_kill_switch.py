"""One answer to "is it killed?": programs, gates, status and the commands that move all give it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from changeover.gate.inputs import read_project_state
from changeover.project import find_project
from changeover.rollout.kill_switch import KillSwitch, read_kill_switch
from changeover.rollout.resolver import Resolver
from tests.changeover.support.projects import shop_in


def nothing(file: Path) -> None:
    """No file of that name."""


def impossibly_old(file: Path) -> None:
    """Of a year that no calendar has."""
    file.touch()
    os.utime(file, (-(2**40), -(2**40)))


STATES: dict[str, tuple[Callable[[Path], object], str, bool]] = {
    "no file": (nothing, "", False),
    "a word that says no": (nothing, "off", False),
    "a word that says yes": (nothing, "YES", True),
    "a word that nobody knows": (nothing, "perhaps", True),
    "an empty file": (Path.touch, "", True),
    "a file beside a word that says no": (Path.touch, "0", True),
    "a file and a word": (Path.touch, "1", True),
    "a file that is no JSON": (lambda file: file.write_text("{"), "", True),
    "a file of another shape": (lambda file: file.write_text('["who"]'), "", True),
    "a folder": (Path.mkdir, "", True),
    "a link to nothing": (lambda file: file.symlink_to("gone"), "", True),
    "a file of an impossible time": (impossibly_old, "", True),
}


@pytest.mark.parametrize("state", STATES)
def test_everybody_gives_the_same_answer(tmp_path: Path, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, word, killed = STATES[state]
    shop = shop_in(tmp_path)
    folder = shop.root / "migration"
    make(folder / "KILL")
    environment = {"CHANGEOVER_KILL": word}
    resolver = Resolver(lambda: {}, directory=folder, closed=False, environment=environment)
    status = shop.run("status", "--format", "json", **environment)
    moved = shop.run("rollback", "--all", **environment)
    monkeypatch.setenv("CHANGEOVER_KILL", word)
    assert {
        "the switch": read_kill_switch(folder, environment).killed,
        "a program": resolver.look().killed,
        "a gate": read_project_state(find_project(tmp_path, {})).killed,
        "status": "kill switch on" in json.loads(status.out)["flags"],
        "a rollback": "kill switch on" in moved.err,
    } == dict.fromkeys(("the switch", "a program", "a gate", "status", "a rollback"), killed)


def test_it_says_by_what_when_who_and_why(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    file = shop.root / "migration" / "KILL"
    shop.run("kill", "--who", "anna", "--reason", "orders look wrong")
    found = read_kill_switch(file.parent, {"CHANGEOVER_KILL": "1"})
    assert (found.variable, found.file, found.who, found.reason) == (
        "CHANGEOVER_KILL",
        file,
        "anna",
        "orders look wrong",
    )
    assert found.at is not None
    assert found.at.timestamp() == pytest.approx(file.stat().st_mtime)


@pytest.mark.parametrize("was_on", [True, False])
def test_a_file_that_cannot_be_looked_at_leaves_the_switch_as_it_was(
    tmp_path: Path, was_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if was_on:
        (tmp_path / "KILL").touch()
    last = read_kill_switch(tmp_path, {})

    def refuse(path: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "lstat", refuse)
    found = read_kill_switch(tmp_path, {}, last)
    assert (found.killed, found.file) == (was_on, last.file)
    assert "the kill switch stays as it was" in found.problems[0]
    assert read_kill_switch(tmp_path, {}) == KillSwitch(problems=found.problems)
