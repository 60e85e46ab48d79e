"""Runs on an account in a file, kept as evidence, are replayed on today's code, and nothing is lost."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.programs.process import run_python

ROOT = Path(__file__).parents[3]
PHASES = ("PORTFOLIO", "TRADING", "ENTRY_POINTS")


def run(tmp_path: Path, stage: str, *command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER")}
    environment |= {f"CHANGEOVER_STAGE_{phase}": stage for phase in PHASES}
    environment["CHANGEOVER_STORE"] = f"sqlite:///{tmp_path / 'evidence.db'}"
    ran = run_python(["-m", *command], cwd=ROOT, env=environment, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return str(ran.stdout)


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_every_run_of_a_trading_day_can_be_renewed_whichever_path_answered(
    tmp_path: Path, stage: str
) -> None:
    account = str(tmp_path / "a.db")
    run(tmp_path, stage, "trading", "trade", "--at", "2011-08-09", "--account", account)
    with closing(sqlite3.connect(tmp_path / "evidence.db")) as store:
        (kept,) = store.execute("SELECT count(*) FROM runs WHERE verdict = 'match'").fetchone()
        store.execute("UPDATE runs SET code = 'yesterday'")
        store.commit()
    done = json.loads(run(tmp_path, stage, "changeover", "compare", "--source", "store", "--format", "json"))
    (comparison,) = done["comparisons"]
    assert kept
    assert (comparison["total"]["runs"], comparison["total"]["match"]) == (kept, kept)
