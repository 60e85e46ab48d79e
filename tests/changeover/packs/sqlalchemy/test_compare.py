"""`changeover compare` looks at rows: every case finds the database that the cases before it left."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.programs.process import run_python

CASES = 25
APP = """\
import os
import sqlalchemy as sa
from sqlalchemy import text
from changeover import Case, Migration

engine = sa.create_engine("sqlite:///shop.db")
migration = Migration.load("migration")
migration.use("sqlalchemy", engine)

def legacy(name, number):
    with engine.begin() as db:
        db.execute(text("INSERT INTO takings VALUES (:n, :v)"), {"n": name, "v": number})
        db.execute(text("UPDATE total SET value = value + :v"), {"v": number})
        return db.execute(text("SELECT value FROM total")).scalar_one()

def candidate(name, number):
    with engine.begin() as db:
        value = db.execute(text("SELECT value FROM total")).scalar_one() + number
        db.execute(text("UPDATE total SET value = :v"), {"v": value + (number == int(os.environ["WRONG"]))})
        db.execute(text("INSERT INTO takings (value, name) VALUES (:v, :n)"), {"n": name, "v": number})
        return value

take = migration.seam("take", legacy=legacy, candidate=candidate)

@migration.source("takings", population="generated")
def takings(options):
    with engine.begin() as db:
        for one in ("DROP TABLE IF EXISTS takings", "DROP TABLE IF EXISTS total",
            "CREATE TABLE takings (name TEXT PRIMARY KEY, value INT)",
            "CREATE TABLE total (id INTEGER PRIMARY KEY, value INT)", "INSERT INTO total VALUES (1, 0)"):
            db.execute(text(one))
    for number in range(CASES):
        yield Case(f"case-{number:02}", lambda number=number: take(f"n{number}", number))
""".replace("CASES", str(CASES))
ONLY_WRITES = """\
def legacy(name, number):
    with engine.begin() as db:
        db.execute(text("INSERT INTO takings VALUES (:n, :v)"), {"n": name, "v": number})
    return name

candidate = legacy
"""
OUTPUT = ("--runs", "3", "-o", "migration/scenarios/take.jsonl")
PHASES = """\
[migration]
name = "shop"
code = ["shop_app"]

[[phase]]
name = "take"
number = 1
seams = ["take"]
"""


def compared(folder: Path, wrong: int, app: str = APP, jobs: str = "2") -> Any:
    (folder / "shop_app.py").write_text(app)
    (folder / "pyproject.toml").write_text('[tool.changeover]\napp = "shop_app:migration"\n')
    (folder / "migration").mkdir(exist_ok=True)
    (folder / "migration" / "phases.toml").write_text(PHASES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    done = run_python(
        ["-m", "changeover", "compare", "--source", "takings", "--jobs", jobs, "--format", "json"],
        cwd=folder,
        env={**kept, "WRONG": str(wrong)},
        text=True,
        timeout=120,
    )
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return json.loads(done.stdout)


def command(folder: Path, *words: str) -> Any:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    return run_python(
        ["-m", "changeover", *words], cwd=folder, env={**kept, "WRONG": "-1"}, text=True, timeout=120
    )


def verdicts_of_scenarios(folder: Path) -> dict[str, int]:
    found = json.loads(command(folder, "compare", "--source", "scenarios", "--format", "json").stdout)
    verdicts = found["comparisons"][0]["total"]["verdicts"]
    return {name: number for name, number in verdicts.items() if number}


@pytest.mark.parametrize(("wrong", "differing"), [(-1, 0), (7, 1)], ids=["same rows", "one wrong row"])
def test_every_case_is_compared_on_the_rows_that_it_found(tmp_path: Path, wrong: int, differing: int) -> None:
    found = compared(tmp_path, wrong)
    verdicts = found["comparisons"][0]["total"]["verdicts"]
    assert verdicts.get("unsafe", 0) == differing, found
    assert verdicts.get("match", 0) == CASES - differing, found


@pytest.mark.parametrize("writes_alone", [False, True])
def test_scenarios_of_a_path_that_changes_rows_are_judged_where_the_database_is_gone(
    tmp_path: Path, writes_alone: bool
) -> None:
    paths = APP[APP.index("def legacy") : APP.index("take = ")]
    compared(tmp_path, -1, APP.replace(paths, ONLY_WRITES) if writes_alone else APP)
    assert command(tmp_path, "scenarios", "record", "--source", "takings", *OUTPUT).returncode == 0
    (tmp_path / "shop.db").unlink()
    assert command(tmp_path, "gate", "--scenarios", "--format", "json").returncode == 0
    assert verdicts_of_scenarios(tmp_path) == {"match": 3}
    assert not (tmp_path / "shop.db").exists()


def test_a_candidate_that_sends_something_else_since_is_no_evidence_and_the_screen_says_what(
    tmp_path: Path,
) -> None:
    compared(tmp_path, -1)
    assert command(tmp_path, "scenarios", "record", "--source", "takings", *OUTPUT).returncode == 0
    app = (tmp_path / "shop_app.py").read_text()
    (tmp_path / "shop_app.py").write_text(app.replace("(value, name) VALUES (:v, :n)", "VALUES (:n, :v)"))
    assert command(tmp_path, "gate", "--scenarios", "--format", "json").returncode == 3
    assert verdicts_of_scenarios(tmp_path) == {"failed": 3}
    said = " ".join(command(tmp_path, "compare", "--source", "scenarios").stdout.split())
    assert "it sends INSERT INTO takings VALUES (?, ?), and when it was recorded INSERT INTO" in said
    assert "it can be recorded again: changeover scenarios record" in said


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_the_pack_keeps_for_itself_is_no_read_of_a_path(tmp_path: Path, jobs: str) -> None:
    """Neither among what never varied nor among what one path alone asks."""
    changes_nothing = "candidate = lambda name, number: name\n"
    paths = APP[APP.index("def legacy") : APP.index("take = ")]
    alike = compared(tmp_path, -1, APP.replace(paths, ONLY_WRITES), jobs)["comparisons"][0]
    one_alone = ONLY_WRITES.replace("candidate = legacy\n", changes_nothing)
    found = compared(tmp_path, -1, APP.replace(paths, one_alone), jobs)["comparisons"][0]

    assert found["total"]["verdicts"]["unsafe"] == CASES
    for one in (alike, found):
        assert [line["place"] for line in one["unvaried"] if ".look." in line["place"]] == []
        assert [line["method"] for line in one["one_sided_reads"]] == []
