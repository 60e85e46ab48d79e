"""What stands in a store is what was written, whatever version wrote it, and it stays within its limits."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.evidence.comparison_writer import ComparisonWriter
from changeover.evidence.store import writing as row_writing
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.maintenance import StoreLimits, prune, prune_store
from changeover.evidence.store.reading import read_cluster
from changeover.evidence.store.records import Review, StoredCluster, StoredComparison
from changeover.evidence.store.schema import SCHEMA_VERSION
from changeover.evidence.store.store import keep_review, read_evidence, store_path, writing
from changeover.evidence.store.writing import REVIEWS_KEPT_MAX
from changeover.evidence.tallies import SeamTally
from changeover.values.verdict import Verdict
from tests.changeover.support.evidence_rows import BEGAN, a_run, store_of

VERSION_1 = """
CREATE TABLE corpora (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, source TEXT NOT NULL, population TEXT NOT NULL,
    code TEXT, rules TEXT NOT NULL, whole INTEGER NOT NULL, summary TEXT NOT NULL);
CREATE TABLE runs (
    id TEXT PRIMARY KEY, corpus INTEGER NOT NULL REFERENCES corpora ON DELETE CASCADE, name TEXT NOT NULL,
    seam TEXT NOT NULL, phase TEXT NOT NULL, verdict TEXT NOT NULL, body TEXT);
CREATE INDEX runs_by_name ON runs (name);
CREATE TABLE clusters (
    digest TEXT NOT NULL, corpus INTEGER NOT NULL REFERENCES corpora ON DELETE CASCADE, body TEXT NOT NULL,
    PRIMARY KEY (digest, corpus));
PRAGMA user_version = 1;
"""
CLUSTER = {
    "id": "aaaaaa", "number": 0, "seam": "till.pay", "place": "result", "kind": "value", "pattern": "sign",
    "unsafe": False, "runs": 3, "answered_by": "candidate",
}  # fmt: skip


def version_1(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as store:
        store.executescript(VERSION_1)
        summary = {"partial": True, "seams": {"till.pay": {"phase": "till", "compared": 3}}}
        store.execute(
            "INSERT INTO corpora VALUES (7, ?, 'days', 'generated', 'c', 'r', 1, ?)",
            ("2026-01-01T10:00:00+00:00", json.dumps(summary)),
        )
        store.execute("INSERT INTO runs VALUES ('one', 7, 'days/1', 'till.pay', 'till', 'diverged', '{}')")
        store.execute("INSERT INTO clusters VALUES (?, 7, ?)", ("a" * 64, json.dumps(CLUSTER)))
        store.commit()
    return path


def test_a_store_of_version_1_is_brought_to_today_and_loses_nothing(tmp_path: Path) -> None:
    path = version_1(tmp_path / "evidence.db")
    evidence = read_evidence(path)
    assert evidence.problem is None
    (corpus,) = evidence.corpora
    assert (corpus.number, corpus.partial, corpus.answered_by) == (7, True, "candidate")
    assert [(one.digest, one.state) for one in corpus.clusters] == [("a" * 64, "new")]
    assert [run.id for run in Archive(path).runs("days/1")] == ["one"]
    with closing(sqlite3.connect(path)) as store:
        assert store.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no database" * 100, "not a database"), (b"SQLite format 3\0" + bytes(5_000), "")],
    ids=["text", "broken pages"],
)
def test_what_cannot_be_read_is_a_problem_and_no_evidence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "evidence.db"
    path.write_bytes(content)
    evidence = read_evidence(path)
    assert evidence.problem is not None
    assert said in evidence.problem
    assert evidence.production == ()


def test_a_newer_store_is_refused_with_a_sentence_and_left_alone(tmp_path: Path) -> None:
    path = store_of(tmp_path / "evidence.db", a_run(1))
    with closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    problem = read_evidence(path).problem
    assert problem is not None
    assert "version 99" in problem
    assert "newer changeover" in problem
    assert keep_review(path, a_review(1)) is not None
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "wrong",
    [{"verdict": "fine"}, {"answered_by": "nobody"}, {"at": "yesterday"}, {"clusters": "{"}, {"tags": "7"}],
    ids=str,
)
def test_a_row_that_no_program_of_ours_wrote_makes_the_whole_a_problem(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    path = store_of(tmp_path / "evidence.db", a_run(1), a_run(2))
    ((column, value),) = wrong.items()
    with writing(path) as connection:
        connection.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, a_run(2).id))  # noqa: S608
    evidence = read_evidence(path)
    assert evidence.problem is not None
    assert evidence.production == ()


@given(at=st.integers(0, 20_000), byte=st.integers(1, 255))
def test_a_damaged_byte_never_raises(at: int, byte: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.db"
    if not (whole := path.with_suffix(".whole")).exists():
        differing = {"verdict": Verdict.DIVERGED, "clusters": ("ab",), "unsafe": ("ab",)}
        store_of(whole, *(a_run(number, **differing) for number in range(40)))
    content = bytearray(whole.read_bytes())
    content[at % len(content)] ^= byte
    path.write_bytes(content)
    evidence = read_evidence(path)
    assert evidence.problem is not None or len(evidence.production) <= 40


def test_no_store_is_no_problem_and_one_that_is_switched_off_is(tmp_path: Path) -> None:
    assert read_evidence(tmp_path / "none.db").problem is None
    assert "no evidence is kept" in str(
        read_evidence(store_path(tmp_path, {"CHANGEOVER_STORE": "none"})).problem
    )


def test_runs_come_back_as_they_were_the_latest_first(tmp_path: Path) -> None:
    path = store_of(
        tmp_path / "evidence.db",
        a_run(1, tags=("a",), key="k", renewed_at=datetime(2026, 4, 1, tzinfo=UTC), gave_up=True),
        a_run(
            2,
            verdict=Verdict.UNSAFE,
            clusters=("ab", "cd", "more"),
            unsafe=("ab",),
            reason="half a \udc80 character",
        ),
    )
    latest, earliest = read_evidence(path).production
    assert (earliest.tags, earliest.at) == (("a",), BEGAN + timedelta(minutes=1))
    assert earliest.renewed_at == datetime(2026, 4, 1, tzinfo=UTC)
    assert (earliest.gave_up, earliest.reason) == (True, None)
    assert (latest.verdict, latest.clusters, latest.unsafe) == (Verdict.UNSAFE, ("ab", "cd", "more"), ("ab",))


def a_review(number: int) -> Review:
    return Review(
        "check", "pytest", BEGAN + timedelta(minutes=number), "c", "r", "pass", "12 tests", {"n": number}
    )


def test_reviews_come_back_once_and_the_oldest_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    assert keep_review(path, a_review(1)) is None
    assert keep_review(path, a_review(1)) is None
    assert read_evidence(path).reviews == (a_review(1),)
    with writing(path) as connection:
        for number in range(REVIEWS_KEPT_MAX):
            connection.execute(
                "INSERT INTO reviews SELECT kind, ?, at, code, rules, answer, found, body FROM reviews"
                " LIMIT 1",
                (str(number),),
            )
    keep_review(path, a_review(2))
    assert len(read_evidence(path).reviews) == REVIEWS_KEPT_MAX


def test_of_forgotten_comparisons_it_is_still_known_what_they_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_writing, "CORPORA_KEPT_MAX", 3)
    path = tmp_path / "evidence.db"
    for number in range(8):
        keeper = ComparisonWriter(path, pytest.fail)
        begun = StoredComparison(0, BEGAN + timedelta(hours=number), "days", "generated", "c", "r")
        keeper.begin(begun)
        keeper.keep(a_run(number, id=f"run {number:02}"))
        found = (cluster(),) if number in (1, 7) else ()
        seams = {"till.pay": SeamTally("till.pay", "till", {Verdict.MATCH: 1})}
        keeper.end(replace(begun, whole=True, seams=seams, clusters=found))
    evidence = read_evidence(path)
    assert len(evidence.corpora) == 3
    assert [one.state for one in evidence.corpora[0].clusters] == ["regressed"]
    assert Archive(path).runs("run 01") == []
    assert evidence.production == ()


def cluster() -> StoredCluster:
    return read_cluster("a" * 64, CLUSTER)


def test_age_and_number_are_bounded_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    path = store_of(tmp_path / "evidence.db", *map(a_run, range(20)))
    with writing(path) as connection:
        prune(connection, StoreLimits(BEGAN + timedelta(minutes=5), runs_max=10))
    evidence = read_evidence(path)
    assert [run.id for run in evidence.production] == [a_run(number).id for number in range(19, 9, -1)]
    assert evidence.pruned == 10


def test_one_write_forgets_only_so_much(tmp_path: Path) -> None:
    path = store_of(tmp_path / "evidence.db", *map(a_run, range(20)))
    with writing(path) as connection:
        prune(connection, StoreLimits(BEGAN + timedelta(days=1)), most=3)
    assert len(read_evidence(path).production) == 17


def test_when_space_is_short_values_go_first_then_tapes_then_runs(tmp_path: Path) -> None:
    runs = [a_run(number, body="x" * 9_000, tape=b"y" * 9_000) for number in range(30)]
    path = store_of(tmp_path / "evidence.db", *runs)
    with writing(path) as connection:
        full = connection.used_bytes(exact=True)
    done = prune_store(path, StoreLimits(BEGAN, bytes_max=full - 50_000), corpora_too=False, dry_run=False)
    assert (done.bodies, done.tapes, done.runs) == (30, 0, 0)
    done = prune_store(path, StoreLimits(BEGAN, bytes_max=full // 4), corpora_too=False, dry_run=False)
    assert (done.bodies, done.tapes, done.runs) == (0, 30, 0)
    assert path.stat().st_size < full // 4
    done = prune_store(path, StoreLimits(BEGAN, bytes_max=0), corpora_too=False, dry_run=True)
    assert done.runs == 30
    assert len(read_evidence(path).production) == 30
