"""`changeover explore`: its screen, its JSON, its exit codes, and what is kept of it."""

import json
import re
from pathlib import Path

import pytest

from tests.changeover.support.depot_project import Depot, depot_in


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return depot_in(tmp_path)


def test_where_nothing_differs_it_says_what_was_tried_and_exits_0(depot: Depot) -> None:
    done = depot.explore("--schedules", "120")
    assert done.code == 0, done
    screen = " ".join(done.out.split())
    assert "12 orders, all tried, each with every delivery twice: 96 schedules" in screen
    assert "24 schedules drawn by seed 0" in screen
    assert "120: 120 match · unsafe · diverged · not compared" in screen


def test_what_differs_is_printed_with_the_command_that_replays_it(depot: Depot) -> None:
    done = depot.explore("--schedules", "120", fault="SendsAgain")
    assert done.code == 1
    assert "UNSAFE" in done.out
    assert re.search(r"turn 5: Send -> send, twice", done.out), done.out
    again = re.search(r"again +changeover explore depot.ship --run (\S+) --schedule (\S+)", done.out)
    assert again is not None
    one = depot.explore("--run", again[1], "--schedule", again[2], fault="SendsAgain")
    assert one.code == 1
    assert "in 1 of 1 schedule" in one.out
    assert depot.explore("--run", again[1], "--schedule", again[2]).code == 0


def test_a_cluster_that_is_kept_is_replayed_in_its_order_from_then_on(depot: Depot) -> None:
    explored = json.loads(depot.explore("--format", "json", "--schedules", "40", fault="SendsAgain").out)
    (found,) = explored["explorations"][0]["found"][:1]
    kept = depot.run("scenarios", "keep", found["id"])
    assert kept.code == 0, kept
    scenario = json.loads((depot.root / "migration" / "scenarios" / "kept.jsonl").read_text())
    assert (scenario["schedule"], scenario["id"]) == (
        found["schedule"],
        f"orders/lamp/depot.ship/{found['schedule']}",
    )
    assert depot.run("compare", "--source", "scenarios").code == 0
    assert depot.run("compare", "--source", "scenarios", DEPOT_PLANTED="SendsAgain").code == 1


def test_a_gate_that_asks_for_it_reads_what_was_explored(depot: Depot) -> None:
    def gate() -> str:
        return depot.run("gate", "depot", "--to", "shadow").out

    assert re.search(r"\?\?  explore: depot.ship +100, 0 differ +not explored", gate())
    depot.explore("--schedules", "120")
    assert re.search(r"ok  explore: depot.ship +100, 0 differ +0 of 120 differ", gate())
    depot.explore("--schedules", "120", fault="Toggles")
    assert re.search(r"!!  explore: depot.ship", gate())


def test_a_schedule_alone_is_no_evidence(depot: Depot) -> None:
    depot.explore("--schedule", "1+")
    assert "not explored" in depot.run("gate", "depot", "--to", "shadow").out


def test_a_bus_that_does_not_ask_makes_it_inconclusive(depot: Depot) -> None:
    done = depot.explore(DEPOT_ASKS="no")
    assert done.code == 3
    assert "no bus asked for the order of its deliveries" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("explore", "depot.shop"), 'depot.shop: is no seam, did you mean "depot.ship"'),
        (("explore", "depot.ship", "--schedule", "4:"), "--schedule: was '4:', allowed"),
        (("explore", "depot.ship", "--schedules", "0"), "0 is not in the range"),
        (("explore", "depot.ship", "--source", "days"), "is unknown, allowed: orders"),
        (("explore", "depot.ship", "--run", "orders/none"), "has no case 'none'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exits_2(depot: Depot, arguments: tuple[str, ...], said: str) -> None:
    done = depot.run(*arguments)
    assert done.code == 2, done
    assert said in done.err


def test_the_screen_fits_a_narrow_terminal(depot: Depot) -> None:
    done = depot.explore("--schedules", "60", fault="Toggles")
    assert max(map(len, done.out.splitlines())) <= 100
