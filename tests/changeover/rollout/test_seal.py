"""Sealing a hand edit: checked against the plan, journalled, and loud about a step without a gate."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.changeover.support.migration_folder import Desk, desk_in
from tests.changeover.support.projects import Answer, Shop

SEAL = ("flags", "seal", "--reason", "the console was down")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = desk_in(tmp_path / "migration")
    desk.walk("portfolio", "off", "shadow")
    return desk


def edit(desk: Desk, change: Callable[[Any], object]) -> None:
    content = json.loads(desk.place.flags.read_text())
    change(content)
    desk.place.flags.write_text(json.dumps(content))


def run(desk: Desk, *arguments: str) -> Answer:
    return Shop(desk.folder.parent).run(*arguments)


def to(stage: str, phase: str = "portfolio") -> Callable[[Any], object]:
    return lambda content: content["flags"][phase].update(defaultVariant=stage)


def test_a_hand_edit_is_refused_until_it_is_sealed(desk: Desk) -> None:
    edit(desk, to("off"))
    assert desk.flags_state().problem is not None
    answer = run(desk, *SEAL)
    assert answer.out.splitlines()[0] == "portfolio   shadow -> off   revision 1 -> 2"
    assert desk.stages()["portfolio"] == "off"
    sealed = desk.history()[-1]
    assert (sealed.action, sealed.phase, sealed.old, sealed.new) == ("seal", "portfolio", "shadow", "off")
    assert sealed.before == "refused"
    assert desk.agreement().agrees


def test_a_step_forward_by_hand_is_told_loudly_and_written_down_as_forced(desk: Desk) -> None:
    edit(desk, to("live"))
    answer = run(desk, *SEAL)
    assert "portfolio went forward, shadow -> live, WITHOUT A GATE: edited by hand" in answer.err
    assert "undo        changeover rollback portfolio --to shadow" in answer.out
    assert desk.history()[-1].gate == "forced: by hand"


def test_an_edit_that_changes_no_stage_is_sealed_too(desk: Desk) -> None:
    edit(desk, lambda content: content["metadata"].pop("digest"))
    assert run(desk, *SEAL).out.startswith("seal, no stage changes   revision 1 -> 2")
    assert desk.agreement().agrees


def test_sealed_flags_stay_as_they_are(desk: Desk) -> None:
    before = desk.place.flags.read_bytes()
    assert "nothing was changed" in run(desk, *SEAL).out
    assert desk.place.flags.read_bytes() == before


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    edit(desk, to("live"))
    before = desk.place.flags.read_bytes()
    dry = run(desk, *SEAL, "--dry-run")
    assert desk.place.flags.read_bytes() == before
    assert run(desk, *SEAL).out == dry.out


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (to("shaddow"), "was 'shaddow', did you mean \"shadow\"? allowed: off, shadow"),
        (
            lambda content: content["flags"].update(x=content["flags"]["trading"]),
            "'x' is unknown",
        ),
        (to("ramp"), "ramp percentage was None"),
        (lambda content: content.pop("flags"), "flags: is missing"),
    ],
)
def test_what_is_no_sound_definition_is_not_sealed(
    desk: Desk, change: Callable[[Any], object], sentence: str
) -> None:
    edit(desk, change)
    before = desk.place.flags.read_bytes()
    answer = run(desk, *SEAL)
    assert answer.code == 2
    assert sentence in answer.err
    assert desk.place.flags.read_bytes() == before
