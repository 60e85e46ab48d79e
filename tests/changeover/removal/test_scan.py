"""`changeover legacy scan`: who imports, instantiates and calls, and at which seams legacy still answers."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from changeover.errors import ConfigurationError
from changeover.evidence.store.records import Evidence, StoredRun
from changeover.removal.plan import Removal
from changeover.removal.scan import legacy_entries, scan
from changeover.values.observation import Side
from changeover.values.stage import Setting, Stage
from changeover.values.verdict import Verdict
from tests.changeover.support.counted_runs import with_runs
from tests.changeover.support.mill import Mill, mill_in

CALLER = """\
from . import legacy as old
from .legacy import Stone
import mill.legacy


def work():
    stone = Stone()
    old.grind(1)
    return mill.legacy.grind(stone)
"""


@pytest.fixture
def mill(tmp_path: Path) -> Mill:
    return mill_in(tmp_path)


def test_code_that_only_the_patch_and_the_deletion_touch_is_free_of_legacy(mill: Mill) -> None:
    done = mill.run("legacy", "scan", "--static")
    assert done.code == 0, done
    assert "code        nothing would break; the patch changes src/mill/app.py" in done.out


def test_every_import_instantiation_and_call_is_named_with_its_line(mill: Mill) -> None:
    mill.write("src/mill/caller.py", CALLER)
    done = mill.run("legacy", "scan", "--static", "--format", "json")
    assert done.code == 1
    content = json.loads(done.out)["code"]
    assert content["open_files"] == ["src/mill/caller.py"]
    found = [(use["line"], use["how"], use["name"]) for use in content["uses"] if "caller" in use["file"]]
    assert found == [
        (1, "imports", "mill.legacy"),
        (2, "imports", "mill.legacy.Stone"),
        (3, "imports", "mill.legacy"),
        (7, "instantiates", "mill.legacy.Stone"),
        (8, "calls", "mill.legacy.grind"),
        (9, "calls", "mill.legacy.grind"),
    ]
    lines = {(one["module"], one["line"]) for one in content["importers"] if one["module"] == "mill.caller"}
    assert lines == {("mill.caller", 1), ("mill.caller", 2), ("mill.caller", 3)}


def test_a_test_or_script_outside_the_package_counts_as_well(mill: Mill) -> None:
    mill.write("tests/test_old.py", "from mill.legacy import grind\n\nassert grind(0) == 0\n")
    done = mill.run("legacy", "scan", "--static")
    assert done.code == 1
    assert "tests/test_old.py:1" in done.out
    assert "tests/test_old.py:3" in done.out


def test_legacy_that_still_answers_is_still_needed(mill: Mill) -> None:
    done = mill.run("legacy", "scan")
    assert done.code == 1
    assert "legacy answers at 1 of 1 seam" in done.out


def test_a_file_that_is_no_python_is_counted_and_not_passed_over(mill: Mill) -> None:
    mill.write("tools/broken.py", "def (:\n")
    assert "1 file that could not be read as Python" in mill.run("legacy", "scan", "--static").out


def test_without_grimp_a_sentence_names_what_to_install(mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grimp", None)
    done = mill.run("legacy", "scan")
    assert (done.code, done.out) == (2, "")
    assert "pip install 'changeover[removal]'" in done.err


def test_a_legacy_package_that_is_none_is_a_mistake_in_the_plan(mill: Mill) -> None:
    phases = mill.root / "migration/phases.toml"
    phases.write_text(phases.read_text().replace('"mill.legacy"', '"mill.lagacy"'))
    done = mill.run("legacy", "scan")
    assert done.code == 2
    assert "'mill.lagacy' is no module of 'mill'" in done.err


@pytest.mark.parametrize("source", ["", "src/"])
def test_old_code_that_is_a_module_without_a_package_is_looked_for_in_every_file(
    source: str, tmp_path: Path
) -> None:
    (tmp_path / source).mkdir(exist_ok=True)
    (tmp_path / source / "desk.py").write_text("def book(seats):\n    return seats\n")
    (tmp_path / source / "evening.py").write_text("import desk\n\ndesk.book(2)\n")
    files = sorted((tmp_path / source).glob("*.py"))
    found = scan(tmp_path, Removal(("desk",)), files, ())
    assert (found.gone, found.open_files) == (1, (f"{source}evening.py",))
    with pytest.raises(ConfigurationError, match=r"'desk\.old' is no module of 'desk'"):
        scan(tmp_path, Removal(("desk.old",)), files, ())


def run(seam: str, side: Side, day: int, stage: str) -> StoredRun:
    return StoredRun(
        id=f"{seam}{day}",
        at=datetime(2026, 11, day, tzinfo=UTC),
        seam=seam,
        phase="grinding",
        stage=stage,
        answered_by=side,
        verdict=Verdict.MATCH,
        code=None,
        rules="",
    )


def test_the_last_run_that_legacy_answered_is_told_by_seam_and_stage() -> None:
    runs = (
        run("a", Side.LEGACY, 3, "shadow"),
        run("a", Side.LEGACY, 7, "ramp:50"),
        run("a", Side.CANDIDATE, 9, "live"),
        run("b", Side.CANDIDATE, 9, "live"),
    )
    settings = {"grinding": Setting(Stage.LIVE)}
    a, b = legacy_entries([("a", "grinding"), ("b", "grinding")], settings, with_runs(Evidence(), runs))
    assert (a.runs, a.last, a.last_stage) == (2, datetime(2026, 11, 7, tzinfo=UTC), "ramp:50")
    assert (b.runs, b.last) == (0, None)
    assert not a.answers


NEEDS = (
    "from .legacy import grind\n",
    "import mill.legacy\n",
    "from mill import legacy\n",
    "from . import legacy\n",
)


@pytest.mark.parametrize("line", NEEDS)
def test_a_package_that_imports_what_lies_in_it_is_named(mill: Mill, line: str) -> None:
    mill.write("src/mill/__init__.py", line)
    done = mill.run("legacy", "scan", "--static", "--format", "json")
    assert done.code == 1
    assert "src/mill/__init__.py" in json.loads(done.out)["code"]["open_files"]


def test_a_package_between_that_imports_what_lies_in_it_is_named(mill: Mill) -> None:
    mill.write("src/mill/inner/__init__.py", "from mill.legacy import grind\n")
    mill.write("src/mill/inner/deep/__init__.py", "from mill import inner\n")
    done = mill.run("legacy", "scan", "--static", "--format", "json")
    assert done.code == 1
    assert "src/mill/inner/__init__.py" in json.loads(done.out)["code"]["open_files"]


NAMED_IN_TEXTS = {
    "a module imported by name": (
        "import importlib\nimportlib.import_module('mill.legacy')\n",
        "mill.legacy",
    ),
    "a relative one": (
        "from importlib import import_module\nimport_module('.legacy', 'mill')\n",
        "mill.legacy",
    ),
    "one that is imported the old way": ("old = __import__('mill.legacy')\n", "mill.legacy"),
    "a setting": ("HANDLERS = ['mill.legacy.Stone']\n", "mill.legacy.Stone"),
    "a reference": ("JOBS = {'night': 'mill.legacy:grind'}\n", "mill.legacy.grind"),
    "a patched name": (
        "from unittest import mock\nwith mock.patch('mill.legacy.grind'):\n    pass\n",
        "mill.legacy.grind",
    ),
}


@pytest.mark.parametrize("kind", NAMED_IN_TEXTS)
def test_a_text_that_names_legacy_is_a_use_of_it(mill: Mill, kind: str) -> None:
    code, name = NAMED_IN_TEXTS[kind]
    mill.write("src/mill/caller.py", code)
    done = mill.run("legacy", "scan", "--static", "--format", "json")
    found = json.loads(done.out)["code"]
    assert (done.code, found["open_files"]) == (1, ["src/mill/caller.py"])
    assert [use["name"] for use in found["uses"] if "caller" in use["file"]] == [name]


@pytest.mark.parametrize(
    "text",
    [
        "'mill.legacy'",
        "'see mill.legacy.Stone'",
        "'mill.legacy_new.Stone'",
        "'migration.removal.delete'",
        "logging.getLogger('mill.legacy.a')",
    ],
)
def test_a_text_that_imports_nothing_is_no_use(mill: Mill, text: str) -> None:
    mill.write("src/mill/caller.py", f"import logging\n\nNAME = {text}\n")
    done = mill.run("legacy", "scan", "--static")
    assert done.code == 0, done


def test_an_entry_point_is_a_use_of_what_it_names(mill: Mill) -> None:
    mill.write("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    grind = mill.legacy:grind\n")
    done = mill.run("legacy", "scan", "--static", "--format", "json")
    assert json.loads(done.out)["code"]["open_files"] == ["setup.cfg"]


@pytest.mark.parametrize("broken", ["print 'grind'\n", "def {{ name }}():\n    pass\n"])
def test_a_file_that_is_no_python_does_not_keep_the_others_from_being_told(mill: Mill, broken: str) -> None:
    mill.write("src/mill/template.py", broken)
    mill.write("src/mill/caller.py", CALLER)
    done = mill.run("legacy", "scan", "--static", "--format", "json")
    found = json.loads(done.out)["code"]
    assert (done.code, found["open_files"]) == (1, ["src/mill/caller.py"])
    assert (found["unread"], found["gone"] > 0) == (["src/mill/template.py"], True)
