"""The table of `docs/metrics.md`, as it follows from the metrics that there are."""

from changeover.telemetry.metric_table import METRICS, Metric

HEAD = "| metric | kind | unit | labels | from | meaning |\n|---|---|---|---|---|---|\n"


def metric_row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "-"
    given_by = ", ".join(metric.given_by)
    return f"| `{metric.name}` | {metric.kind} | {metric.unit} | {labels} | {given_by} | {metric.meaning} |\n"


def metric_rows() -> str:
    return HEAD + "".join(map(metric_row, METRICS))


if __name__ == "__main__":
    print(metric_rows())
