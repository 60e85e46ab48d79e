"""Methods in stored scenarios: their objects are made anew, and one path alone is held against the record."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Returned
from changeover.evidence.scenario_replay import alone, codec_of, replayed_scenarios, stored_scenarios
from changeover.record.run import Run
from changeover.record.scenario_file import Scenario, from_line, scenario_of, to_line, write_lines
from changeover.values.pins import Pins, resumed
from changeover.values.stage import Setting, Stage
from changeover.values.verdict import Verdict


class Till:
    """The world."""

    def __init__(self, amount: int) -> None:
        self.amount = amount

    def count(self) -> int:
        return self.amount

    def book(self, text: str) -> int:
        return self.amount


class Shop:
    """The owner of the method that becomes a seam; `factor` is its own, and on no tape."""

    def __init__(self, till: Till, factor: int) -> None:
        self.till = till
        self.factor = factor

    def close(self, day: str) -> int:
        total = self.till.count() * self.factor
        self.till.book(f"{day}: {total}")
        return total


class Program:
    """A migration with one method seam, and a scenario that production recorded."""

    def __init__(self, folder: Path, owner: Callable[[Scenario], Any] | None) -> None:
        self.runs: list[Run] = []

        class Closing(Shop):
            """Instrumented for this program alone."""

            def close(self, day: str) -> int:
                return Shop.close(self, day)

        self.cls = Closing
        self.answer: Callable[[Any, str], int] = lambda shop, day: Shop.close(shop, day)
        self.migration = Migration(sink=self.runs.append)
        self.migration.port("till", Till, reads={"count"}, effects={"book": lambda text: "booking"})
        self.migration.wrap(Closing, "close", name="shop.close", candidate=self._candidate, owner=owner)
        with resumed(Pins({"shop.close": Setting(Stage.SHADOW)}, None, "days/monday")):
            Closing(Till(7), 3).close("monday")
        self.folder = folder
        write_lines(folder / "kept.jsonl", [to_line(scenario_of(self.runs[0]), codec_of(self.migration))])

    def _candidate(self, shop: Shop, day: str) -> int:
        return self.answer(shop, day)

    @property
    def scenarios(self) -> list[Scenario]:
        found, damaged = stored_scenarios(self.migration, self.folder)
        assert damaged == []
        return found

    def both(self) -> Run:
        [(_, run)] = replayed_scenarios(self.migration, self.scenarios)
        return run

    def one(self, **changes: Any) -> Run:
        [(_, run)] = alone(self.migration, [replace(one, **changes) for one in self.scenarios])
        return run


def shop_of(scenario: Scenario) -> Shop:
    assert scenario.correlation_id == "days/monday"
    return Shop(Till(0), 3)


def test_a_method_is_replayed_on_an_object_made_anew(tmp_path: Path) -> None:
    run = Program(tmp_path, shop_of).both()
    assert (run.verdict, run.reason) == ("match", None)
    assert run.legacy is not None
    assert run.legacy.outcome == Returned(21)


def test_every_path_gets_an_object_of_its_own_which_is_put_away_after_it(tmp_path: Path) -> None:
    log: list[str] = []

    @contextmanager
    def owner(scenario: Scenario) -> Iterator[Shop]:
        log.append("made")
        yield Shop(Till(0), 3)
        log.append("put away")

    assert Program(tmp_path, owner).both().verdict == "match"
    assert log == ["made", "put away"] * 2


def test_a_difference_of_the_two_paths_is_found_on_the_stored_tape(tmp_path: Path) -> None:
    program = Program(tmp_path, shop_of)
    program.answer = lambda shop, day: Shop.close(shop, day.upper())
    run = program.both()
    assert (run.verdict, run.divergences[0].kind) == ("unsafe", "effect-changed")


def test_without_an_owner_a_method_is_not_compared_and_says_what_to_give(tmp_path: Path) -> None:
    run = Program(tmp_path, None).both()
    assert (run.verdict, run.reason) == (
        "failed",
        "a method cannot be replayed without its object: give the seam owner=",
    )


def test_an_owner_that_cannot_be_made_fails_its_scenario_and_no_more(tmp_path: Path) -> None:
    def owner(scenario: Scenario) -> Shop:
        raise LookupError("no such case")

    run = Program(tmp_path, owner).both()
    assert run.verdict == "failed"
    assert run.reason == "the legacy path could not be replayed: LookupError: no such case"


def test_the_candidate_alone_is_held_against_the_recorded_answer_and_effects(tmp_path: Path) -> None:
    program = Program(tmp_path, shop_of)
    assert program.one().verdict == "match"
    program.answer = lambda shop, day: Shop.close(shop, day) + 1
    assert [(one.place, one.legacy, one.candidate) for one in program.one().divergences] == [
        ("result", 21, 22)
    ]
    program.answer = lambda shop, day: shop.till.count() * shop.factor
    assert [one.kind for one in program.one().divergences] == ["effect-missing"]


def test_the_candidate_alone_never_calls_legacy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Program(tmp_path, shop_of)
    program.answer = lambda shop, day: 21
    monkeypatch.setattr(Shop, "close", None)
    assert [one.kind for one in program.one().divergences] == ["effect-missing"]


def test_a_scenario_without_a_recorded_answer_is_not_compared_alone(tmp_path: Path) -> None:
    run = Program(tmp_path, shop_of).one(answer=None)
    assert run.verdict == "failed"
    assert "no recorded answer" in (run.reason or "")


def test_a_line_from_before_there_were_answers_is_read_and_replayed(tmp_path: Path) -> None:
    program = Program(tmp_path, lambda scenario: Shop(Till(0), 3))
    file = tmp_path / "kept.jsonl"
    line = file.read_text()
    older = line.replace('"answer":{"returned":21},', "").replace('"correlation_id":"days/monday",', "")
    assert len(older) < len(line) - 50
    file.write_text(older)
    assert [one.answer for one in program.scenarios] == [None]
    assert program.both().verdict == "match"


def test_an_answer_that_has_no_form_in_json_is_left_out_of_the_line(tmp_path: Path) -> None:
    program = Program(tmp_path, shop_of)
    scenario = replace(program.scenarios[0], answer=Returned(object()))
    write_lines(tmp_path / "kept.jsonl", [to_line(scenario, codec_of(program.migration))])
    assert program.scenarios[0].answer is None
    assert program.both().verdict == "match"


def test_a_path_that_crosses_other_seams_meets_the_path_that_answered_whatever_the_flags_say_now(
    tmp_path: Path,
) -> None:
    asked: list[str] = []
    runs: list[Run] = []

    def said(path: str) -> Callable[[], int]:
        def answer() -> int:
            asked.append(path)
            return 1

        return answer

    migration = Migration(sink=runs.append, environment={"CHANGEOVER_STAGE_INNER": "live"})
    inner: Any = migration.seam("inner", legacy=said("legacy"), candidate=said("candidate"))
    outer: Any = migration.seam("outer", legacy=lambda: inner(), candidate=lambda: 1)
    with resumed(Pins(dict.fromkeys(("inner", "outer"), Setting(Stage.SHADOW)))):
        outer()
    scenario = next(scenario_of(run) for run in runs if run.seam == "outer")
    asked.clear()
    [(_, run)] = replayed_scenarios(migration, [scenario])
    assert (asked, run.legacy is not None) == (["legacy"], True)


class Desk:
    """Has a state of its own, which its method changes."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.log: list[str] = []


def replayed_on(desks: Iterator[Desk], legacy: Callable[..., int], candidate: Callable[..., int]) -> Run:
    """Both methods replayed on a stored scenario, each on the next of these objects."""

    class Trading(Desk):
        trade = legacy

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_TRADE": "shadow"}, sink=runs.append, mode="inline")
    migration.wrap(Trading, "trade", name="trade", candidate=candidate, owner=lambda _: next(desks))
    Trading(1).trade("a")
    line = to_line(scenario_of(runs[0]), codec_of(migration))
    scenario = from_line(line.encode(), codec_of(migration), migration.runtime.book)
    [(_, run)] = replayed_scenarios(migration, [scenario])
    return run


def writes(desk: Desk, text: str) -> int:
    desk.log.append(text)
    return 1


def writes_otherwise(desk: Desk, text: str) -> int:
    desk.log.append(text * 2)
    return 1


def forgets(desk: Desk, text: str) -> int:
    return 1


@pytest.mark.parametrize("candidate", [writes_otherwise, forgets])
def test_what_a_path_alone_changes_in_the_object_that_was_made_is_a_difference(
    candidate: Callable[..., int],
) -> None:
    run = replayed_on(iter([Desk(1), Desk(1)]), writes, candidate)

    assert run.verdict is Verdict.DIVERGED
    assert all(found.place.startswith("self.log") for found in run.divergences)


def test_what_both_change_alike_in_it_is_none() -> None:
    assert replayed_on(iter([Desk(1), Desk(1)]), writes, writes).verdict is Verdict.MATCH


def test_objects_that_are_not_alike_fail_the_run_only_where_a_path_changes_one() -> None:
    run = replayed_on(iter([Desk(1), Desk(2)]), writes, writes)

    assert run.verdict is Verdict.FAILED
    assert "owner= has made two that are not alike" in str(run.reason)
    assert replayed_on(iter([Desk(1), Desk(2)]), forgets, forgets).verdict is Verdict.MATCH
