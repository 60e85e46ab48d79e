"""Looks kept comparisons, clusters and runs up, for screens."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from changeover.errors import ConfigurationError
from changeover.evidence.store.connection import Connection
from changeover.evidence.store.reading import (
    MORE_COLUMNS,
    READ_COLUMNS,
    comparisons_in,
    read_cluster,
    read_run,
)
from changeover.evidence.store.records import UNSAFE_MARK, StoredCluster, StoredComparison, StoredRun
from changeover.evidence.store.store import StorePlace, StoreProblem, has_store, reading
from changeover.settings import PRODUCTION
from changeover.values.verdict import Verdict

FOUND_MAX = 200
RUNS_NAMED_MAX = 20_000
_RUNS = f"SELECT {', '.join((*READ_COLUMNS, *MORE_COLUMNS))}"
T = TypeVar("T")


class Archive:
    """Raises ConfigurationError where a store cannot be read; one that is not there holds nothing."""

    def __init__(self, path: StorePlace) -> None:
        self.path = path

    def corpora(self) -> list[StoredComparison]:
        """All comparisons without their clusters, the latest first."""
        return self._look(comparisons_in)

    def clusters(self, prefix: str) -> list[StoredCluster]:
        """The clusters whose digest begins so, each as it was found last."""
        return self._look(lambda connection: _clusters(connection, prefix))

    def runs(self, name: str) -> list[StoredRun]:
        """The runs of a case of this name, or whose id begins so, of the latest comparison that has any.

        Runs in production come last, also the latest one with a cluster that begins so.
        """
        found = self._runs(
            ", body FROM runs WHERE name = ? OR substr(id, 1, ?) = ? ORDER BY coalesce(corpus, 0) DESC, rowid"
            " LIMIT ?",
            (name, len(name), name, FOUND_MAX),
        ) or self._runs(
            ", body FROM runs WHERE corpus IS NULL AND clusters != '[]'"
            " AND (replace(clusters, ?, '') != clusters OR replace(clusters, ?, '') != clusters)"
            " ORDER BY at DESC, rowid LIMIT 1",
            (f'"{name}', f'"{UNSAFE_MARK}{name}'),
        )
        return [run for run in found if run.corpus == found[0].corpus]

    def whole_runs(self, ids: Sequence[str]) -> list[StoredRun]:
        """Those of these runs that are kept whole."""
        found: list[StoredRun] = []
        for start in range(0, len(ids), FOUND_MAX):
            some = ids[start : start + FOUND_MAX]
            marks = ", ".join("?" * len(some))
            found += self._runs(f", body FROM runs WHERE id IN ({marks}) AND body IS NOT NULL", tuple(some))
        return found

    def runs_of(self, corpus: int, verdicts: Sequence[Verdict], most: int) -> list[StoredRun]:
        """The runs of one comparison that ended so, at most so many, in their order and without bodies."""
        marks = ", ".join("?" * len(verdicts))
        return self._runs(
            f" FROM runs WHERE corpus = ? AND verdict IN ({marks}) ORDER BY rowid LIMIT ?",
            (corpus, *map(str, verdicts), most),
        )

    def in_production(self, code: str | None, rules: str, verdicts: Sequence[Verdict]) -> list[StoredRun]:
        """The runs in production on this code and these rules that ended so, without bodies.

        The latest come first, at most `RUNS_NAMED_MAX` of them.
        """
        marks = ", ".join("?" * len(verdicts))
        return self._runs(
            " FROM runs WHERE kind IN (SELECT number FROM kinds WHERE code = ? AND rules = ?"  # noqa: S608
            f" AND verdict IN ({marks})) ORDER BY at DESC, rowid DESC LIMIT ?",
            (code or "", rules, *map(str, verdicts), RUNS_NAMED_MAX),
        )

    def of_production(self, most: int) -> list[StoredRun]:
        """The latest runs in production, whatever their code, without bodies; at most so many."""
        return self._runs(
            " FROM runs WHERE corpus IS NULL AND population = ? ORDER BY at DESC LIMIT ?", (PRODUCTION, most)
        )

    def run_of(self, corpus: int, name: str, seam: str) -> StoredRun | None:
        """One run of one comparison, whole if it is kept so: of several in a case, one that differs."""
        found = self._runs(
            ", body FROM runs WHERE corpus = ? AND name = ? AND seam = ?"
            " ORDER BY verdict NOT IN ('unsafe', 'diverged'), body IS NULL, rowid LIMIT 1",
            (corpus, name, seam),
        )
        return found[0] if found else None

    def _runs(self, query: str, values: Sequence[object]) -> list[StoredRun]:
        return self._look(
            lambda connection: [
                read_run(row) for row in connection.execute(f"{_RUNS}{query}", tuple(values)).fetchall()
            ]
        )

    def _look(self, at: Callable[[Connection], list[T]]) -> list[T]:
        if not has_store(self.path):
            return []
        try:
            with reading(self.path) as connection:
                return at(connection)
        except (StoreProblem, LookupError, TypeError, AttributeError) as problem:
            why = problem.why if isinstance(problem, StoreProblem) else f"{type(problem).__name__}: {problem}"
            raise ConfigurationError(str(self.path), f"cannot be read as a store: {why}") from problem


def _clusters(connection: Connection, prefix: str) -> list[StoredCluster]:
    rows = connection.execute(
        "SELECT digest, clusters.body, corpus FROM clusters JOIN corpora ON number = corpus"
        " WHERE kept = 1 AND substr(digest, 1, ?) = ? ORDER BY at DESC, number DESC",
        (len(prefix), prefix),
    ).fetchall()
    latest: dict[str, tuple[str, int]] = {}
    for digest, body, corpus in rows:
        if digest in latest or len(latest) < FOUND_MAX:
            latest.setdefault(digest, (body, corpus))
    return [read_cluster(digest, json.loads(body), corpus) for digest, (body, corpus) in latest.items()]
