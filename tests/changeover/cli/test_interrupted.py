"""A comparison that somebody ends before its time keeps and says what it saw, and that it is no evidence."""

import json
from pathlib import Path

import pytest

from changeover.evidence.store.records import StoredComparison
from changeover.evidence.store.store import read_evidence
from changeover.values.verdict import Verdict
from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def latest(shop: Shop) -> StoredComparison:
    return read_evidence(shop.root / ".changeover" / "evidence.db").corpora[0]


def effects(shop: Shop) -> str:
    out = shop.run("gate", "shelf").out
    (line,) = [line for line in out.splitlines() if "effects that differ" in line]
    return line[:4].strip()


def test_an_interrupt_ends_it_after_the_case_that_runs_and_shows_what_it_saw(shop: Shop) -> None:
    answer = shop.run("compare", planted="ctrl-c")
    assert answer.code == 130
    assert answer.err.endswith("changeover: interrupted\n")
    assert "days      8 days, day-01 to day-08\n" in answer.out
    assert "Not shown   Interrupted after 8 days: what comes later is not shown.\n" in answer.out
    assert "UNSAFE" in answer.out
    kept = latest(shop)
    assert (kept.whole, kept.summary.stopped, kept.summary.cases) == (False, "interrupted", 8)
    assert kept.clusters


def test_what_it_saw_fails_the_gate_until_the_source_is_compared_again(shop: Shop) -> None:
    assert shop.run("compare").code == 0
    assert effects(shop) == "ok"
    shop.run("compare", planted="ctrl-c")
    assert effects(shop) == "!!"
    assert shop.run("compare").code == 0
    assert effects(shop) == "ok"


def test_also_where_it_was_ended_at_once_what_was_written_counts(shop: Shop) -> None:
    assert shop.run("compare").code == 0
    answer = shop.run("compare", planted="ctrl-c twice")
    assert (answer.code, answer.out) == (130, "")
    kept = latest(shop)
    assert (kept.whole, kept.clusters) == (False, ())
    assert kept.seams["shelf.refill"].of(Verdict.UNSAFE) == 7
    assert kept.seams["shelf.refill"].of(Verdict.MATCH) == 0
    assert effects(shop) == "!!"


def test_programs_are_told_why_it_ended(shop: Shop) -> None:
    interrupted = shop.run("compare", "--format", "json", "--exit-zero", planted="ctrl-c")
    assert interrupted.code == 130
    hasty = shop.run("compare", "--format", "json", "--fail-fast", planted="whole")
    whole = shop.run("compare", "--format", "json")
    stopped = [json.loads(one.out)["comparisons"][0]["stopped"] for one in (interrupted, hasty, whole)]
    assert stopped == ["interrupted", "fail-fast", None]


def test_a_comparison_that_stops_at_the_first_difference_says_so(shop: Shop) -> None:
    answer = shop.run("compare", "--fail-fast", planted="whole")
    assert answer.code == 1
    assert "Stopped at the first difference, after 1 day: what comes later is not shown." in answer.out


def test_of_several_sources_none_is_begun_after_an_interrupt(shop: Shop) -> None:
    app = shop.root / "shop.py"
    app.write_text(app.read_text() + '\nmigration.source("more", population="generated")(days)\n')
    answer = shop.run("compare", "--source", "days", "--source", "more", planted="ctrl-c")
    assert answer.code == 130
    assert [one.source for one in read_evidence(shop.root / ".changeover" / "evidence.db").corpora] == [
        "days"
    ]


def test_interrupted_scenarios_decide_nothing(shop: Shop) -> None:
    assert shop.run("compare").code == 0
    assert shop.run("scenarios", "keep", "days/day-08").code == 0
    answer = shop.run("gate", "--scenarios", planted="ctrl-c")
    assert (answer.code, answer.out) == (130, "")
