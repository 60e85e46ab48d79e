"""Stores of other machines taken into this one: by identifier, so that taking one twice changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

from changeover.evidence.store.schema import Connection
from changeover.evidence.store.store import copied, reading, writing
from changeover.evidence.store.writing import forget_corpora
from changeover.evidence.stored_run import COLUMNS

_TOGETHER = 1_000
_INSERT = f"INSERT OR IGNORE INTO runs VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  question marks
_CORPUS = "uid, at, source, population, code, rules, whole, summary, answered_by, partial, seams, kept"


@dataclass(slots=True)
class Joined:
    """What was not known before."""

    runs: int = 0
    corpora: int = 0
    reviews: int = 0

    def __iadd__(self, other: Joined) -> Joined:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
        return self


def join(path: Path, others: Sequence[Path], *, dry_run: bool = False) -> Joined:
    """Take all of them or none; raises StoreProblem naming the one that cannot be read.

    They are copied first: a store that a program still writes to is taken as it stands at one moment.
    """
    total = Joined()
    with TemporaryDirectory(prefix="changeover-") as folder:
        copies = [Path(folder) / f"{number}.db" for number in range(len(others))]
        for other, copy in zip(others, copies, strict=True):
            copied(other, copy)
        target = Path(folder) / "target.db" if dry_run else path
        if dry_run and path.exists():
            copied(path, target)
        with writing(target) as into:
            for copy in copies:
                with reading(copy) as source:
                    total += _join_one(source, into)
            forget_corpora(into)
    return total


def _join_one(source: Connection, into: Connection) -> Joined:
    done = Joined()
    cursor = source.execute(f"SELECT {', '.join(COLUMNS)} FROM runs WHERE corpus IS NULL")  # noqa: S608
    while rows := cursor.fetchmany(_TOGETHER):
        done.runs += into.executemany(_INSERT, rows).rowcount
    for number, uid, *corpus in source.execute(f"SELECT number, {_CORPUS} FROM corpora").fetchall():  # noqa: S608
        if into.execute("SELECT 1 FROM corpora WHERE uid = ?", (uid,)).fetchone() is None:
            done.corpora += 1
            _join_corpus(source, into, number, [uid, *corpus])
    reviews = source.execute("SELECT * FROM reviews").fetchall()
    done.reviews = into.executemany(
        "INSERT OR IGNORE INTO reviews VALUES (?, ?, ?, ?, ?, ?, ?, ?)", reviews
    ).rowcount
    counters = source.execute("SELECT store, name, value FROM counters").fetchall()
    into.executemany(
        "INSERT INTO counters VALUES (?, ?, ?)"
        " ON CONFLICT (store, name) DO UPDATE SET value = max(value, excluded.value)",
        counters,
    )
    return done


def _join_corpus(source: Connection, into: Connection, number: int, corpus: list[object]) -> None:
    marks = ", ".join("?" * len(corpus))
    joined = into.execute(f"INSERT INTO corpora ({_CORPUS}) VALUES ({marks})", corpus).lastrowid  # noqa: S608
    clusters = source.execute(
        "SELECT digest, ?, body, seam FROM clusters WHERE corpus = ?", (joined, number)
    ).fetchall()
    into.executemany("INSERT INTO clusters (digest, corpus, body, seam) VALUES (?, ?, ?, ?)", clusters)
    cursor = source.execute(
        f"SELECT {', '.join('?' if name == 'corpus' else name for name in COLUMNS)}"  # noqa: S608  columns
        " FROM runs WHERE corpus = ?",
        (joined, number),
    )
    while rows := cursor.fetchmany(_TOGETHER):
        into.executemany(_INSERT, rows)
