"""The metrics of the table, made with prometheus_client: it is imported here alone, and when it is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from changeover.errors import ConfigurationError, MissingPackageError, describe_os_error
from changeover.telemetry.metric_table import OWN_TIME_BUCKETS_S, Metric, MetricKind

EXTRA = "metrics"
MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""That of prometheus_client, which writes the values of each process to a file there."""


class Sample(NamedTuple):
    """One value of a metric, with the values of its labels in their order."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


def client() -> Any:
    """The package; raises MissingPackageError."""
    try:
        import prometheus_client
    except ModuleNotFoundError as error:
        raise MissingPackageError("prometheus_client", EXTRA) from error
    return prometheus_client


def new_registry() -> Any:
    """A registry with nothing in it; raises MissingPackageError."""
    return client().CollectorRegistry()


def default_registry() -> Any:
    """The one that a program exposes unless it has made another; raises MissingPackageError."""
    return client().REGISTRY


def in_several_processes() -> bool:
    """Whether prometheus_client joins the values of several processes: no collector is asked then."""
    return bool(os.environ.get(MULTIPROCESS_VARIABLE) or os.environ.get(MULTIPROCESS_VARIABLE.lower()))


def made(metric: Metric, registry: Any) -> Any:
    """The metric in a registry; raises ValueError where the registry has it already."""
    package = client()
    if metric.kind is MetricKind.COUNTER:
        return package.Counter(metric.name, metric.meaning, metric.labels, registry=registry)
    if metric.kind is MetricKind.HISTOGRAM:
        return package.Histogram(
            metric.name, metric.meaning, metric.labels, registry=registry, buckets=OWN_TIME_BUCKETS_S
        )
    return package.Gauge(
        metric.name, metric.meaning, metric.labels, registry=registry, multiprocess_mode=metric.together
    )


class SamplesCollector:
    """Gives what a function finds at each scrape."""

    def __init__(self, samples: Callable[[], Iterable[Sample]], metrics: Iterable[Metric]) -> None:
        self._samples, self._metrics = samples, tuple(metrics)

    def describe(self) -> list[Any]:
        """The names, without asking the function."""
        return [_family(metric) for metric in self._metrics]

    def collect(self) -> Iterable[Any]:
        """The families with their samples; one that has none is left out."""
        families: dict[str, Any] = {}
        for metric, labels, value in self._samples():
            if metric.name not in families:
                families[metric.name] = _family(metric)
            families[metric.name].add_metric(labels, value)
        return families.values()


class BeforeScrape:
    """Lets a function bring metrics up to date before a registry that is asked reads them."""

    def __init__(self, refresh: Callable[[], None]) -> None:
        self._refresh = refresh

    def describe(self) -> list[Any]:
        """It has none of its own."""
        return []

    def collect(self) -> list[Any]:
        """Refresh; it has none of its own."""
        self._refresh()
        return []


def _family(metric: Metric) -> Any:
    from prometheus_client import core

    families: Mapping[MetricKind, Any] = {
        MetricKind.COUNTER: core.CounterMetricFamily,
        MetricKind.GAUGE: core.GaugeMetricFamily,
    }
    return families[metric.kind](metric.name, metric.meaning, labels=metric.labels)


def text_of(samples: Iterable[Sample]) -> str:
    """Samples in the text format of Prometheus; raises MissingPackageError."""
    registry, found = new_registry(), tuple(samples)
    registry.register(SamplesCollector(lambda: found, ()))
    text: str = client().generate_latest(registry).decode()
    return text


def serve(registry: Any, host: str, port: int) -> Callable[[], None]:
    """Answer scrapes of a registry in threads of their own; gives what ends that.

    Raises ConfigurationError where nothing can listen there.
    """
    try:
        server, thread = client().start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        why = describe_os_error(error)
        raise ConfigurationError(
            "--metrics", f"nothing can listen at {host}:{port}: {why}; allowed: a free port of this machine"
        ) from error

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
