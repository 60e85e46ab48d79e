"""Stores of several machines joined, and what is old forgotten, as a user does it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from changeover.evidence.store.store import keep_review, read_evidence
from tests.changeover.evidence.test_store import a_review, version_1
from tests.changeover.support.evidence_rows import a_run, store_of
from tests.changeover.support.production_runs import evidence_of, runs_of, sell
from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path / "mine")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """What another machine has: two runs in production, one comparison with a finding, one review."""
    (tmp_path / "theirs").mkdir()
    theirs = shop_in(tmp_path / "theirs")
    sell(theirs, 10, 20)
    assert theirs.run("compare", "--runs", "3", planted="whole").code == 1
    path = theirs.root / ".changeover" / "evidence.db"
    assert keep_review(path, a_review(1)) is None
    return path


def test_stores_are_joined_by_identifier_and_twice_changes_nothing(shop: Shop, other: Path) -> None:
    sell(shop, 30)
    answer = shop.run("evidence", "import", str(other))
    assert answer.code == 0, answer.err
    assert "took 2 runs in production, 1 comparison, 1 review" in answer.out
    joined = evidence_of(shop)
    assert joined.runs == 3
    (corpus,) = joined.corpora
    assert corpus.clusters
    assert corpus.tags == read_evidence(other).corpora[0].tags
    assert shop.run("explain", corpus.clusters[0].digest[:6]).code == 0
    assert joined.reviews == (a_review(1),)
    again = shop.run("evidence", "import", str(other), str(other))
    assert "took 0 runs in production, 0 comparisons, 0 reviews" in again.out
    assert evidence_of(shop) == joined


def test_a_dry_run_takes_nothing(shop: Shop, other: Path) -> None:
    found = json.loads(shop.run("evidence", "import", str(other), "--dry-run", "--format", "json").out)
    assert (found["runs"], found["corpora"], found["reviews"]) == (2, 1, 1)
    assert not (shop.root / ".changeover").exists()


def test_of_one_that_cannot_be_read_nothing_is_taken_nor_of_the_others(shop: Shop, other: Path) -> None:
    wrong = other.with_name("wrong.db")
    wrong.write_text("no database")
    answer = shop.run("evidence", "import", str(other), str(wrong))
    assert answer.code == 2
    assert "wrong.db" in answer.err
    assert "nothing was taken" in answer.err
    assert runs_of(shop) == ()
    with closing(sqlite3.connect(other)) as newer:
        newer.execute("PRAGMA user_version = 99")
    assert shop.run("evidence", "import", str(other)).code == 2
    assert shop.run("evidence", "import", "nowhere.db").code == 2


def test_lost_and_pruned_runs_of_other_machines_count_once(shop: Shop, tmp_path: Path) -> None:
    path = store_of(tmp_path / "other.db", a_run(1))
    with closing(sqlite3.connect(path)) as store:
        store.execute("INSERT INTO counters SELECT store, 'lost', 4 FROM identity")
        store.commit()
    for _ in range(2):
        assert shop.run("evidence", "import", str(path)).code == 0
    assert evidence_of(shop).lost == 4


def test_a_store_of_an_older_version_is_taken_and_stays_as_it_is(shop: Shop, tmp_path: Path) -> None:
    old = version_1(tmp_path / "old.db")
    before = old.read_bytes()
    assert "1 comparison," in shop.run("evidence", "import", str(old)).out
    assert len(evidence_of(shop).corpora) == 1
    assert old.read_bytes() == before


def test_what_was_before_a_day_is_forgotten_and_a_dry_run_says_so_first(shop: Shop) -> None:
    store = shop.root / ".changeover" / "evidence.db"
    store_of(store, *map(a_run, range(3)))
    shop.run("compare", "--runs", "2")
    dry = shop.run("evidence", "prune", "--before", "2026-03-03", "--dry-run")
    assert "would forget 3 runs in production, 0 comparisons" in dry.out
    assert len(runs_of(shop)) == 3
    assert "forgot 3 runs" in shop.run("evidence", "prune", "--before", "2026-03-03").out
    assert runs_of(shop) == ()
    assert evidence_of(shop).pruned == 3
    found = json.loads(shop.run("evidence", "prune", "--before", "2999-01-01", "--format", "json").out)
    assert found["corpora"] == 1
    assert evidence_of(shop).corpora == ()


def test_it_shrinks_to_so_many_bytes(shop: Shop) -> None:
    store = shop.root / ".changeover" / "evidence.db"
    store_of(store, *(a_run(number, body="x" * 5_000) for number in range(50)))
    answer = shop.run("evidence", "prune", "--keep-bytes", "250000")
    assert answer.code == 0
    assert store.stat().st_size <= 250_000
    assert len(runs_of(shop)) == 50


def test_nothing_to_prune_is_said_and_a_wrong_day_is_a_mistake(shop: Shop) -> None:
    assert "is no store yet" in shop.run("evidence", "prune").err
    assert shop.run("evidence", "prune", "--before", "yesterday").code == 2
    assert shop.run("evidence", "prune", CHANGEOVER_STORE="none").code == 2
