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
PHASES = """\
[migration]
name = "shop"
code = ["shop_app"]

[[phase]]
name = "take"
number = 1
seams = ["take"]
"""


def compared(folder: Path, wrong: int) -> Any:
    (folder / "shop_app.py").write_text(APP)
    (folder / "pyproject.toml").write_text('[tool.changeover]\napp = "shop_app:migration"\n')
    (folder / "migration").mkdir()
    (folder / "migration" / "phases.toml").write_text(PHASES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    done = run_python(
        ["-m", "changeover", "compare", "--source", "takings", "--jobs", "2", "--format", "json"],
        cwd=folder,
        env={**kept, "WRONG": str(wrong)},
        text=True,
        timeout=120,
    )
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("wrong", "differing"), [(-1, 0), (7, 1)], ids=["same rows", "one wrong row"])
def test_every_case_is_compared_on_the_rows_that_it_found(tmp_path: Path, wrong: int, differing: int) -> None:
    found = compared(tmp_path, wrong)
    verdicts = found["comparisons"][0]["total"]["verdicts"]
    assert verdicts.get("unsafe", 0) == differing, found
    assert verdicts.get("match", 0) == CASES - differing, found
