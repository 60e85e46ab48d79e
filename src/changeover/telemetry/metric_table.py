"""Every metric with its meaning, unit and labels; a test holds `docs/metrics.md` equal to this table.

No label has a value that a caller of the program could choose: seams and phases are declared, all else are
words of the toolkit. A seam beyond `SEAMS_MAX` is counted under `OTHER_SEAMS`.
"""

from __future__ import annotations

from enum import StrEnum

from changeover.quick_dataclass import dataclass

SEAMS_MAX = 500
OTHER_SEAMS = "(others)"
OWN_TIME_BUCKETS_S = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)


class MetricKind(StrEnum):
    """As Prometheus calls them."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class GivenBy(StrEnum):
    """Who gives a metric: a program, `changeover worker --metrics`, or whoever looks at a project's files."""

    PROGRAM = "program"
    WORKER = "worker"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; `unit` is `1` for what is counted.

    `together` is how the values of several processes of one program become one: a mode of prometheus_client.
    """

    name: str
    kind: MetricKind
    meaning: str
    labels: tuple[str, ...]
    unit: str
    given_by: tuple[GivenBy, ...]
    together: str = "livemostrecent"


_PROGRAM, _WORKER, _PROJECT = (GivenBy.PROGRAM,), (GivenBy.WORKER,), (GivenBy.PROJECT,)
_BOTH = (GivenBy.PROGRAM, GivenBy.WORKER)
_ALWAYS = (GivenBy.PROGRAM, GivenBy.PROJECT)
_COUNTER, _GAUGE, _HISTOGRAM = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM

RUNS = Metric(
    "changeover_runs_total",
    _COUNTER,
    "Runs that this process judged or gave up, by what they showed. One that late work amends counts again.",
    ("seam", "verdict", "stage"),
    "1",
    _BOTH,
)
OWN_TIME = Metric(
    "changeover_own_time_seconds",
    _HISTOGRAM,
    "Time that a path took by itself in compared runs, without its ports.",
    ("seam", "path"),
    "seconds",
    _BOTH,
)
RECORDED = Metric(
    "changeover_recorded_runs_total",
    _COUNTER,
    "Answered runs of the mode worker, by what became of them in the program.",
    ("seam", "outcome"),
    "1",
    _PROGRAM,
)
IN_BACKGROUND = Metric(
    "changeover_background_runs",
    _GAUGE,
    "Answered runs that wait in the memory of the program to be compared or recorded.",
    (),
    "1",
    _PROGRAM,
    "livesum",
)
BACKGROUND_DROPPED = Metric(
    "changeover_background_dropped_total",
    _COUNTER,
    "Answered runs that found the queue of the background full, or came too late.",
    (),
    "1",
    _PROGRAM,
)
PROBLEMS = Metric(
    "changeover_problems",
    _GAUGE,
    "Sentences about flags, evidence and declarations that are wrong; Migration.problems has them.",
    (),
    "1",
    _PROGRAM,
    "livemax",
)
PHASE_STAGE = Metric(
    "changeover_phase_stage",
    _GAUGE,
    "1 for the stage that a phase is in, 0 for its others.",
    ("phase", "stage"),
    "1",
    _ALWAYS,
)
PHASE_RAMP = Metric(
    "changeover_phase_ramp_ratio",
    _GAUGE,
    "Share of keys that the candidate of a phase answers: 0 before the ramp, 1 from live on.",
    ("phase",),
    "ratio",
    _ALWAYS,
)
KILLED = Metric(
    "changeover_killed",
    _GAUGE,
    "1 while the kill switch is on, so that legacy answers every phase.",
    (),
    "1",
    _ALWAYS,
)
FLAGS_REVISION = Metric(
    "changeover_flags_revision",
    _GAUGE,
    "Revision of flags.json that holds; 0 before the first move.",
    (),
    "1",
    _ALWAYS,
)
REPLAYED = Metric(
    "changeover_worker_replayed_runs_total",
    _COUNTER,
    "Recorded runs that this worker has replayed.",
    (),
    "1",
    _WORKER,
)
REPLAY_FAILED = Metric(
    "changeover_worker_failed_runs_total",
    _COUNTER,
    "Recorded runs that this worker has replayed and that could not be compared.",
    (),
    "1",
    _WORKER,
)
LOST_BEFORE_REPLAY = Metric(
    "changeover_worker_dropped_runs_total",
    _COUNTER,
    "Recorded runs of programs that have ended, which were lost before this worker came to them.",
    (),
    "1",
    _WORKER,
)
WAITING = Metric(
    "changeover_waiting_runs",
    _GAUGE,
    "Recorded runs that wait for a worker.",
    (),
    "1",
    _PROJECT,
)
LAG = Metric(
    "changeover_lag_seconds",
    _GAUGE,
    "How old the oldest run is that waits for a worker; 0 where none waits.",
    (),
    "seconds",
    _PROJECT,
)
WORKER_SEEN = Metric(
    "changeover_worker_seen_timestamp_seconds",
    _GAUGE,
    "When a worker was seen last, in seconds since 1970; 0 where none ever was.",
    (),
    "seconds",
    _PROJECT,
)
UNWATCHED = Metric(
    "changeover_unwatched",
    _GAUGE,
    "1 where runs are recorded and no worker keeps up, so that no tripwire would notice anything.",
    (),
    "1",
    _PROJECT,
)
HANDLED = Metric(
    "changeover_handled_runs",
    _GAUGE,
    "Recorded runs that the workers known of have replayed, and that were lost before.",
    ("outcome",),
    "1",
    _PROJECT,
)
KEPT = Metric(
    "changeover_kept_runs",
    _GAUGE,
    "Runs in production on today's code and rules that the store counts, by what they showed.",
    ("seam", "verdict", "stage"),
    "1",
    _PROJECT,
)
KEPT_DAYS = Metric(
    "changeover_dates_with_runs",
    _GAUGE,
    "Days on which a phase has runs in production on today's code and rules.",
    ("phase",),
    "1",
    _PROJECT,
)
DISTINCT = Metric(
    "changeover_distinct_inputs",
    _GAUGE,
    "Distinct inputs in production on today's code and rules, of the seam of the phase that saw most.",
    ("phase",),
    "1",
    _PROJECT,
)
CLUSTERS = Metric(
    "changeover_clusters",
    _GAUGE,
    "Clusters of differences in production on today's code and rules, waived ones left out.",
    ("phase",),
    "1",
    _PROJECT,
)
LOST = Metric(
    "changeover_lost_runs",
    _GAUGE,
    "Runs in production that could not be kept as evidence.",
    (),
    "1",
    _PROJECT,
)
GATE = Metric(
    "changeover_gate_answer",
    _GAUGE,
    "1 for what the gate of the next stage of a phase answers, 0 for its other answers; no check is run.",
    ("phase", "to", "answer"),
    "1",
    _PROJECT,
)
CRITERIA = Metric(
    "changeover_gate_criteria",
    _GAUGE,
    "Criteria of the gate of the next stage of a phase, by their answers.",
    ("phase", "to", "answer"),
    "1",
    _PROJECT,
)
READABLE = Metric(
    "changeover_project_readable",
    _GAUGE,
    "1 where plan, flags and store of the project could be read; without them the other metrics are missing.",
    (),
    "1",
    _PROJECT,
)

METRICS = (
    *(RUNS, OWN_TIME, RECORDED, IN_BACKGROUND, BACKGROUND_DROPPED, PROBLEMS),
    *(PHASE_STAGE, PHASE_RAMP, KILLED, FLAGS_REVISION),
    *(REPLAYED, REPLAY_FAILED, LOST_BEFORE_REPLAY),
    *(WAITING, LAG, WORKER_SEEN, UNWATCHED, HANDLED),
    *(KEPT, KEPT_DAYS, DISTINCT, CLUSTERS, LOST, GATE, CRITERIA, READABLE),
)
