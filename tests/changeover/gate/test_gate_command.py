"""`changeover gate` on a project whose gate passes, with one thing wrong at a time."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.changeover.support.projects import Shop, shop_in

PLAN = """\
[migration]
name = "shop-on-events"
code = ["shop"]

[[phase]]
name = "shelf"
seams = ["shelf.refill"]

[phase.gate.shadow]
corpus = { sources = ["days"], tags = ["full", "short"] }
check = ["python -I -S -c 'print(40 + 2)'"]
check_timeout_s = 20

[[phase]]
name = "cleanup"
requires = ["shelf"]
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = shop_in(tmp_path_factory.mktemp("prepared"))
    (shop.root / "migration" / "phases.toml").write_text(PLAN)
    assert shop.run("compare").code == 0
    assert shop.run("scenarios", "keep", "days/day-01").code == 0
    return shop


@pytest.fixture
def shop(prepared: Shop, tmp_path: Path) -> Shop:
    """A copy for one test; a store knows its project by the folder it lies in."""
    shutil.copytree(prepared.root, tmp_path / "shop")
    return Shop(tmp_path / "shop")


def written(name: str, text: str) -> Callable[[Shop], None]:
    def change(shop: Shop) -> None:
        (shop.root / name).write_text(text)

    return change


def replaced(old: str, new: str) -> Callable[[Shop], None]:
    return written("migration/phases.toml", PLAN.replace(old, new))


def newer_store(shop: Shop) -> None:
    with sqlite3.connect(shop.root / ".changeover" / "evidence.db") as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()


def other_code(shop: Shop) -> None:
    path = shop.root / "shop.py"
    path.write_text(path.read_text() + "\nNEW = 1\n")


FUTURE = {"revision": 1, "action": "flip", "at": "2999-01-01T00:00:00Z", "who": "ada", "reason": "r"}
CHECK = "python -I -S -c 'print(40 + 2)'"
WRONG: dict[str, tuple[Callable[[Shop], None], int, str]] = {
    "the store is no store": (written(".changeover/evidence.db", "no database" * 200), 3, "cannot be read"),
    "the store is of a newer version": (newer_store, 3, "999"),
    "the rules are broken": (written("migration/rules.toml", "[[rule]]\n"), 1, "rules.toml"),
    "the waivers are broken": (written("migration/waivers.toml", "[[waiver]"), 1, "was not valid TOML"),
    "the check command is missing": (replaced(CHECK, "no-such-command"), 3, "could not be started"),
    "the check command fails": (replaced("print(40 + 2)", "raise SystemExit(4)"), 1, "exit 4"),
    "the check command takes too long": (
        replaced(
            f'check = ["{CHECK}"]\ncheck_timeout_s = 20',
            "check = [\"python -I -S -c 'import time; time.sleep(60)'\"]\ncheck_timeout_s = 1",
        ),
        3,
        "took longer than 1 s and was killed",
    ),
    "the clock was set back": (
        written("migration/history.jsonl", json.dumps(FUTURE) + "\n"),
        3,
        "the clock was set back: the last flip is of 2999-01-01",
    ),
    "the code has changed": (other_code, 3, "1 corpus on other code or rules"),
    "the flags are damaged": (written("migration/flags.json", "{}"), 1, "changeover flags seal"),
    "the kill switch is on": (written("migration/KILL", "."), 1, "changeover unkill"),
    "the app cannot be imported": (
        written("pyproject.toml", '[tool.changeover]\napp = "nowhere:migration"\n'),
        1,
        "'nowhere' cannot be imported",
    ),
    "the plan is broken": (
        replaced('name = "shelf"', 'nam = "shelf"'),
        2,
        "name: is missing, needed: a text",
    ),
}


def test_a_gate_whose_evidence_is_there_passes_and_keeps_what_its_checks_said(shop: Shop) -> None:
    answer = shop.run("gate", "shelf")
    assert (answer.code, answer.out.split("\n")[0].split()[:4]) == (0, ["shelf", "->", "shadow", "PASS"])
    assert f"check: {CHECK}" in answer.err
    assert "42" not in answer.out
    assert shop.run("gate", "shelf", "--no-checks").code == 3
    with sqlite3.connect(shop.root / ".changeover" / "evidence.db") as connection:
        kept = connection.execute("SELECT kind, name, answer, body FROM reviews ORDER BY kind").fetchall()
    connection.close()
    assert [row[:3] for row in kept] == [("check", CHECK, "pass"), ("doctor", "", "pass")]
    assert json.loads(kept[0][3])["tail"] == ["42"]


@pytest.mark.parametrize("name", WRONG)
def test_a_gate_with_one_thing_wrong_does_not_pass(shop: Shop, name: str) -> None:
    change, code, reason = WRONG[name]
    change(shop)
    answer = shop.run("gate", "shelf")
    assert answer.code == code, answer.out + answer.err
    assert reason in " ".join((answer.out + answer.err).split())
    assert "Traceback" not in answer.err


def test_an_override_in_the_environment_is_named(shop: Shop) -> None:
    answer = shop.run("gate", "shelf", CHANGEOVER_STAGE_SHELF="live")
    assert answer.code == 3
    assert "unset CHANGEOVER_STAGE_SHELF" in answer.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shelf", "--to", "live"), "cannot move to live at once: shadow lies between"),
        (("shelf", "--to", "off"), "is off already"),
        (("shelf", "--to", "shaddow"), "allowed: off, shadow, ramp:P with 0 < P < 100, live, complete"),
        (("cleanup", "--to", "live"), "allowed: open, done"),
        (("shelves",), 'phase "shelves": is unknown, did you mean "shelf"? allowed: shelf, cleanup'),
        ((), "PHASE: is missing, needed: one of shelf, cleanup; or --scenarios"),
        (("shelf", "cleanup"), "was shelf, cleanup, needed: one of"),
        (("--scenarios", "cleanup"), 'phase "cleanup": is no phase with seams, allowed: shelf'),
        (("--scenarios", "--to", "live"), "--to: goes with a phase and its evidence"),
    ],
)
def test_a_question_that_is_none_is_an_error_of_usage(
    shop: Shop, arguments: tuple[str, ...], said: str
) -> None:
    answer = shop.run("gate", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_formats_agree_and_github_gets_annotations_and_a_summary(shop: Shop) -> None:
    (shop.root / "migration" / "KILL").touch()
    told = json.loads(shop.run("gate", "shelf", "--format", "json").out)
    assert (told["schema_version"], told["answer"], told["exit_code"]) == (1, "fail", 1)
    junit = ElementTree.fromstring(shop.run("gate", "shelf", "--format", "junit").out)  # noqa: S314
    assert junit.get("failures") == "1"
    summary = shop.root / "summary.md"
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    answer = shop.run("gate", "shelf", "--format", "markdown", **github)
    assert "::error title=shelf -> shadow%3A kill switch::required off, found on" in answer.err
    assert summary.read_text() == answer.out
    assert answer.out.startswith("### shelf -&gt; shadow: FAIL\n")
    assert "::error" not in shop.run("gate", "shelf", "--format", "markdown").err


def test_code_that_is_edited_while_the_checks_run_is_not_what_was_decided_about(shop: Shop) -> None:
    (shop.root / "edit.sh").write_text("echo 'EDITED = 1' >> shop.py\n")
    plan = shop.root / "migration" / "phases.toml"
    plan.write_text(plan.read_text().replace("python -I -S -c 'print(40 + 2)'", "sh edit.sh"))
    answer = shop.run("gate", "shelf", "--to", "shadow")
    assert answer.code == 1
    assert "was changed while the checks ran: ask again" in answer.out
