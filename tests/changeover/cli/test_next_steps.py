"""What a project says to do next works there: also before it has declared a source of cases."""

import json
from pathlib import Path

import pytest

from changeover.errors import ExitCode
from tests.changeover.support.own_app import OwnApp
from tests.changeover.support.paying_app import compare, in_production, paying_app
from tests.changeover.support.projects import Shop

DECLARE = "changeover docs declarations"


def without_sources(folder: Path) -> OwnApp:
    app = paying_app(folder)
    for file in folder.glob("*.py"):
        file.write_text(file.read_text().replace("@migration.source(", "@unused("))
    file = folder / "own_app.py"
    unused = "def unused(*_, **__):\n    return lambda function: function\n\n\n"
    file.write_text(file.read_text().replace("class Prices", f"{unused}class Prices", 1))
    return app


@pytest.mark.parametrize("command", ["gate double", "status", "report", "explain double", "doctor"])
def test_without_a_source_the_next_step_is_to_declare_one(tmp_path: Path, command: str) -> None:
    app = without_sources(tmp_path)
    done = app.run(*command.split())

    assert DECLARE in done.out + done.err
    assert "changeover compare double" not in done.out + done.err
    assert app.run("docs", "declarations").code == 0


def test_a_gate_names_it_in_every_criterion_that_asks_for_cases(tmp_path: Path) -> None:
    app = without_sources(tmp_path)
    verdict = json.loads(app.run("gate", "double", "--format", "json").out)

    assert "compare double" not in json.dumps(verdict).replace("--source store", "")
    assert DECLARE in json.dumps(verdict)


def test_init_says_how_to_declare_a_source(tmp_path: Path) -> None:
    (tmp_path / "calc.py").write_text("def total(items):\n    return sum(items)\n")
    assert DECLARE in Shop(tmp_path).run("init").out


@pytest.mark.parametrize("command", ["gate double", "status"])
def test_with_a_source_the_next_step_is_to_compare(tmp_path: Path, command: str) -> None:
    done = paying_app(tmp_path).run(*command.split())

    assert "changeover compare double" in done.out
    assert DECLARE not in done.out


def test_doctor_says_what_is_known_of_this_code(tmp_path: Path) -> None:
    app = paying_app(tmp_path)

    def evidence() -> str:
        words = " ".join(app.run("doctor").out.split())
        return words[words.index(" evidence ") : words.index(" environment ")]

    assert "no run on this code yet" in evidence()

    assert compare(app, FAILS="1") == ExitCode.INCONCLUSIVE
    assert "nothing differs" not in evidence()
    assert "5 of 5 runs in small 1 could not be compared, of double: " in evidence()

    in_production(app)
    assert "nothing differs in 20 runs on this code; 5 of 5 runs in small 1 could not be" in evidence()

    assert compare(app) == 0
    assert "nothing differs in 25 runs on this code" in evidence()
    assert "could not be compared" not in evidence()

    in_production(app, FAILS="1")
    assert "20 of 40 runs in production could not be compared" in evidence()

    assert compare(app, WRONG="everywhere") == 1
    assert "UNSAFE in small 3, on this code: 5 of 5 runs" in evidence()
    assert "20 of 40 runs in production could not be compared" in evidence()


def test_doctor_does_not_say_that_nothing_differs_where_no_plan_says_what_today_s_code_is(
    tmp_path: Path,
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\napp = "shopless:migration"\n')
    (tmp_path / "shopless.py").write_text("from changeover import Migration\nmigration = Migration()\n")
    assert "evidence    not known: without a plan" in Shop(tmp_path).run("doctor").out
