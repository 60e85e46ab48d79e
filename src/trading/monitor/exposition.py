"""What a board knows as metrics, in the text format that Prometheus reads (version 0.0.4)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from trading.events.journal.backlog import Waiting
from trading.monitor.counters import SERIES_MAX, Counted, Labels
from trading.monitor.finding import FindingKind, findings, needing_a_person
from trading.monitor.look import Look

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PAIR = ("event_type", "handler")
TIMES = "trading_handler_duration_seconds"


class MetricType(StrEnum):
    """How Prometheus treats it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Sample:
    """One line; `name` None is the name of its metric."""

    labels: Mapping[str, str]
    value: float
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A name, what it means, and its samples."""

    name: str
    type: MetricType
    help: str
    samples: tuple[Sample, ...]


def exposition(metrics: Iterable[Metric]) -> str:
    """The page that Prometheus reads."""
    return "".join(f"{line}\n" for metric in metrics for line in _lines(metric))


def metrics_of(
    look: Look, counted: Counted, alerts: Mapping[Labels, float], started_at: float
) -> Iterator[Metric]:
    """All metrics; `alerts` counts by (receiver, state), `started_at` is in seconds since 1970."""
    yield _gauge(
        "trading_journal_readable",
        "1 where the journal could be read at the last look.",
        look.unreadable is None,
    )
    yield _gauge(
        "trading_look_timestamp_seconds", "When the journal was looked at last.", look.taken_at.timestamp()
    )
    yield _gauge("trading_watch_start_timestamp_seconds", "When this process began to watch.", started_at)
    if look.changed_at is not None:
        changed = look.changed_at.timestamp()
        yield _gauge(
            "trading_journal_change_timestamp_seconds", "When the journal was written to last.", changed
        )
    yield from _counters(counted)
    if look.unreadable is None:
        yield from _gauges(look)
    current = needing_a_person(findings(look))
    yield _metric(
        "trading_findings",
        MetricType.GAUGE,
        "What needs a person now, by kind.",
        ("kind",),
        {(kind.value,): sum(one.kind is kind for one in current) for kind in FindingKind},
    )
    yield _metric(
        "trading_alerts", MetricType.GAUGE, "Alerts by receiver and state.", ("receiver", "state"), alerts
    )


def _counters(counted: Counted) -> Iterator[Metric]:
    counter = MetricType.COUNTER
    yield _metric(
        "trading_events_published_total", counter, "Events published.", ("event_type",), counted.published
    )
    yield _metric("trading_deliveries_handled_total", counter, "Deliveries handled.", PAIR, counted.handled)
    yield _metric(
        "trading_deliveries_failed_total", counter, "Attempts of handlers that failed.", PAIR, counted.failed
    )
    yield _metric(
        "trading_deliveries_retried_total", counter, "Attempts beyond the first.", PAIR, counted.retried
    )
    yield _metric(
        "trading_deliveries_given_up_total", counter, "Deliveries given up.", PAIR, counted.given_up
    )
    yield _metric(
        "trading_runs_ended_total",
        counter,
        "Trading runs that ended; a run without events does not tell how.",
        ("result",),
        counted.runs,
    )
    yield Metric(
        TIMES,
        MetricType.HISTOGRAM,
        "Time inside a handler at the latest attempt of a delivery.",
        tuple(_histogram(counted)),
    )


def _histogram(counted: Counted) -> Iterator[Sample]:
    """By handler, ascending bounds within each, sum and count last."""
    for handler, each in groupby(sorted(counted.times, key=_by_bound), key=lambda labels: labels[0]):
        for _, bound in each:
            labels = {"handler": handler, "le": bound}
            yield Sample(labels, counted.times[handler, bound], f"{TIMES}_bucket")
        yield Sample({"handler": handler}, counted.seconds.get((handler,), 0.0), f"{TIMES}_sum")
        yield Sample({"handler": handler}, counted.times.get((handler, "+Inf"), 0.0), f"{TIMES}_count")


def _by_bound(labels: Labels) -> tuple[str, float]:
    handler, bound = labels
    return handler, float("inf") if bound == "+Inf" else float(bound)


def _gauges(look: Look) -> Iterator[Metric]:
    gauge, parking = MetricType.GAUGE, look.parking
    states: dict[Labels, float] = {}
    for run in look.runs:
        states[run.record.state,] = states.get((run.record.state,), 0.0) + 1
    dead: dict[Labels, float] = {}
    for letter in look.dead_letters:
        pair = (letter.event_type, letter.handler)
        dead[pair] = dead.get(pair, 0.0) + 1
    yield _metric("trading_workflows", gauge, "Runs in the journal, by state.", ("state",), states)
    yield _metric("trading_dead_letters", gauge, "Deliveries that are given up now.", PAIR, dead)
    if parking is None:
        return
    backlog = parking.backlog
    yield _gauge("trading_workflows_overdue", "Runs that have not ended in time.", len(parking.workflows))
    yield _gauge("trading_parked_messages", "Messages of a broker that were set aside.", len(backlog.parked))
    yield _gauge("trading_outbox_events", "Events that a broker has not confirmed.", backlog.outbox.number)
    waiting: dict[Labels, float] = {(name,): one.number for name, one in backlog.undelivered.items()}
    oldest: dict[Labels, float] = {
        (name,): _age_s(one, look) for name, one in backlog.undelivered.items() if one.oldest is not None
    }
    yield _metric(
        "trading_undelivered_events", gauge, "Deliveries to be done now or again.", ("handler",), waiting
    )
    yield _metric(
        "trading_undelivered_age_seconds", gauge, "How long the oldest of them waits.", ("handler",), oldest
    )


def _age_s(waiting: Waiting, look: Look) -> float:
    return 0.0 if waiting.oldest is None else max((look.as_of - waiting.oldest).total_seconds(), 0.0)


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return Metric(name, MetricType.GAUGE, help_text, (Sample({}, float(value)),))


def _metric(
    name: str, kind: MetricType, help_text: str, names: tuple[str, ...], values: Mapping[Labels, float]
) -> Metric:
    chosen = sorted(values.items())[:SERIES_MAX]
    samples = tuple(Sample(dict(zip(names, labels, strict=True)), value) for labels, value in chosen)
    return Metric(name, kind, help_text, samples)


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.help}"
    yield f"# TYPE {metric.name} {metric.type}"
    for sample in metric.samples:
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
        yield f"{sample.name or metric.name}{f'{{{labels}}}' if labels else ''} {_number(sample.value)}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
