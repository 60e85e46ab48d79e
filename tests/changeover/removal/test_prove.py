"""`changeover legacy prove`: when it passes, and everything that must keep it from passing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from changeover.removal.candidate_alone import run_alone
from changeover.removal.plan import Removal, load_removal
from changeover.removal.rehearsal import rehearse
from changeover.values.gate_verdict import Answer
from tests.changeover.support.mill import EAGER, HANDLERS, LAZY, PATCH, SCALES, mill_in

REMOVAL = Removal(("mill.legacy",))


def test_a_migration_that_is_over_can_be_removed_and_nothing_is_changed_by_the_proof(tmp_path: Path) -> None:
    mill = mill_in(tmp_path)
    before = mill.digest()
    done = mill.run("legacy", "prove")
    assert done.code == 0, done
    assert done.out.startswith("removal of mill.legacy   PASS\n")
    assert "2 match" in done.out
    assert "every call of mill.legacy refused" in done.out
    assert mill.digest() == before


def test_an_app_that_imports_legacy_late_is_proved_without_it(tmp_path: Path) -> None:
    content = json.loads(mill_in(tmp_path, compat=LAZY).run("legacy", "prove", "--format", "json").out)
    assert content["answer"] == content["rehearsal"]["answer"] == content["scenarios"]["answer"] == "pass"
    assert content["scenarios"]["blocked"] is True


def test_a_candidate_that_leans_on_legacy_fails_even_if_it_hides_that(tmp_path: Path) -> None:
    leaning = """
def grind(sacks):
    import sys
    from mill.scales import scales
    try:
        sys.modules["mill.legacy"].Stone().turn(0)
    except Exception:
        pass
    return sum(scales.weigh(number) for number in range(sacks))
"""
    mill = mill_in(tmp_path)
    mill.write("src/mill/handlers.py", leaning)
    alone = mill.alone("refused")
    assert alone.answer is Answer.FAIL
    assert alone.verdicts == {"match": 2}
    assert alone.called[0] == "mill/legacy.py:2 Stone.turn, called at mill/handlers.py:6"


def test_a_candidate_that_no_longer_gives_the_recorded_answer_fails(tmp_path: Path) -> None:
    mill = mill_in(tmp_path, compat=LAZY)
    mill.write("src/mill/handlers.py", HANDLERS.replace("return sum", "return 1 + sum"))
    alone = mill.alone()
    assert alone.answer is Answer.FAIL
    assert alone.differing[0] == "days/day-1/mill.grind: diverged at result"


def test_code_that_stays_and_imports_legacy_after_all_fails_its_check(tmp_path: Path) -> None:
    mill, scratch = mill_in(tmp_path / "project", compat=LAZY), tmp_path / "scratch"
    scratch.mkdir()
    mill.write("src/mill/scales.py", "import mill.legacy\n" + SCALES)
    removal = load_removal(mill.root / "migration/phases.toml")
    [check] = rehearse(mill.root, removal, scratch, lambda _: None).checks
    assert check.answer is Answer.FAIL
    assert check.tail[-1] == ("ModuleNotFoundError: mill.legacy is removed: nothing may import it any more")


@pytest.mark.parametrize(
    ("check", "said", "answer"),
    [
        ((), None, Answer.INCONCLUSIVE),
        (("python -c 'raise SystemExit(7)'",), "exit 7", Answer.FAIL),
        (
            ("no-such-program --x",),
            "could not be started: no-such-program: No such file or directory",
            Answer.INCONCLUSIVE,
        ),
        (
            ("python -c 'import time; time.sleep(60)'",),
            "took longer than 0.3 s and was killed",
            Answer.INCONCLUSIVE,
        ),
        (("python -c 'print(1)'", "python -c 'raise SystemExit(1)'"), "exit 1", Answer.FAIL),
        (("python -c 'unclosed",), "is no command line: No closing quotation", Answer.INCONCLUSIVE),
    ],
)
def test_a_check_that_is_missing_fails_or_cannot_be_run_is_no_pass(
    tmp_path: Path, check: tuple[str, ...], said: str | None, answer: Answer
) -> None:
    mill, scratch = mill_in(tmp_path / "project"), tmp_path / "scratch"
    scratch.mkdir()
    removal = replace(load_removal(mill.root / "migration/phases.toml"), check=check, timeout_s=0.3)
    seen = rehearse(mill.root, removal, scratch, lambda _: None)
    assert seen.answer is answer
    assert [ran.found for ran in seen.checks][-1:] == ([] if said is None else [said])


def test_without_a_scenario_of_every_seam_nothing_is_proved(tmp_path: Path) -> None:
    mill = mill_in(tmp_path, compat=LAZY)
    another = 'migration.seam("mill.weigh", legacy=handlers.grind, candidate=handlers.grind)\n'
    mill.write("src/mill/compat.py", LAZY + another)
    phases = (tmp_path / "migration/phases.toml").read_text()
    mill.write("migration/phases.toml", phases.replace('["mill.grind"]', '["mill.grind", "mill.weigh"]'))
    alone = mill.alone()
    assert (alone.answer, alone.missing) == (Answer.INCONCLUSIVE, ["mill.weigh"])
    assert alone.verdicts == {"match": 2}


def test_a_scenario_without_a_recorded_answer_is_not_compared(tmp_path: Path) -> None:
    mill = mill_in(tmp_path, compat=LAZY)
    file = tmp_path / "migration/scenarios/days.jsonl"
    first, second = file.read_text().splitlines()
    file.write_text(first.replace('"answer":{"returned":50}', '"answer":null') + f"\n{second}\n")
    alone = mill.alone()
    assert (alone.answer, alone.verdicts) == (Answer.INCONCLUSIVE, {"failed": 1, "match": 1})
    assert alone.not_compared[0].startswith("days/day-1/mill.grind: the scenario has no recorded answer")


def test_a_process_that_takes_too_long_or_dies_proves_nothing(tmp_path: Path) -> None:
    mill = mill_in(tmp_path, compat=LAZY)
    mill.write("src/mill/handlers.py", "import os\nos._exit(9)\n")
    alone = run_alone(mill.root, REMOVAL, 60)
    assert (alone.answer, alone.problem) == (Answer.INCONCLUSIVE, "ended with 9")
    assert run_alone(mill.root, REMOVAL, 0.01).problem == "took longer than 0.01 s"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (
            PATCH.replace("-from mill.compat", "-from mill.kompat"),
            "removal.patch:3: src/mill/app.py: these lines",
        ),
        (PATCH.replace("app.py", "apq.py"), "src/mill/apq.py: is not there"),
        ("nothing\n", "holds no change"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused_loudly(tmp_path: Path, broken: str, said: str) -> None:
    mill = mill_in(tmp_path)
    mill.write("removal.patch", broken)
    done = mill.run("legacy", "prove")
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_place_to_delete_that_is_not_there_is_refused(tmp_path: Path) -> None:
    mill = mill_in(tmp_path, compat=EAGER)
    (tmp_path / "removal.patch").rename(tmp_path / "other.patch")
    phases = (tmp_path / "migration/phases.toml").read_text()
    mill.write("migration/phases.toml", phases.replace('patch = "removal.patch"', 'patch = "other.patch"'))
    done = mill.run("legacy", "prove")
    assert done.code == 2
    assert "'removal.patch' is no file and no folder here" in done.err


FLAT = {
    "desk.py": "def book(seats):\n    return seats\n",
    "newdesk.py": "def book(seats):\n    return seats\n",
    "evening.py": "import desk\n\n\ndef main():\n    return desk.book(2)\n",
    "report.py": "raise SystemExit('a script: importing it would run it')\n",
    "test_evening.py": "import evening\n\n\ndef test_it():\n    assert evening.main() == 2\n",
    "removal.patch": "--- a/evening.py\n+++ b/evening.py\n@@ -1,5 +1,5 @@\n"
    "-import desk\n+import newdesk\n \n \n"
    " def main():\n-    return desk.book(2)\n+    return newdesk.book(2)\n",
}


def test_old_code_that_is_a_module_without_a_package_is_removed_in_the_rehearsal(tmp_path: Path) -> None:
    root = tmp_path / "cinema"
    root.mkdir()
    for name, text in FLAT.items():
        (root / name).write_text(text)
    check = ("python -m pytest -q -p no:cacheprovider",)
    code = ("desk", "evening", "newdesk", "report")
    removal = Removal(("desk",), ("desk.py",), "removal.patch", check, code=code)
    scratch, other = tmp_path / "scratch", tmp_path / "other"
    scratch.mkdir()
    other.mkdir()
    seen = rehearse(root, removal, scratch, lambda _: None)
    assert (seen.astray, seen.answer) == (None, Answer.PASS)
    unpatched = rehearse(root, replace(removal, patch=None), other, lambda _: None)
    assert unpatched.answer is Answer.FAIL


def test_one_call_of_legacy_in_many_scenarios_is_one_line(tmp_path: Path) -> None:
    mill = mill_in(tmp_path)
    mill.write(
        "src/mill/handlers.py",
        "from mill import legacy\n\n\ndef grind(sacks):\n    return legacy.grind(sacks)\n",
    )
    said = mill.run("legacy", "prove").out
    assert [line for line in said.splitlines() if "legacy was called" in line] == [
        "            legacy was called   mill/legacy.py:7 grind, called at mill/handlers.py:5 (2 times)"
    ]
