"""Runs are leafed through, whichever store has them: the latest first, a page at a time, by what is asked."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from changeover.evidence.over_time import over_time, periods_of
from changeover.evidence.store.browsing import Browser, Wanted
from changeover.evidence.store.maintenance import StoreLimits, prune
from changeover.evidence.store.place import StorePlace
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.run_contents import RunContents, contents_data
from changeover.evidence.store.store import read_evidence, writing
from changeover.evidence.store.writing import renew_runs
from changeover.values.observation import Side
from changeover.values.verdict import Verdict
from tests.changeover.support.evidence_rows import BEGAN, a_run, store_of

BODY = json.dumps(contents_data(RunContents(Side.LEGACY, "shadow")))
MANY, ODD, RARE = 40, "ab" * 32, "cd" * 32


def filled(place: StorePlace) -> Browser:
    """Forty runs over ten days: each seventh differs, one of them in another cluster as well."""
    store_of(place, *(one_of(number) for number in range(MANY)))
    return Browser(place)


def one_of(number: int) -> StoredRun:
    differs = number % 7 == 0
    clusters = (ODD, RARE) if number == 7 else (ODD,) if differs else ()
    return a_run(
        number,
        at=BEGAN + timedelta(hours=6 * number),
        name=f"store/{number:03}",
        verdict=Verdict.DIVERGED if differs else Verdict.MATCH,
        clusters=clusters,
        body=BODY if differs else None,
    )


def names(runs: list[StoredRun]) -> list[str]:
    return [run.name.removeprefix("store/") for run in runs]


def latest(place: StorePlace, browser: Browser, most: int, **wanted: object) -> list[str]:
    return names(browser.latest(Wanted(**wanted), read_evidence(place).groups, most))  # type: ignore[arg-type]


def test_pages_follow_one_another_without_a_gap_or_a_repeat(place: StorePlace) -> None:
    browser, groups = filled(place), read_evidence(place).groups
    seen: list[str] = []
    until = None
    while page := browser.latest(Wanted(until=until), groups, 7):
        seen += names(page)
        until = page[-1].at
    assert seen == [f"{number:03}" for number in reversed(range(MANY))]


def test_a_filter_lets_through_what_is_asked_alone(place: StorePlace) -> None:
    browser = filled(place)
    differing = ["035", "028", "021", "014", "007", "000"]
    assert latest(place, browser, 50, verdicts=(Verdict.DIVERGED,)) == differing
    assert latest(place, browser, 2, verdicts=(Verdict.DIVERGED,)) == differing[:2]
    assert latest(place, browser, 50, cluster=ODD[:8]) == differing
    assert latest(place, browser, 50, cluster=RARE) == ["007"]
    assert latest(place, browser, 50, seams=("no.seam",)) == []
    since, until = BEGAN + timedelta(days=2), BEGAN + timedelta(days=2, hours=12)
    assert latest(place, browser, 50, since=since, until=until) == ["009", "008"]


def test_examples_of_a_cluster_are_the_latest_and_the_first(place: StorePlace) -> None:
    browser, groups = filled(place), read_evidence(place).groups
    assert names(browser.examples(ODD, groups, 4)) == ["035", "028", "021", "000"]
    assert names(browser.examples(RARE, groups)) == ["007"]
    assert browser.examples("ef" * 32, groups) == []
    assert all(run.contents is not None for run in browser.examples(ODD, groups))


def test_a_run_is_found_by_its_name_or_any_beginning(place: StorePlace) -> None:
    browser = filled(place)
    assert names(browser.case("store/007")) == ["007"]
    assert names(browser.beginning_with("store/00")) == [f"{number:03}" for number in range(10)]
    (run,) = browser.case("store/007")
    found = browser.run(run.id)
    assert found is not None
    assert found.name == "store/007"
    assert names(browser.beginning_with(run.id)) == ["007"]
    assert (browser.run("no"), browser.case("no"), browser.beginning_with("")) == (None, [], [])


def test_a_mark_changes_with_every_run_and_every_renewed_verdict(place: StorePlace) -> None:
    browser = filled(place)
    first = browser.mark()
    assert browser.mark() == first
    store_of(place, one_of(MANY))
    second = browser.mark()
    assert second != first
    (run,) = browser.case("store/001")
    with writing(place) as connection:
        renew_runs(connection, [replace(run, verdict=Verdict.TOLERATED, renewed_at=BEGAN)])
    assert browser.mark() != second


def test_a_full_store_that_forgets_one_run_for_each_that_comes_has_another_mark(place: StorePlace) -> None:
    store_of(place, *map(a_run, (1, 2, 3)))
    browser = Browser(place)
    before = browser.mark()
    store_of(place, replace(a_run(2), id="f" * 32))
    with writing(place) as connection:
        prune(connection, StoreLimits(BEGAN - timedelta(days=9), runs_max=3))
    assert [group.runs for group in read_evidence(place).groups] == [3]
    assert browser.mark() != before


def test_a_store_that_is_not_there_holds_nothing(place: StorePlace) -> None:
    browser = Browser(place)
    assert browser.mark() == browser.mark()
    assert (browser.case("x"), browser.beginning_with("x"), browser.latest(Wanted(), (), 5)) == ([], [], [])


def test_counts_over_time_are_those_of_the_runs(place: StorePlace) -> None:
    filled(place)
    groups = read_evidence(place).groups
    phase = groups[0].phase
    for most in (60, 5, 2):
        first, last = min(group.day for group in groups), max(group.day for group in groups)
        periods = periods_of(first, last, most)
        assert len(periods) <= most
        assert (periods[0].first, periods[-1].last) == (first, last)
        assert all(one.last + timedelta(days=1) == two.first for one, two in pairwise(periods))
        found = over_time(groups, [phase], periods)
        assert sum(tally.runs for tally in found.total) == MANY
        assert sum(tally.diverged for tally in found.phases[phase]) == 6
