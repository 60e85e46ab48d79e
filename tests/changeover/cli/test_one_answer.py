"""Every command tells the same of what is known on today's code: the worst of it, wherever it was met."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from changeover.errors import ExitCode
from tests.changeover.support.own_app import OwnApp
from tests.changeover.support.paying_app import compare, in_production, kill_a_comparison, move, paying_app

LONG = "\n".join(f"line {number} of a text, which goes on {'and on ' * 12}" for number in range(40))
OTHER_LONG = LONG.replace("line 20 of", "line twenty of")


@pytest.fixture
def app(tmp_path: Path) -> OwnApp:
    return paying_app(tmp_path)


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
    kill_a_comparison(app)


def an_unsafe_comparison_was_interrupted(app: OwnApp) -> None:
    assert compare(app) == 0
    done = app.process("compare", "--source", "small", INTERRUPTED="1", WRONG="everywhere")
    assert done.returncode == ExitCode.INTERRUPTED


def a_comparison_was_stopped_at_the_first_difference(app: OwnApp) -> None:
    assert compare(app) == 0
    assert app.run("compare", "--source", "small", "--fail-fast", WRONG="everywhere").code == 1


def one_case_was_unsafe(app: OwnApp) -> None:
    assert compare(app) == 0
    assert app.run("compare", "--run", "small/small-1", WRONG="everywhere").code == 1


def the_tripwire_tripped(app: OwnApp) -> None:
    assert compare(app) == 0
    move(app, "live")
    done = app.python("-c", "import own_app; own_app.run()", WRONG="sevens")
    assert "tripped" in done.stderr


def a_path_asked_for_the_end_of_the_process(app: OwnApp) -> None:
    assert compare(app, EXITS="1") == 1


def the_program_prints_in_every_way(app: OwnApp) -> None:
    done = app.process("compare", "--source", "small", "--format", "json", PRINTS="1", WRONG="everywhere")
    assert done.returncode == 1
    assert json.loads(done.stdout)["comparisons"]
    assert "from the program" in done.stderr


def a_comparison_of_long_texts_differs(app: OwnApp) -> None:
    assert compare(app, TEXT=LONG, OTHER_TEXT=OTHER_LONG) == 1


def a_waived_cluster_was_not_compared_again(app: OwnApp) -> None:
    assert compare(app, OTHER_TEXT="x") == 1
    cluster = json.loads(app.run("explain", "--format", "json").out)["clusters"][0]["id"]
    waived = app.run("waive", cluster, "--owner", "kim", "--until", "2027-05-20", "--reason", "r")
    assert waived.code == 0


def a_waived_cluster_was_met_again(app: OwnApp) -> None:
    a_waived_cluster_was_not_compared_again(app)
    assert compare(app, OTHER_TEXT="x") == 3


def a_clean_comparison_was_interrupted(app: OwnApp) -> None:
    done = app.process("compare", "--source", "small", INTERRUPTED="1")
    assert done.returncode == ExitCode.INTERRUPTED


def no_run_could_be_compared(app: OwnApp) -> None:
    assert compare(app, FAILS="1") == 3


def all_evidence_is_on_other_code(app: OwnApp) -> None:
    in_production(app, WRONG="sevens")
    assert compare(app, WRONG="everywhere") == 1
    file = app.root / "own_app.py"
    file.write_text(file.read_text() + "\n\ndef more():\n    return 1\n")


def nothing_was_ever_done(app: OwnApp) -> None:
    pass


def a_scenario_no_longer_fits(app: OwnApp) -> None:
    recorded = app.run("scenarios", "record", "--source", "small", "--output", "migration/scenarios/s.jsonl")
    assert recorded.code == 0
    file = app.root / "own_app.py"
    file.write_text(
        file.read_text().replace("    bank.pay(number)\n    if", "    bank.pay(number * 2)\n    if")
    )
    replayed = app.run("gate", "--scenarios")
    assert replayed.code == ExitCode.INCONCLUSIVE
    assert "INCONCLUSIVE" in replayed.out.splitlines()[0]
    assert app.run("compare", "--source", "scenarios").code == ExitCode.INCONCLUSIVE


def the_app_asks_for_the_end_of_the_process(app: OwnApp) -> None:
    assert compare(app) == 0
    for command in ("compare", "doctor"):
        answer = app.run(command, EXITS_AT_IMPORT="1")
        assert (answer.code, answer.out) == (ExitCode.USAGE, "")
        assert "SystemExit" in answer.err


def all_is_clean(app: OwnApp) -> None:
    in_production(app)
    assert compare(app) == 0


@dataclass(frozen=True)
class Told:
    """The word that every command says first, and the place it names; the answer of the gate."""

    word: str
    gate: str
    place: str = ""
    source: str = "small"


UNSAFE = Told("UNSAFE", "fail", "bank.pay")
IN_PRODUCTION = Told("UNSAFE", "fail", "bank.pay", "production")
DIVERGED = Told("diverged", "inconclusive", "result")
INCONCLUSIVE = Told("inconclusive", "inconclusive")
CLEAN = Told("match", "pass")
SITUATIONS: dict[Callable[[OwnApp], None], Told] = {
    production_is_unsafe_and_comparisons_are_clean: IN_PRODUCTION,
    a_comparison_is_unsafe_and_production_is_clean: UNSAFE,
    both_are_unsafe: IN_PRODUCTION,
    a_clean_comparison_came_after_production: IN_PRODUCTION,
    a_comparison_was_killed: UNSAFE,
    an_unsafe_comparison_was_interrupted: UNSAFE,
    a_comparison_was_stopped_at_the_first_difference: UNSAFE,
    one_case_was_unsafe: UNSAFE,
    the_tripwire_tripped: IN_PRODUCTION,
    a_path_asked_for_the_end_of_the_process: UNSAFE,
    the_program_prints_in_every_way: UNSAFE,
    a_comparison_of_long_texts_differs: DIVERGED,
    a_waived_cluster_was_not_compared_again: DIVERGED,
    a_waived_cluster_was_met_again: INCONCLUSIVE,
    a_clean_comparison_was_interrupted: INCONCLUSIVE,
    no_run_could_be_compared: INCONCLUSIVE,
    all_evidence_is_on_other_code: INCONCLUSIVE,
    # For a step to shadow, which harms nobody, a run that was alike is enough.
    a_scenario_no_longer_fits: Told("inconclusive", "pass", source="scenarios"),
    nothing_was_ever_done: INCONCLUSIVE,
    the_app_asks_for_the_end_of_the_process: CLEAN,
    all_is_clean: CLEAN,
}
GATE_EXITS = {"pass": ExitCode.YES, "fail": ExitCode.NO, "inconclusive": ExitCode.INCONCLUSIVE}


def first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.__name__)
def test_every_command_tells_the_worst_that_is_known_first(
    app: OwnApp, situation: Callable[[OwnApp], None]
) -> None:
    situation(app)
    told = SITUATIONS[situation]
    differs = told.word in ("UNSAFE", "diverged")
    explained, report = app.run("explain"), app.run("report", "--output", "page.html")
    if situation is nothing_was_ever_done:
        assert explained == report
        assert (explained.code, explained.out) == (ExitCode.INCONCLUSIVE, "")
        assert "nothing was compared yet" in explained.err
    else:
        assert explained.code == report.code == 0
        assert first_line(explained.out).startswith(f"{told.word}   {told.source}, ")
        assert report.out.splitlines()[1].startswith(f"{told.word}   ")
        assert told.word in (app.root / "page.html").read_text()
        data = json.loads(app.run("report", "--format", "json").out)
        assert data["headline"]["word"] == told.word
        assert data["corpus"]["source"] == told.source
        listed = json.loads(app.run("explain", "--format", "json").out)
        assert listed["comparison"]["source"] == told.source
        assert told.place in "".join(one["place"] for one in listed["clusters"])

    asked = app.run("gate", "double")
    assert f" {told.gate.upper()} " in first_line(asked.out)
    assert asked.code == GATE_EXITS[told.gate]
    gate = json.loads(app.run("gate", "double", "--format", "json").out)
    assert gate["answer"] == told.gate
    if told.gate == "fail":
        assert {one["name"]: one["answer"] for one in gate["criteria"]}["effects that differ"] == "fail"

    status, doctor, history = app.run("status", "--check"), app.run("doctor"), app.run("history")
    assert status.code == asked.code
    assert json.loads(app.run("status", "--format", "json").out)["exit_code"] == status.code
    assert json.loads(app.run("doctor", "--format", "json").out)["facts"]
    assert json.loads(app.run("history", "--format", "json").out)
    assert doctor.code == (ExitCode.NO if told.word == "UNSAFE" else ExitCode.YES)
    assert history.code == 0
    if told.word == "UNSAFE":
        assert first_line(doctor.out).startswith("! UNSAFE")
    for screen in (first_line(status.out), doctor.out, history.err):
        assert (f"{told.word} in {told.source}" in screen) == differs
    elsewhere = app.run("compare", "--source", "cases")
    assert (f"{told.word} in" in elsewhere.err) == differs


def test_a_killed_comparison_names_its_clusters_as_a_whole_one_does(app: OwnApp) -> None:
    kill_a_comparison(app)
    killed = {one["id"] for one in json.loads(app.run("explain", "--format", "json").out)["clusters"]}
    assert compare(app, WRONG="everywhere", CASES="20") == 1
    whole = {one["id"] for one in json.loads(app.run("explain", "--format", "json").out)["clusters"]}
    assert killed == whole


def test_the_page_of_production_can_be_drawn_and_its_cluster_explained(app: OwnApp) -> None:
    production_is_unsafe_and_comparisons_are_clean(app)
    assert app.run("report", "--output", "page.html").code == 0
    page = (app.root / "page.html").read_text()
    assert "production" in page
    assert page.count("Not on this page: small") == 1
    assert "Neither path had an effect" not in page
    report = json.loads(app.run("report", "--format", "json").out)
    cluster = report["worst_cluster"]
    assert report["example"]["body"] is not None
    told = app.run("explain", cluster[:6])
    assert told.code == 0
    assert "UNSAFE" in told.out.splitlines()[0]
    assert "bank.pay" in told.out
    assert "changeover compare double --run store/" in told.out
    assert app.run("report", "--source", "production", "--format", "json").code == 0
    assert json.loads(app.run("report", "--source", "small", "--format", "json").out)["problems"]
