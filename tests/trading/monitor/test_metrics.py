"""Metrics are well formed whatever stands in the journal, and a counter never falls."""

import math
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.trading.support.event_samples import NOW, request
from tests.trading.support.watched_accounts import HOSTILE
from trading.events.journal.records import Delivery, Failure, Outcome, Outgoing, Settlement
from trading.events.journal.sqlite import SqliteJournal
from trading.monitor.board import Board
from trading.monitor.counters import OTHER, SERIES_MAX, GrowingCounts
from trading.monitor.exposition import exposition, metrics_of

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Watched:
    """A board on a journal that the test writes, and what Prometheus would read."""

    def __init__(self, folder: Path) -> None:
        self.journal = SqliteJournal(folder / "a.journal.db")
        self.now = datetime.now(UTC)
        self.board = Board(folder / "a.db", "paper", wall=lambda: self.now)

    def text(self) -> str:
        self.now += timedelta(minutes=1)  # so that the board looks again
        look = self.board.refresh()
        alerts: dict[tuple[str, ...], float] = {("log", "taken"): 3.0}
        return exposition(metrics_of(look, self.board.counters.counted(), alerts, 1.5))

    def samples(self) -> Samples:
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(self.text())
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        return self.samples()[name, tuple(sorted(labels.items()))]

    def settle(self, seq: int, handler: str, outcome: Outcome, *, took_s: float = 0.02) -> None:
        failure = None if outcome is Outcome.HANDLED else Failure("ValueError", HOSTILE)
        delivery = Delivery(seq, request(f"e-{seq}"), handler)
        self.journal.settle(Settlement(delivery, outcome, NOW, failure=failure, took_s=took_s))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    with closing(made.journal):
        yield made


KIND = request("e-1").event_type


def test_every_label_reads_back_as_it_stands_in_the_journal(watched: Watched) -> None:
    watched.journal.append(Outgoing(request("e-1"), (HOSTILE, "two")), NOW)
    watched.settle(1, HOSTILE, Outcome.DEAD)
    assert watched.value("trading_dead_letters", event_type=KIND, handler=HOSTILE) == 1
    assert watched.value("trading_deliveries_given_up_total", event_type=KIND, handler=HOSTILE) == 1
    assert watched.value("trading_deliveries_failed_total", event_type=KIND, handler=HOSTILE) == 1
    assert watched.value("trading_undelivered_events", handler="two") == 1
    assert watched.value("trading_findings", kind="dead-letter") == 1
    assert watched.value("trading_alerts", receiver="log", state="taken") == 3


def test_times_of_a_handler_are_a_histogram_whose_bounds_add_up(watched: Watched) -> None:
    for seq, took_s in enumerate([0.0005, 0.02, 99.0], start=1):
        watched.journal.append(Outgoing(request(f"e-{seq}"), ("one",)), NOW)
        watched.settle(seq, "one", Outcome.HANDLED, took_s=took_s)
    name, samples = "trading_handler_duration_seconds", watched.samples()
    buckets = [
        (math.inf if dict(labels)["le"] == "+Inf" else float(dict(labels)["le"]), value)
        for (found, labels), value in samples.items()
        if found == f"{name}_bucket"
    ]
    assert buckets == sorted(buckets)
    assert [value for bound, value in buckets if bound in (0.001, 0.025, 10.0, math.inf)] == [1, 2, 2, 3]
    assert samples[f"{name}_count", (("handler", "one"),)] == 3
    assert samples[f"{name}_sum", (("handler", "one"),)] == pytest.approx(99.0205)


def test_no_counter_falls_when_a_letter_is_put_back_or_the_journal_is_pruned(watched: Watched) -> None:
    watched.journal.append(Outgoing(request("e-1"), ("one",)), NOW)
    watched.settle(1, "one", Outcome.DEAD)
    first = watched.samples()
    assert watched.journal.put_back(1, "one", NOW)
    put_back = watched.samples()
    watched.settle(1, "one", Outcome.HANDLED)
    assert watched.journal.prune(NOW + timedelta(days=1)) == 1
    pruned = watched.samples()
    totals = [key for key in first if key[0].endswith(("_total", "_bucket", "_sum", "_count"))]
    assert len(totals) > 10
    for key in totals:
        assert first[key] <= put_back[key] <= pruned[key], key
    labels = (("event_type", KIND), ("handler", "one"))
    assert pruned["trading_deliveries_given_up_total", labels] == 1
    assert ("trading_dead_letters", labels) not in pruned


def test_more_handlers_than_a_metric_holds_are_counted_together() -> None:
    counts = GrowingCounts()
    counts.see({(f"handler-{number}", "+Inf"): 2.0 for number in range(SERIES_MAX + 5)})
    values = counts.values()
    assert len(values) == SERIES_MAX + 1
    assert values[OTHER, "+Inf"] == 10.0


def test_a_journal_that_cannot_be_read_is_told_and_keeps_what_was_counted(watched: Watched) -> None:
    watched.journal.append(Outgoing(request("e-1"), ("one",)), NOW)
    assert watched.value("trading_journal_readable") == 1
    watched.board.journal.rename(watched.board.journal.with_name("elsewhere.db"))
    assert watched.value("trading_journal_readable") == 0
    assert watched.value("trading_findings", kind="unreadable") == 1
    assert watched.value("trading_events_published_total", event_type=KIND) == 1


def test_promtool_has_nothing_to_say_about_them(watched: Watched) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not here: Debian's package prometheus brings it")
    watched.journal.append(Outgoing(request("e-1"), (HOSTILE, "two")), NOW)
    watched.settle(1, HOSTILE, Outcome.DEAD)
    text = watched.text()
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
