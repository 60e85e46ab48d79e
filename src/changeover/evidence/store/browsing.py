"""Looks through the runs in production as somebody does who leafs: some of them, the latest first.

Every question is bounded, and is answered from an index, however many runs a store has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.production import RunGroup
from changeover.evidence.store.records import UNSAFE_MARK, StoredRun
from changeover.evidence.store.rows_of_runs import stored_at
from changeover.quick_dataclass import dataclass
from changeover.values.verdict import Verdict

EXAMPLES_MAX = 5
NAMED_MAX = 50
MOMENTS_TOGETHER = 200
_LAST_LETTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs in production somebody wants to see; empty and None ask for all.

    `cluster` is the beginning of a digest. `until` is the moment before which they were.
    """

    seams: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    cluster: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def has(self, group: RunGroup) -> bool:
        """Whether runs of a group may be among them."""
        return (
            (not self.seams or group.seam in self.seams)
            and (not self.verdicts or group.verdict in self.verdicts)
            and (not self.cluster or any(one.startswith(self.cluster) for one in group.clusters))
            and (self.since is None or group.last >= self.since)
            and (self.until is None or group.first < self.until)
        )


class Browser(Archive):
    """Raises ConfigurationError where a store cannot be read; one that is not there holds nothing."""

    def latest(self, wanted: Wanted, groups: Iterable[RunGroup], most: int) -> list[StoredRun]:
        """The latest such runs, without bodies; `groups` are those of the store, by which its days are known.

        Days are looked through from the last one on until there are enough, so that a store of years costs
        no more than one of a week.
        """
        found = [group for group in groups if wanted.has(group)]
        if not found:
            return []
        enough = _day_with_enough(found, wanted, most)
        since = enough if wanted.since is None else max(enough, wanted.since)
        verdicts = wanted.verdicts or tuple(dict.fromkeys(group.verdict for group in found))
        seams = wanted.seams or tuple(dict.fromkeys(group.seam for group in found))
        kinds = f"seam IN ({_marks(seams)}) AND verdict IN ({_marks(verdicts)})"
        query = f" FROM runs WHERE kind IN (SELECT number FROM kinds WHERE {kinds}) AND at >= ?"  # noqa: S608
        values: list[object] = [*seams, *map(str, verdicts), stored_at(since)]
        if wanted.until is not None:
            query += " AND at < ?"
            values.append(stored_at(wanted.until))
        if wanted.cluster:
            query += " AND (replace(clusters, ?, '') != clusters OR replace(clusters, ?, '') != clusters)"
            values += [f'"{wanted.cluster}', f'"{UNSAFE_MARK}{wanted.cluster}']
        return self._runs(f"{query} ORDER BY at DESC, rowid DESC LIMIT ?", (*values, most))

    def examples(self, digest: str, groups: Iterable[RunGroup], most: int = EXAMPLES_MAX) -> list[StoredRun]:
        """Runs that have a cluster and are kept whole: the latest ones and the first, the latest first.

        No two are of one group where there are enough groups: runs of another day, stage or code tell more.
        """
        having = sorted(
            (group for group in groups if digest in group.clusters), key=lambda one: one.last, reverse=True
        )
        if not having:
            return []
        moments = [having[0].last, min(group.first for group in having)]
        moments += [group.last for group in having[1 : 2 * most]]
        found = self._at(dict.fromkeys(moments), digest)
        if len(found) < most:
            wanted = Wanted(cluster=digest, seams=(having[0].seam,), verdicts=(having[0].verdict,))
            known = {run.id for run in found}
            more = self.latest(wanted, having, 2 * most)
            found += [run for run in self.whole_runs([run.id for run in more]) if run.id not in known]
        ordered = sorted(found, key=lambda run: run.at, reverse=True)
        return ordered if len(ordered) <= most else [*ordered[: most - 1], ordered[-1]]

    def examples_of(self, latest: Sequence[RunGroup]) -> list[StoredRun]:
        """The last run of each of these groups, where it is kept whole."""
        return self._at(dict.fromkeys(group.last for group in latest), None)

    def run(self, identifier: str) -> StoredRun | None:
        """The run of an identifier, with its body."""
        found = self._runs(", body FROM runs WHERE id = ?", (identifier,))
        return found[0] if found else None

    def case(self, name: str) -> list[StoredRun]:
        """The runs of a case, with bodies: of the latest comparison that has any, else of production."""
        query = ", body FROM runs WHERE name = ? ORDER BY coalesce(corpus, 0) DESC, rowid LIMIT ?"
        found = self._runs(query, (name, NAMED_MAX))
        return [run for run in found if run.corpus == found[0].corpus]

    def beginning_with(self, text: str) -> list[StoredRun]:
        """Runs whose name or identifier begins so, without bodies; some of them where they are many."""
        if not text:
            return []
        found: dict[str, StoredRun] = {}
        for column in ("name", "id"):
            query = f" FROM runs WHERE {column} >= ? AND {column} < ? ORDER BY {column} LIMIT ?"
            for run in self._runs(query, (text, text + _LAST_LETTER, NAMED_MAX)):
                found.setdefault(run.id, run)
        return list(found.values())[:NAMED_MAX]

    def mark(self) -> tuple[object, ...]:
        """Says by being another one that something was added: a run, a verdict, a comparison, a review.

        Costs a look at what is counted, not at runs.
        """
        marks = self._look(_mark)
        return marks[0] if marks else ()

    def _at(self, moments: Iterable[datetime], digest: str | None) -> list[StoredRun]:
        texts = [stored_at(moment) for moment in moments]
        found: list[StoredRun] = []
        for start in range(0, len(texts), MOMENTS_TOGETHER):
            some = texts[start : start + MOMENTS_TOGETHER]
            query = f", body FROM runs WHERE corpus IS NULL AND at IN ({_marks(some)}) AND body IS NOT NULL"
            found += self._runs(query, some)
        return [run for run in found if digest is None or digest in run.clusters]


def _day_with_enough(groups: Sequence[RunGroup], wanted: Wanted, most: int) -> datetime:
    """The beginning of the day from which on there are `most` of these runs, or of the first day."""
    days: dict[datetime, int] = {}
    for group in groups:
        day = group.first.replace(hour=0, minute=0, second=0, microsecond=0)
        # Of the day that is cut off nobody knows how many are before the cut.
        is_cut = wanted.until is not None and group.last >= wanted.until
        days[day] = days.get(day, 0) + (0 if is_cut else group.runs)
    so_far = 0
    for day in sorted(days, reverse=True):
        so_far += days[day]
        if so_far >= most:
            return day
    return min(days) - timedelta(days=1)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _mark(connection: Connection) -> list[tuple[object, ...]]:
    """One row."""
    counted = connection.execute(
        "SELECT count(*), coalesce(sum(runs), 0), coalesce(max(last), ''), coalesce(sum(renewed), 0),"
        # A full store forgets a run for each that comes. Their identifiers tell; no such sum is too large.
        " coalesce(sum(ids % 1000003), 0) FROM tallies"
    ).fetchone()
    compared = connection.execute(
        "SELECT count(*), coalesce(max(number), 0), coalesce(sum(whole), 0), coalesce(sum(kept), 0)"
        " FROM corpora"
    ).fetchone()
    reviewed = connection.execute("SELECT coalesce(max(rowid), 0) FROM reviews").fetchone()
    alerted = connection.execute("SELECT coalesce(max(rowid), 0) FROM alerts").fetchone()
    running = connection.execute(
        "SELECT count(*) FROM runs WHERE corpus IN (SELECT number FROM corpora WHERE whole = 0)"
    ).fetchone()
    return [tuple(map(str, (*counted, *compared, *reviewed, *alerted, *running)))]
