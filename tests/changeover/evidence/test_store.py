"""What stands in a store is what was written, whatever version wrote it, and it stays within its limits."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.errors import ConfigurationError
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.records import Review
from changeover.evidence.store.schema import SCHEMA_VERSION
from changeover.evidence.store.store import keep_review, read_evidence, store_path, writing
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
    assert evidence.groups == ()


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
    [
        ("kinds", "verdict", "fine"),
        ("kinds", "answered_by", "nobody"),
        ("tallies", "first", "yesterday"),
        ("tallies", "day", "monday"),
        ("tallies", "clusters", "{"),
    ],
    ids=str,
)
def test_a_row_that_no_program_of_ours_wrote_makes_the_whole_a_problem(
    tmp_path: Path, wrong: tuple[str, str, str]
) -> None:
    path = store_of(tmp_path / "evidence.db", a_run(1), a_run(2))
    table, column, value = wrong
    with writing(path) as connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608
    evidence = read_evidence(path)
    assert evidence.problem is not None
    assert evidence.groups == ()


@pytest.mark.parametrize(
    "wrong",
    [{"verdict": "fine"}, {"answered_by": "nobody"}, {"at": "yesterday"}, {"clusters": "{"}, {"tags": "7"}],
    ids=str,
)
def test_a_run_that_no_program_of_ours_wrote_is_a_problem_where_it_is_looked_up(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    path = store_of(tmp_path / "evidence.db", a_run(1))
    ((column, value),) = wrong.items()
    with writing(path) as connection:
        connection.execute(f"UPDATE runs SET {column} = ?", (value,))  # noqa: S608
    with pytest.raises(ConfigurationError, match="cannot be read as a store"):
        Archive(path).runs(a_run(1).name)


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
    assert evidence.problem is not None or evidence.runs <= 40


def test_no_store_is_no_problem_and_one_that_is_switched_off_is(tmp_path: Path) -> None:
    assert read_evidence(tmp_path / "none.db").problem is None
    assert "no evidence is kept" in str(
        read_evidence(store_path(tmp_path, {"CHANGEOVER_STORE": "none"})).problem
    )


def a_review(number: int) -> Review:
    return Review(
        "check", "pytest", BEGAN + timedelta(minutes=number), "c", "r", "pass", "12 tests", {"n": number}
    )
