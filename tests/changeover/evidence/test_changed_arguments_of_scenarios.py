"""A scenario says which arguments the answering path had changed, and that path is held against it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.evidence.scenario_replay import alone, codec_of, replayed_scenarios
from changeover.record.scenario_file import from_line, scenario_of, to_line
from changeover.redaction.redactor import Redactor
from changeover.values.verdict import Verdict

Path = Callable[..., Any]


def fills(price: int) -> Path:
    def path(order: dict[str, Any], lots: list[int]) -> bool:
        order["price"] = price
        return True

    return path


def looks(order: dict[str, Any], lots: list[int]) -> bool:
    return True


def line_of(legacy: Path, *, stage: str = "shadow") -> dict[str, Any]:
    """The line of a scenario that a run of this path gives."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, sink=runs.append, mode="inline")
    migration.seam("s", legacy=legacy, candidate=legacy)({"sku": "a"}, [1])
    written: dict[str, Any] = json.loads(to_line(scenario_of(runs[0]), migration.codec))
    return written


def replayed(line: dict[str, Any], legacy: Path, candidate: Path) -> Run:
    migration = Migration(environment={})
    migration.seam("s", legacy=legacy, candidate=candidate)
    scenario = from_line(json.dumps(line).encode(), codec_of(migration), migration.runtime.book)
    [(_, run)] = replayed_scenarios(migration, [scenario])
    return run


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_paths_that_change_an_argument_as_recorded_match(stage: str) -> None:
    run = replayed(line_of(fills(12), stage=stage), fills(12), fills(12))

    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def test_a_candidate_that_changes_it_otherwise_is_a_difference() -> None:
    run = replayed(line_of(fills(12)), fills(12), fills(0))

    assert run.verdict is Verdict.DIVERGED
    assert [str(found.place) for found in run.divergences] == ["arguments.order.price"]


@pytest.mark.parametrize(
    ("recorded", "today"),
    [(fills(12), fills(13)), (fills(12), looks), (looks, fills(12))],
    ids=["otherwise", "no more", "now"],
)
def test_a_change_that_legacy_no_longer_makes_as_recorded_fails_the_run(recorded: Path, today: Path) -> None:
    run = replayed(line_of(recorded), today, today)

    assert run.verdict is Verdict.FAILED
    assert "no longer does what was recorded" in str(run.reason)
    assert "arguments.order" in str(run.reason)


def test_a_line_of_before_does_not_say_it_and_is_compared() -> None:
    line = line_of(fills(12))
    del line["changed"]

    assert replayed(line, fills(12), fills(12)).verdict is Verdict.MATCH
    assert replayed(line, fills(12), fills(0)).verdict is Verdict.DIVERGED


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [(fills(12), Verdict.MATCH), (fills(0), Verdict.DIVERGED), (looks, Verdict.DIVERGED)],
    ids=["as recorded", "otherwise", "not at all"],
)
def test_the_candidate_alone_is_held_against_the_record_too(candidate: Path, verdict: Verdict) -> None:
    migration = Migration(environment={})
    migration.seam("s", legacy=looks, candidate=candidate)
    line = line_of(fills(12))
    scenario = from_line(json.dumps(line).encode(), codec_of(migration), migration.runtime.book)

    [(_, run)] = alone(migration, [scenario])

    assert run.verdict is verdict
    del line["changed"]
    scenario = from_line(json.dumps(line).encode(), codec_of(migration), migration.runtime.book)
    [(_, run)] = alone(migration, [scenario])
    assert run.verdict is Verdict.MATCH


class Ledger:
    """Gives what it is handed a number, as a mapper of objects does."""

    def add(self, order: dict[str, Any]) -> None:
        order["number"] = 7
        order["note"] = "word-of-the-bank"


def test_what_a_port_changes_in_its_arguments_is_on_a_stored_tape_too() -> None:
    ledger = Ledger()

    def books(order: dict[str, Any], lots: list[int]) -> int:
        ledger.add(order)
        return int(order["number"])

    def declared(environment: dict[str, str], runs: list[Run]) -> Migration:
        migration = Migration(environment=environment, sink=runs.append, mode="inline")
        migration.port("ledger", ledger, effects={"add": lambda order: order["sku"]})
        return migration

    runs: list[Run] = []
    first = declared({"CHANGEOVER_STAGE_S": "shadow"}, runs)
    first.seam("s", legacy=books, candidate=books)({"sku": "a"}, [1])
    redactor = Redactor.of((), {"BANK_TOKEN": "word-of-the-bank"}, None)
    line, clean = (to_line(scenario_of(run), first.codec) for run in (runs[0], redactor.run(runs[0])))
    first.close()

    again = declared({}, [])
    again.seam("s", legacy=books, candidate=books)
    scenario = from_line(line.encode(), codec_of(again), again.runtime.book)
    [(_, run)] = replayed_scenarios(again, [scenario])

    assert (run.verdict, run.reason) == (Verdict.MATCH, None)
    assert "word-of-the-bank" in line
    assert "word-of-the-bank" not in clean
    assert '"number":7' in clean
