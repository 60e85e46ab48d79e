"""`changeover flip`, `flags seal` and `history` as a person types them."""

import json
from pathlib import Path

import pytest

from changeover.api.moves import Flip, FlipRequest, flip_as_judged
from changeover.errors import ConfigurationError
from changeover.project import Project, find_project
from changeover.rollout.migration_files import place_for
from changeover.values.gate_verdict import Answer as GateAnswer
from changeover.values.gate_verdict import Criterion, GateVerdict
from changeover.values.stage import Setting
from tests.changeover.support.migration_folder import NOW, setting
from tests.changeover.support.projects import Answer, Shop, shop_in

CHECKED = '\n[phase.gate.done]\ncheck = ["{}"]\n'
WHO = {"CHANGEOVER_WHO": "anna@desk"}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


class Gate:
    """Answers as it is told, and remembers what it was asked."""

    def __init__(self, answer: GateAnswer | None) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, project: Project, phase: str, new: Setting) -> GateVerdict:
        self.asked.append(f"{phase} {new}")
        if self.answer is None:
            raise ConfigurationError("store", "cannot be read")
        criterion = Criterion("runs", self.answer, "1", "0")
        old = setting("off" if str(new) == "shadow" else "shadow")
        return GateVerdict(phase, 2, old, new, "9f3c1e7aaa", "5b20aa4", "3e1f0c9bbb", (criterion,))


def ask(shop: Shop, new: str, gate: Gate, *, force: bool = False, dry_run: bool = False) -> Flip:
    project = find_project(shop.root, {})
    plan = project.plan()
    assert plan is not None
    request = FlipRequest("shelf", setting(new), "anna", "a test", force)
    place = place_for(project.directory, lambda text: None, dry_run=dry_run)
    return flip_as_judged(project, plan, request, gate, NOW, place)


def checked(shop: Shop, command: str) -> None:
    """The phase without seams is done when this command says so."""
    path = shop.root / "migration" / "phases.toml"
    path.write_text(path.read_text() + CHECKED.format(command))


def test_forward_the_gate_is_asked_and_a_pass_moves_the_phase(shop: Shop) -> None:
    gate = Gate(GateAnswer.PASS)
    answered = ask(shop, "shadow", gate)
    assert gate.asked == ["shelf shadow"]
    assert answered.exit_code == 0
    assert answered.entry is not None
    assert (answered.entry.gate, answered.entry.evidence) == ("pass", "3e1f0c9bbb")


@pytest.mark.parametrize(("answer", "code"), [(GateAnswer.FAIL, 1), (GateAnswer.INCONCLUSIVE, 3)])
def test_without_a_pass_nothing_moves_unless_it_is_forced(shop: Shop, answer: GateAnswer, code: int) -> None:
    refused = ask(shop, "shadow", Gate(answer))
    assert (refused.entry, refused.exit_code) == (None, code)
    assert not (shop.root / "migration" / "flags.json").exists()
    forced = ask(shop, "shadow", Gate(answer), force=True)
    assert forced.entry is not None
    assert forced.entry.gate == f"forced: {answer}"


def test_a_gate_that_cannot_be_asked_is_an_error_and_only_force_gets_past_it(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ask(shop, "shadow", Gate(None))
    forced = ask(shop, "shadow", Gate(None), force=True)
    assert forced.entry is not None
    assert forced.entry.gate == "forced: no verdict"
    assert forced.gate_problem == "store: cannot be read"


def test_back_the_gate_is_not_asked(shop: Shop) -> None:
    ask(shop, "shadow", Gate(GateAnswer.PASS))
    gate = Gate(None)
    answered = ask(shop, "off", gate)
    assert gate.asked == []
    assert answered.entry is not None
    assert answered.entry.gate is None


def test_the_screen_says_what_moved_on_what_grounds_who_follows_and_how_to_undo_it(shop: Shop) -> None:
    checked(shop, "true")
    answer = shop.run("flip", "cleanup", "done", "--reason", "all checked", **WHO)
    lines = answer.out.splitlines()
    assert answer.code == 0
    assert lines[0].startswith("cleanup   open -> done   revision 0 -> 1   gate PASS (evidence ")
    assert lines[1] == (
        "processes that read this file follow at their next run; runs that have begun stay on revision 0"
    )
    assert lines[2] == "undo        changeover rollback cleanup --to open"
    assert max(map(len, lines)) <= 100
    assert shop.run(*lines[2].split()[2:]).out.startswith("cleanup   done -> open   revision 1 -> 2\n")


def test_a_real_gate_that_does_not_pass_shows_its_screen_and_says_what_force_means(shop: Shop) -> None:
    checked(shop, "false")
    answer = shop.run("flip", "cleanup", "done", "--reason", "hope")
    assert answer.code == 1
    assert "cleanup -> done" in answer.out
    assert "nothing was changed; --force moves all the same" in answer.err
    assert shop.run("flip", "shelf", "shadow", "--reason", "hope").code == 3


def test_force_is_loud(shop: Shop) -> None:
    checked(shop, "false")
    answer = shop.run("flip", "cleanup", "done", "--reason", "I know better", "--force")
    assert answer.code == 0
    assert "FORCED: cleanup went forward WITHOUT A PASSED GATE (forced: fail)" in answer.err


def test_a_dry_run_writes_nothing_and_says_exactly_what_is_then_done(shop: Shop) -> None:
    dry = ask(shop, "shadow", Gate(GateAnswer.PASS), dry_run=True)
    assert {path.name for path in (shop.root / "migration").iterdir()} == {"phases.toml"}
    assert ask(shop, "shadow", Gate(GateAnswer.PASS)) == dry
    back = shop.run("rollback", "shelf", "--dry-run")
    assert "dry run: nothing was changed" in back.err
    assert shop.run("rollback", "shelf").out == back.out


def test_json_says_the_same(shop: Shop) -> None:
    checked(shop, "true")
    told = json.loads(
        shop.run("flip", "cleanup", "done", "--reason", "all checked", "--format", "json", **WHO).out
    )
    assert (told["schema_version"], told["from"], told["to"]) == (1, "open", "done")
    assert told["undo"] == "changeover rollback cleanup --to open"
    written = json.loads((shop.root / "migration" / "history.jsonl").read_text())
    assert told["moved"] == written
    assert written["who"] == "anna@desk"


MISTAKES = {
    "unknown phase": (
        ("shelff", "shadow"),
        "'shelff' is unknown, did you mean \"shelf\"? allowed: shelf, cleanup",
    ),
    "unknown stage": (
        ("shelf", "shaddow"),
        "stage was 'shaddow', did you mean \"shadow\"? allowed: off, shadow, ramp:P",
    ),
    "stage of the other kind": (("shelf", "done"), "stage was 'done', allowed: off"),
    "ramp without percentage": (("shelf", "ramp"), "ramp:P with 0 < P < 100"),
    "percentage without ramp": (("shelf", "live:5"), "stage was 'live:5'"),
    "ramp without its percentage": (
        ("shelf", "ramp"),
        "stage was 'ramp', without its percent, such as ramp:10, allowed: off",
    ),
    "percentage of a hundred": (("shelf", "ramp:100"), "ramp percentage was '100'"),
    "a stage skipped": (("shelf", "live"), "shadow lies between"),
    "no reason to read": (("cleanup", "done", "--reason", " "), "--reason: was empty"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence(shop: Shop, mistake: str) -> None:
    arguments, sentence = MISTAKES[mistake]
    reason = () if "--reason" in arguments else ("--reason", "a test", "--force")
    answer: Answer = shop.run("flip", *arguments, *reason, "--force")
    assert (answer.code, answer.out) == (2, "")
    assert sentence in answer.err
    assert "Traceback" not in answer.err


def test_a_phase_that_is_there_already_stays_there(shop: Shop) -> None:
    answer = shop.run("flip", "shelf", "off", "--reason", "a test")
    assert (answer.code, answer.out) == (0, "shelf is at off already; nothing was changed\n")


def test_what_hides_the_move_is_said(shop: Shop) -> None:
    ask(shop, "shadow", Gate(GateAnswer.PASS))
    (shop.root / "migration" / "KILL").touch()
    answer = shop.run("flip", "shelf", "off", "--reason", "a test", CHANGEOVER_STAGE_SHELF="live")
    assert "CHANGEOVER_STAGE_SHELF=live overrides flags.json" in answer.err
    assert "kill switch on: legacy answers every new run until changeover unkill" in answer.err


def test_the_history_shows_who_moved_what_why_and_on_what_evidence(shop: Shop) -> None:
    assert shop.run("history").out == "nothing has moved yet\n"
    ask(shop, "shadow", Gate(GateAnswer.PASS))
    shop.run("rollback", "shelf", "--reason", "red \x1b[31m light " * 20, "--who", "ben")
    answer = shop.run("history")
    lines = answer.out.splitlines()
    assert lines[1:4] == [
        "       1   2026-11-20 20:45  shelf            off -> shadow",
        "                            gate PASS (evidence 3e1f0c9, code 9f3c1e7)",
        "                            anna: a test",
    ]
    assert lines[4].endswith("shelf            shadow -> off (rollback)")
    assert "ben: red \\x1b[31m light" in lines[5]
    assert max(map(len, lines)) <= 100
    assert "\x1b" not in answer.out
    assert "1 entry before these: --last 2" in shop.run("history", "--last", "1").out


def test_the_history_verifies_and_repairs(shop: Shop) -> None:
    ask(shop, "shadow", Gate(GateAnswer.PASS))
    assert shop.run("history", "--verify").out == "flags.json (revision 1) and history.jsonl agree\n"
    path = shop.root / "migration" / "history.jsonl"
    path.write_text("")
    broken = shop.run("history", "--verify")
    assert broken.code == 1
    assert "the history is empty: the moves are not written down" in " ".join(broken.out.split())
    assert "mend      changeover history --repair" in broken.out
    assert shop.run("history", "--repair").code == 0
    assert shop.run("history", "--verify").code == 0
    told = json.loads(shop.run("history", "--format", "json").out)
    assert (told["agreement"]["agrees"], told["entries"][0]["action"]) == (True, "repair")
