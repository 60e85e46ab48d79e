"""Takes other stores into one: files into a database, a database into a file, or of the same kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.counters import BESIDE, WRITTEN
from changeover.evidence.store.store import StorePlace, reading, writing
from changeover.evidence.store.writing import (
    COLUMNS,
    INSERT_REVIEW,
    REVIEW_COLUMNS,
    add_new_rows,
    forget_corpora,
    number_of,
)
from changeover.quick_dataclass import dataclass

_CORPUS = "uid, at, source, population, code, rules, whole, summary, answered_by, partial, seams, kept"
_CORPUS_COLUMN = COLUMNS.index("corpus")


@dataclass(slots=True)
class Joined:
    """What was not known before."""

    runs: int = 0
    corpora: int = 0
    reviews: int = 0


def join(path: StorePlace, others: Sequence[StorePlace], *, dry_run: bool = False) -> Joined:
    """Take all of them or none; raises StoreProblem naming the one that cannot be read.

    Each is taken as it stands at one moment, also one that programs still write to.
    """
    total = Joined()
    with TemporaryDirectory(prefix="changeover-") as folder, ExitStack() as stack:
        beside = Path(folder)
        sources = [
            stack.enter_context(_at_one_moment(one, beside / f"{n}.db")) for n, one in enumerate(others)
        ]
        target = path
        if dry_run and isinstance(path, Path):  # nobody is kept from the store meanwhile
            target = beside / "target.db"
            if path.exists():
                _copy(path, target)
        try:
            with writing(target) as into:
                for source in sources:
                    _join_one(source, into, total)
                forget_corpora(into)
                if dry_run:
                    raise _TakenBack
        except _TakenBack:
            return total
    return total


class _TakenBack(Exception):
    """Ends a transaction so that nothing of it stays."""


@contextmanager
def _at_one_moment(place: StorePlace, copy: Path) -> Iterator[Connection]:
    """A file is copied first, as looking at it for long would keep its program from writing."""
    if isinstance(place, Path):
        _copy(place, copy)
        place = copy
    with reading(place) as connection:
        yield connection


def _copy(path: Path, target: Path) -> None:
    from changeover.evidence.store.sqlite_file import copied

    copied(path, target)


def _join_one(source: Connection, into: Connection, total: Joined) -> None:
    for rows in source.batches(f"SELECT {', '.join(COLUMNS)} FROM runs WHERE corpus IS NULL ORDER BY rowid"):  # noqa: S608
        total.runs += add_new_rows(into, rows)
    corpora = source.execute(f"SELECT number, {_CORPUS} FROM corpora ORDER BY number").fetchall()  # noqa: S608
    for number, uid, *corpus in corpora:
        if into.execute("SELECT 1 FROM corpora WHERE uid = ?", (uid,)).fetchone() is None:
            total.corpora += 1
            _join_corpus(source, into, number, [uid, *corpus])
    reviews = source.execute(f"SELECT {REVIEW_COLUMNS} FROM reviews ORDER BY rowid").fetchall()  # noqa: S608
    total.reviews += into.executemany(INSERT_REVIEW, reviews).rowcount
    counters = source.execute(
        "SELECT store, name, value FROM counters WHERE name NOT LIKE ? AND name NOT LIKE ?",
        (f"{WRITTEN}/%", f"{BESIDE}/%"),
    ).fetchall()
    into.executemany(
        "INSERT INTO counters (store, name, value) VALUES (?, ?, ?) ON CONFLICT (store, name) DO UPDATE"
        " SET value = CASE WHEN excluded.value > counters.value THEN excluded.value ELSE counters.value END",
        counters,
    )


def _join_corpus(source: Connection, into: Connection, number: int, corpus: Sequence[object]) -> None:
    marks = ", ".join("?" * len(corpus))
    into.execute(f"INSERT INTO corpora ({_CORPUS}) VALUES ({marks})", corpus)  # noqa: S608
    joined = number_of(into, str(corpus[0]))
    clusters = source.execute(
        "SELECT digest, body, seam FROM clusters WHERE corpus = ?", (number,)
    ).fetchall()
    into.executemany(
        "INSERT INTO clusters (digest, corpus, body, seam) VALUES (?, ?, ?, ?)",
        [(digest, joined, body, seam) for digest, body, seam in clusters],
    )
    query = f"SELECT {', '.join(COLUMNS)} FROM runs WHERE corpus = ? ORDER BY rowid"  # noqa: S608  columns
    for rows in source.batches(query, (number,)):
        add_new_rows(into, [(*row[:_CORPUS_COLUMN], joined, *row[_CORPUS_COLUMN + 1 :]) for row in rows])
