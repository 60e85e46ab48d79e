"""Every command tells the same of what is known on today's code: the worst of it, wherever it was met."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from changeover.errors import ExitCode
from tests.changeover.support.own_app import OwnApp

EFFECTS = """
class Bank:
    def pay(self, number):
        return "paid"


bank = Bank()
migration.port("bank", Bank, effects={"pay": lambda number: ()})
import os, sys, time


def wrong(number):
    where = os.environ.get("WRONG")
    return where == "everywhere" or (where == "sevens" and number % 10 == 7)


def pays(number):
    bank.pay(number)
    return number


def pays_more(number):
    if os.environ.get("SLOW"):
        time.sleep(0.05)
    bank.pay(number + 1 if wrong(number) else number)
    return number


pay = migration.seam("double", legacy=pays, candidate=pays_more)


@migration.source("small", population="generated")
def small(options):
    for number in range(int(os.environ.get("CASES", "5"))):
        yield Case(f"small-{number}", lambda number=number: pay(number))


def run():
    for number in range(20):
        pay(number)
    migration.close()
"""
PLAIN = 'double = migration.seam("double", legacy=legacy, candidate=candidate)\n'


@pytest.fixture
def app(tmp_path: Path) -> OwnApp:
    made = OwnApp(tmp_path, at_end=EFFECTS)
    file = tmp_path / "own_app.py"
    file.write_text(file.read_text().replace(PLAIN, ""))
    return made


def in_production(app: OwnApp, **environment: str) -> None:
    done = app.python("-c", "import own_app; own_app.run()", CHANGEOVER_STAGE_DOUBLE="shadow", **environment)
    assert done.returncode == 0, done.stderr


def compare(app: OwnApp, **environment: str) -> int:
    return app.run("compare", "--source", "small", **environment).code


def production_is_unsafe_and_comparisons_are_clean(app: OwnApp) -> None:
    assert compare(app) == 0
    in_production(app, WRONG="sevens")


def a_comparison_is_unsafe_and_production_is_clean(app: OwnApp) -> None:
    in_production(app)
    assert compare(app, WRONG="everywhere") == 1


def both_are_unsafe(app: OwnApp) -> None:
    in_production(app, WRONG="sevens")
    assert compare(app, WRONG="everywhere") == 1


def a_clean_comparison_came_after_production(app: OwnApp) -> None:
    in_production(app, WRONG="sevens")
    assert compare(app) == 0


def a_comparison_was_killed(app: OwnApp) -> None:
    assert compare(app) == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "changeover", "compare", "--source", "small"],
        cwd=app.root,
        env={**os.environ, "WRONG": "everywhere", "CASES": "400", "SLOW": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    from changeover.evidence.store.store import read_evidence

    store = app.root / ".changeover" / "evidence.db"
    while time.monotonic() < end:
        time.sleep(0.2)
        if any(tally.unsafe for one in read_evidence(store).corpora for tally in one.seams.values()):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()


def a_comparison_was_stopped_at_the_first_difference(app: OwnApp) -> None:
    assert compare(app) == 0
    assert app.run("compare", "--source", "small", "--fail-fast", WRONG="everywhere").code == 1


def one_case_was_unsafe(app: OwnApp) -> None:
    assert compare(app) == 0
    assert app.run("compare", "--run", "small/small-1", WRONG="everywhere").code == 1


SITUATIONS = (
    production_is_unsafe_and_comparisons_are_clean,
    a_comparison_is_unsafe_and_production_is_clean,
    both_are_unsafe,
    a_clean_comparison_came_after_production,
    a_comparison_was_killed,
    a_comparison_was_stopped_at_the_first_difference,
    one_case_was_unsafe,
)
IN_PRODUCTION = (
    production_is_unsafe_and_comparisons_are_clean,
    both_are_unsafe,
    a_clean_comparison_came_after_production,
)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.__name__)
def test_what_is_unsafe_is_told_by_every_command(app: OwnApp, situation: Callable[[OwnApp], None]) -> None:
    situation(app)
    report = json.loads(app.run("report", "--format", "json").out)
    assert report["headline"]["word"] == "UNSAFE"
    assert "bank.pay" in app.run("explain").out
    status = app.run("status", "--check")
    first = next(line for line in status.out.splitlines() if line.strip())
    assert "UNSAFE" in first
    assert status.code == ExitCode.NO
    gate = json.loads(app.run("gate", "double", "--format", "json").out)
    answers = {one["name"]: one["answer"] for one in gate["criteria"]}
    assert answers["effects that differ"] == "fail"
    assert "UNSAFE" in app.run("doctor").out
    history = app.run("history")
    assert "UNSAFE" in history.out + history.err
    if situation in IN_PRODUCTION:
        explained = app.run("explain", "--format", "json")
        assert "production" in first
        assert report["corpus"]["source"] == "production"
        assert explained.out, explained.err
        assert json.loads(explained.out)["comparison"]["source"] == "production", explained.err
    elsewhere = app.run("compare", "--source", "cases")
    assert "UNSAFE" in elsewhere.out + elsewhere.err


def test_where_nothing_differs_every_command_is_content(app: OwnApp) -> None:
    in_production(app)
    assert compare(app) == 0
    assert json.loads(app.run("report", "--format", "json").out)["headline"]["word"] == "match"
    for command in ("explain", "status", "doctor", "history", "compare --source small"):
        answer = app.run(*command.split())
        assert "UNSAFE" not in answer.out + answer.err
        assert answer.code == 0


def test_the_page_of_production_can_be_drawn_and_its_cluster_explained(app: OwnApp) -> None:
    production_is_unsafe_and_comparisons_are_clean(app)
    assert app.run("report", "-o", "page.html").code == 0
    page = (app.root / "page.html").read_text()
    assert "production" in page
    report = json.loads(app.run("report", "--format", "json").out)
    cluster = report["worst_cluster"]
    assert report["example"]["body"] is not None
    told = app.run("explain", cluster[:6])
    assert told.code == 0
    assert "UNSAFE" in told.out.splitlines()[0]
    assert "bank.pay" in told.out
    assert "changeover compare double --run store/" in told.out
    assert app.run("report", "--corpus", "production", "--format", "json").code == 0
    assert json.loads(app.run("report", "--corpus", "small", "--format", "json").out)["problems"]
