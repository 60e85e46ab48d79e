"""A program whose every text is hostile, on every screen of the command line and in the report."""

import json
import sqlite3
from pathlib import Path
from xml.etree import ElementTree

import pytest

from changeover.values.safe_text import visible
from tests.changeover.support import report_samples as samples
from tests.changeover.support.hostile_app import TEXTS
from tests.changeover.support.hostile_pages import Parts, live_in_pages
from tests.changeover.support.hostile_texts import STRINGS, obeyed
from tests.changeover.support.projects import Shop

APP = Path(__file__).parents[1] / "support" / "hostile_app.py"
PLAN = """\
[migration]
name = "letters"
code = ["hostile_app"]

[[phase]]
name = "desk"
seams = ["desk.say"]

[phase.gate.shadow]
corpus = { sources = ["texts"], tags = ["none"] }
"""
RUNS = 50


@pytest.fixture
def letters(tmp_path: Path) -> Shop:
    (tmp_path / "hostile_app.py").write_bytes(APP.read_bytes())
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\napp = "hostile_app:migration"\n')
    (tmp_path / "migration").mkdir()
    (tmp_path / "migration" / "phases.toml").write_text(PLAN)
    return Shop(tmp_path)


def test_no_screen_of_a_hostile_program_has_anything_live(letters: Shop) -> None:
    letters.run("compare", "--runs", str(RUNS), "--exit-zero")
    found = json.loads(letters.run("explain", "--format", "json").out)["clusters"]
    names = [f"texts/{number:03} {text}" for number, text in enumerate(TEXTS[:RUNS])]
    with sqlite3.connect(letters.root / ".changeover" / "evidence.db") as store:
        assert store.execute("SELECT count(*) FROM runs").fetchone() == (RUNS,)
    store.close()
    commands = [
        ["explain"],
        *(["explain", cluster["id"]] for cluster in found[:6]),
        *(["explain", name] for name in names[:3]),
        ["compare", "--run", names[5]],
        ["scenarios", "keep", found[4]["id"]],
        ["scenarios", "list"],
        ["status"],
        ["gate", "desk"],
        ["gate", "desk", "--format", "markdown"],
        ["doctor"],
        ["history"],
        *([verb, STRINGS[36]] for verb in ("explain", "gate", "compare", "rollback")),
        ["scenarios", "show", STRINGS[60]],
        ["waive", found[4]["id"], "--owner", STRINGS[50], "--reason", STRINGS[70], "--until", STRINGS[40]],
    ]
    for command in commands:
        answer = letters.run(*command)
        assert answer.code in (0, 1, 2, 3)
        assert "Traceback" not in answer.err
        assert not obeyed(answer.out + answer.err), [ascii(word) for word in command]
    for command in (["explain"], ["status"], ["gate", "desk"], ["scenarios", "list"]):
        answer = letters.run(*command, "--format", "json")
        assert not obeyed(answer.out)
        assert json.loads(answer.out)["schema_version"] == 1
    junit = letters.run("gate", "desk", "--format", "junit").out
    assert ElementTree.fromstring(junit.encode()).tag == "testsuites"  # noqa: S314
    page = letters.root / "report.html"
    letters.run("report", "--output", str(page))
    assert Parts(page.read_text()).live == []
    assert not obeyed(page.read_text())


def test_two_files_with_hostile_names_and_values_are_compared_on_a_harmless_screen(letters: Shop) -> None:
    for name, end in (("old.json", ""), ("new.json", "!")):
        rows = [{"id": number, text: f"{text}{end}"} for number, text in enumerate(STRINGS)]
        (letters.root / name).write_text(json.dumps(rows))
    for format_ in ("text", "json"):
        answer = letters.run("diff", "old.json", "new.json", "--by", "id", "--format", format_)
        assert answer.code == 1, answer.err
        assert not obeyed(answer.out + answer.err)


def test_an_error_names_what_was_typed_and_does_not_obey_it(letters: Shop) -> None:
    answer = letters.run("compare", "\x1b]0;title\x07")
    assert visible("\x1b]0;title\x07") in answer.err
    assert not obeyed(answer.err)


def test_a_report_is_the_same_page_whatever_its_texts_are() -> None:
    sample = [text for text in STRINGS if len(text) < 1_000][::20]
    assert live_in_pages(samples.diverging(), sample) == []
