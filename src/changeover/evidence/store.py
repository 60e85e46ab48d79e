"""Where the runs of comparisons are kept: one SQLite file. The only place that imports sqlite3.

A store never harms whoever writes to it: one that is full, locked, damaged or not there is said so once, and
from then on keeps nothing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError
from changeover.evidence.store_rows import ClusterRow, CorpusRow, RunRow

STORE_VARIABLE = "CHANGEOVER_STORE"
DEFAULT_PLACE = Path(".changeover") / "evidence.db"
SCHEMA_VERSION = 1
CORPORA_KEPT_MAX = 20
BODIES_KEPT_MAX = 5_000
WRITTEN_TOGETHER = 200
FOUND_MAX = 200
_TIMEOUT_S = 1.0
_TABLES = """
CREATE TABLE IF NOT EXISTS corpora (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, source TEXT NOT NULL, population TEXT NOT NULL,
    code TEXT, rules TEXT NOT NULL, whole INTEGER NOT NULL, summary TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, corpus INTEGER NOT NULL REFERENCES corpora ON DELETE CASCADE, name TEXT NOT NULL,
    seam TEXT NOT NULL, phase TEXT NOT NULL, verdict TEXT NOT NULL, body TEXT);
CREATE INDEX IF NOT EXISTS runs_by_name ON runs (name);
CREATE TABLE IF NOT EXISTS clusters (
    digest TEXT NOT NULL, corpus INTEGER NOT NULL REFERENCES corpora ON DELETE CASCADE, body TEXT NOT NULL,
    PRIMARY KEY (digest, corpus));
"""


def store_path(root: Path, environment: Mapping[str, str] | None = None) -> Path:
    """Where the store is; raises ConfigurationError for a CHANGEOVER_STORE that is no such place."""
    named = (os.environ if environment is None else environment).get(STORE_VARIABLE)
    if not named:
        return root / DEFAULT_PLACE
    scheme, slashes, place = named.partition(":///")
    if scheme != "sqlite" or not slashes or not place:
        raise ConfigurationError(STORE_VARIABLE, f"was {named!r}, allowed: sqlite:///PATH")
    return Path(place)


class Store:
    """Open it with `with`; `problem` says why nothing is kept any more, None while all is well."""

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self.path = path
        self.problem: str | None = None
        self._warn = warn
        self._connection: sqlite3.Connection | None = None
        self._corpus: int | None = None
        self._waiting: list[tuple[object, ...]] = []
        self._bodies = 0

    def __enter__(self) -> Store:
        with self._harmless():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.path, timeout=_TIMEOUT_S)
            self._connection.execute("PRAGMA foreign_keys = ON")
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA_VERSION):
                raise sqlite3.DatabaseError(f"it has version {version}, this program knows {SCHEMA_VERSION}")
            self._connection.executescript(_TABLES)
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._write()
            self._connection.close()
            self._connection = None

    def begin(self, row: CorpusRow) -> None:
        """A comparison begins; the oldest ones beyond the limit are forgotten."""
        with self._harmless() as connection:
            cursor = connection.execute(
                "INSERT INTO corpora (at, source, population, code, rules, whole, summary)"
                " VALUES (?, ?, ?, ?, ?, 0, '{}')",
                (row.at, row.source, row.population, row.code, row.rules),
            )
            self._corpus = cursor.lastrowid
            connection.execute(
                "DELETE FROM corpora WHERE number NOT IN"
                " (SELECT number FROM corpora ORDER BY number DESC LIMIT ?)",
                (CORPORA_KEPT_MAX,),
            )
            connection.commit()

    @property
    def takes_bodies(self) -> bool:
        """Whether more runs can be kept whole; of the others only the verdict is kept."""
        return self._bodies < BODIES_KEPT_MAX

    def keep(self, row: RunRow) -> None:
        """One run; written together with others, so that the file is never locked for long."""
        self._bodies += row.body is not None
        self._waiting.append(
            (row.id, self._corpus, row.name, row.seam, row.phase, row.verdict, row.body),
        )
        if len(self._waiting) >= WRITTEN_TOGETHER:
            self._write()

    def _write(self) -> None:
        with self._harmless() as connection:
            connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", self._waiting)
            connection.commit()
        self._waiting.clear()

    def end(self, clusters: Iterator[ClusterRow], summary: str) -> None:
        """The comparison is over: its clusters, and what its screen said."""
        self._write()
        with self._harmless() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO clusters VALUES (?, ?, ?)",
                [(row.digest, self._corpus, row.body) for row in clusters],
            )
            connection.execute(
                "UPDATE corpora SET whole = 1, summary = ? WHERE number = ?", (summary, self._corpus)
            )
            connection.commit()

    @contextmanager
    def _harmless(self) -> Iterator[Any]:
        if self.problem is not None:
            yield _Nowhere()
            return
        try:
            yield self._connection
        except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
            self.problem = f"{self.path}: runs are not kept: {error}"
            self._warn(self.problem)


class _Nowhere:
    """Takes what would be written to a store that is out of order."""

    lastrowid: int | None = None

    def execute(self, *_: object) -> _Nowhere:
        """Keep nothing."""
        return self

    def executemany(self, *_: object) -> None:
        """Keep nothing."""

    def commit(self) -> None:
        """There is nothing to commit."""


class Archive:
    """Reads a store; raises ConfigurationError where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def corpora(self) -> list[CorpusRow]:
        """All comparisons, the latest first."""
        found = self._rows(
            "SELECT number, at, source, population, code, rules, whole, summary FROM corpora"
            " ORDER BY number DESC"
        )
        return [
            CorpusRow(at, source, population, code, rules, number, bool(whole), summary)
            for number, at, source, population, code, rules, whole, summary in found
        ]

    def clusters(self, prefix: str) -> list[ClusterRow]:
        """The clusters whose digest begins so, each as it was found last."""
        found = self._rows(
            "SELECT digest, body, max(corpus) FROM clusters WHERE substr(digest, 1, ?) = ?"
            " GROUP BY digest ORDER BY max(corpus) DESC LIMIT ?",
            (len(prefix), prefix, FOUND_MAX),
        )
        return [ClusterRow(digest, body, corpus) for digest, body, corpus in found]

    def runs(self, name: str) -> list[RunRow]:
        """The runs of a case of this name, or whose id begins so, of the latest comparison that has any."""
        found = self._rows(
            "SELECT id, name, seam, phase, verdict, body, corpus FROM runs"
            " WHERE name = ? OR substr(id, 1, ?) = ? ORDER BY corpus DESC, rowid LIMIT ?",
            (name, len(name), name, FOUND_MAX),
        )
        return [RunRow(*row) for row in found if row[-1] == found[0][-1]]

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        if not self.path.exists():
            return []
        try:
            with closing(
                sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True, timeout=_TIMEOUT_S)
            ) as connection:
                return connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise ConfigurationError(str(self.path), f"cannot be read as a store: {error}") from error
