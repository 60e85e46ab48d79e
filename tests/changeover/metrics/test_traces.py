"""Spans of seams, answering paths and replays have the right parents, and no program feels them."""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import _logs, context, trace
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from changeover import Migration
from changeover.errors import DeclarationError, MissingPackageError
from changeover.evidence.program_interface import comparison_runtime
from changeover.telemetry.traces import LOOK_S, Traces
from changeover.values.observation import Side
from changeover.values.pins import Pins
from tests.changeover.support.worker_project import WorkerProject

SECRET = "hunter2-correct-horse"


class Telemetry:
    """An SDK in this process, as a program sets it up; there can be one only."""

    def __init__(self) -> None:
        made: Any = InMemoryLogRecordExporter  # which says nothing of its types
        self.exporter, self.log_exporter = InMemorySpanExporter(), made()
        self.failing: BaseException | None = None
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(_Failing(self)))
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        trace.set_tracer_provider(provider)
        self.failing_log: BaseException | None = None
        logs = LoggerProvider()
        logs.add_log_record_processor(_FailingLog(self))
        logs.add_log_record_processor(SimpleLogRecordProcessor(self.log_exporter))
        _logs.set_logger_provider(logs)
        self.tracer = trace.get_tracer("the program")

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        found = {span.name: span for span in self.exporter.get_finished_spans()}
        assert len(found) == len(self.exporter.get_finished_spans())
        return found

    def parents(self) -> dict[str, str | None]:
        """By name of the span, the name of the one around it."""
        spans = self.spans
        names = {span.context.span_id: name for name, span in spans.items() if span.context is not None}
        return {
            name: None if span.parent is None else names.get(span.parent.span_id, "unknown")
            for name, span in spans.items()
        }

    @property
    def evaluations(self) -> list[dict[str, Any]]:
        found = [one.log_record for one in self.log_exporter.get_finished_logs()]
        return [dict(one.attributes or {}) for one in found if one.event_name == "feature_flag.evaluation"]


class _FailingLog(LogRecordProcessor):
    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def on_emit(self, log_record: Any) -> None:
        if self._telemetry.failing_log is not None:
            raise self._telemetry.failing_log

    def shutdown(self) -> None:
        """There is nothing to end."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


class _Failing(SpanExporter):
    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def export(self, spans: Any) -> SpanExportResult:
        if self._telemetry.failing is not None:
            raise self._telemetry.failing
        return SpanExportResult.SUCCESS


@pytest.fixture(scope="module")
def sdk() -> Telemetry:
    return Telemetry()


@pytest.fixture
def telemetry(sdk: Telemetry) -> Iterator[Telemetry]:
    sdk.exporter.clear()
    sdk.log_exporter.clear()
    sdk.failing = sdk.failing_log = None
    yield sdk
    sdk.failing = sdk.failing_log = None


class Depot:
    def held(self, item: str) -> int:
        return 3


class Program:
    """A program with a seam whose paths make spans of their own."""

    def __init__(self, telemetry: Telemetry | None, stage: str = "shadow", **options: Any) -> None:
        environment = {"CHANGEOVER_STAGE_S": stage}
        options = {"traces": True, "environment": environment, "refresh_s": 0, **options}
        self.migration = Migration(**options)
        self.depot = Depot()
        self.migration.port("depot", self.depot, reads={"held"})
        tracer = trace.NoOpTracer() if telemetry is None else telemetry.tracer

        def legacy(item: str) -> int:
            with tracer.start_as_current_span("legacy's own"):
                return self._answer(item)

        def candidate(item: str) -> int:
            with tracer.start_as_current_span("candidate's own"):
                return self._answer(item)

        self.call = self.migration.seam("s", legacy=legacy, candidate=candidate, key=str)

    def _answer(self, item: str) -> int:
        if item == "none":
            raise LookupError(SECRET)
        return self.depot.held(item)


def test_the_parents_are_right_in_one_process(telemetry: Telemetry) -> None:
    program = Program(telemetry)
    with telemetry.tracer.start_as_current_span("request"):
        assert program.call("apple") == 3
    assert telemetry.parents() == {
        "request": None,
        "changeover.seam": "request",
        "changeover.answering": "changeover.seam",
        "legacy's own": "changeover.answering",
        "changeover.replay": "changeover.seam",
        "candidate's own": "changeover.replay",
    }
    assert telemetry.spans["changeover.replay"].attributes == {
        "changeover.seam": "s",
        "changeover.phase": "s",
        "changeover.path": "candidate",
        "changeover.verdict": "match",
        "changeover.run": (telemetry.spans["changeover.replay"].attributes or {})["changeover.run"],
    }


def test_the_parents_are_right_where_it_is_compared_in_the_background(telemetry: Telemetry) -> None:
    program = Program(telemetry, mode="background")
    with telemetry.tracer.start_as_current_span("request"):
        program.call("apple")
    program.migration.close()
    parents = telemetry.parents()
    assert parents["changeover.replay"] == "changeover.seam"
    assert parents["candidate's own"] == "changeover.replay"
    ended = {name: span.end_time or 0 for name, span in telemetry.spans.items()}
    assert ended["changeover.seam"] <= ended["changeover.replay"]


def test_the_parents_are_right_in_an_async_seam(telemetry: Telemetry) -> None:
    migration = Migration(traces=True, environment={"CHANGEOVER_STAGE_S": "live"}, refresh_s=0)

    async def path(number: int) -> int:
        with telemetry.tracer.start_as_current_span("own"):
            await asyncio.sleep(0)
        return number

    async def other(number: int) -> int:
        return number

    seam: Any = migration.seam("s", legacy=other, candidate=path)

    async def request() -> None:
        with telemetry.tracer.start_as_current_span("request") as span:
            assert await seam(1) == 1
            assert trace.get_current_span() is span

    asyncio.run(request())
    assert telemetry.parents() == {
        "request": None,
        "changeover.seam": "request",
        "changeover.answering": "changeover.seam",
        "own": "changeover.answering",
        "changeover.replay": "changeover.seam",
    }


def test_a_seam_inside_another_one_has_its_spans_inside(telemetry: Telemetry) -> None:
    migration = Migration(
        traces=True, environment={"CHANGEOVER_STAGE_IN": "shadow", "CHANGEOVER_STAGE_OUT": "shadow"}
    )
    inner: Any = migration.seam("in", legacy=abs, candidate=abs)
    outer: Any = migration.seam("out", legacy=lambda number: inner(number), candidate=lambda number: number)
    outer(2)
    spans = telemetry.exporter.get_finished_spans()
    of = {(span.name, (span.attributes or {})["changeover.seam"]): span for span in spans}
    assert len(of) == len(spans) == 6
    around = of["changeover.answering", "out"].context
    within = of["changeover.seam", "in"].parent
    assert around is not None
    assert within is not None
    assert within.span_id == around.span_id


@pytest.mark.parametrize(
    ("stage", "variant", "reason"),
    [("shadow", "shadow", "static"), ("ramp:50", "ramp", "split"), ("live", "live", "static")],
)
def test_the_flag_is_told_as_an_event(telemetry: Telemetry, stage: str, variant: str, reason: str) -> None:
    Program(telemetry, stage).call("apple")
    assert telemetry.evaluations == [
        {
            "feature_flag.key": "s",
            "feature_flag.provider.name": "changeover",
            "feature_flag.result.variant": variant,
            "feature_flag.result.reason": reason,
        }
    ]
    told = telemetry.log_exporter.get_finished_logs()[0].log_record
    seam = telemetry.spans["changeover.seam"].context
    assert seam is not None
    assert (told.trace_id, told.span_id) == (seam.trace_id, seam.span_id)


def test_the_span_of_the_answer_lasts_as_long_as_its_path_and_not_as_its_run(telemetry: Telemetry) -> None:
    moments: list[int] = []

    def path(number: int) -> int:
        moments.append(time.time_ns())
        return number

    environment = {"CHANGEOVER_STAGE_S": "shadow"}
    judged: list[int] = []
    migration = Migration(
        traces=True, environment=environment, refresh_s=0, sink=lambda run: judged.append(time.time_ns())
    )
    migration.seam("s", legacy=path, candidate=path)(1)
    answering = telemetry.spans["changeover.answering"]
    assert answering.start_time is not None
    assert answering.end_time is not None
    assert answering.start_time <= moments[0] <= answering.end_time <= moments[1] <= judged[0]


def test_an_error_is_told_by_its_kind_and_never_by_its_text(telemetry: Telemetry) -> None:
    program = Program(telemetry)
    with pytest.raises(LookupError):
        program.call("none")
    span = telemetry.spans["changeover.answering"]
    assert (span.attributes or {})["error.type"] == "LookupError"
    assert span.status.status_code is trace.StatusCode.ERROR
    own = [one for name, one in telemetry.spans.items() if name.startswith("changeover.")]
    assert own
    assert SECRET not in "".join(one.to_json() for one in own)


@pytest.mark.parametrize("stage", ["off", "complete"])
def test_where_nothing_is_compared_there_is_no_span(telemetry: Telemetry, stage: str) -> None:
    Program(telemetry, stage).call("apple")
    assert not [name for name in telemetry.spans if name.startswith("changeover.")]
    assert telemetry.evaluations == []


def test_a_program_that_does_not_ask_has_no_span_though_there_is_an_sdk(telemetry: Telemetry) -> None:
    Program(telemetry, traces=False).call("apple")
    assert not [name for name in telemetry.spans if name.startswith("changeover.")]


def test_a_comparison_makes_no_span(telemetry: Telemetry) -> None:
    program = Program(telemetry)
    with program.migration.runtime.replaced_by(comparison_runtime(program.migration, None)):
        program.call("apple")
    assert not [name for name in telemetry.spans if name.startswith("changeover.")]


def test_spans_draw_none_of_the_random_numbers_of_the_program(telemetry: Telemetry) -> None:
    drawn = []
    for traces in (False, True):
        program = Program(None, traces=traces)
        random.seed(7)
        program.call("apple")
        drawn.append([random.random() for _ in range(3)])  # noqa: S311  no secret
    assert drawn[0] == drawn[1]
    assert "changeover.seam" in telemetry.spans


@pytest.mark.parametrize("error", [OSError("no route"), SystemExit(1), RecursionError()])
def test_an_exporter_that_fails_harms_no_caller(telemetry: Telemetry, error: BaseException) -> None:
    program = Program(None)
    telemetry.failing = error
    assert program.call("apple") == 3
    assert program.migration.counts["s", "match"] == 1


def test_an_event_that_cannot_be_told_costs_no_span(telemetry: Telemetry) -> None:
    telemetry.failing_log = OSError("no route")
    assert Program(telemetry).call("apple") == 3
    assert telemetry.parents()["changeover.replay"] == "changeover.seam"
    assert telemetry.evaluations == []


def test_what_an_exporter_does_is_no_deed_of_a_path(telemetry: Telemetry) -> None:
    """Whoever exports may use what the program has declared as a port."""
    migration = Migration(
        traces=True, environment={"CHANGEOVER_STAGE_IN": "shadow", "CHANGEOVER_STAGE_OUT": "shadow"}
    )
    runs: list[Any] = []
    migration.runtime.sink = runs.append
    depot = Depot()
    migration.port("depot", depot, reads={"held"})
    inner: Any = migration.seam("in", legacy=abs, candidate=abs)
    outer: Any = migration.seam("out", legacy=lambda number: inner(number), candidate=lambda number: number)

    class Reads(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            depot.held("apple")
            return SpanExportResult.SUCCESS

    processor = SimpleSpanProcessor(Reads())
    provider: Any = trace.get_tracer_provider()
    provider.add_span_processor(processor)
    try:
        outer(1)
    finally:
        processors = provider._active_span_processor
        processors._span_processors = tuple(
            one for one in processors._span_processors if one is not processor
        )
    assert [len(run.tape) for run in runs] == [0, 0]
    assert {str(run.verdict) for run in runs} == {"match"}


def test_what_the_path_leaves_as_the_current_context_stays(telemetry: Telemetry) -> None:
    migration = Migration(traces=True, environment={"CHANGEOVER_STAGE_S": "shadow"})
    key = context.create_key("tenant")

    def attaches(number: int) -> int:
        context.attach(context.set_value(key, number))
        return number

    seam = migration.seam("s", legacy=attaches, candidate=lambda number: number)
    before = context.get_current()
    try:
        seam(4)
        assert context.get_value(key) == 4
    finally:
        context.attach(before)


def test_without_an_sdk_nothing_is_made_and_one_that_comes_later_is_found() -> None:
    """In a process of its own: an SDK is set once."""
    code = """
from opentelemetry import trace
from changeover.telemetry.traces import LOOK_S, Traces
from changeover.rollout.resolver import Resolution
from changeover.values.observation import Side
from changeover.values.pins import Pins
now = [0.0]
traces = Traces(Resolution, lambda: now[0])
begin = lambda: traces.of_seam("s", "s", Pins({}), Side.LEGACY)
assert begin() is None
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider())
assert begin() is None
now[0] = LOOK_S
assert begin() is not None
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert LOOK_S == 1.0


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "00-1-2",
        "00-xyz-1-01",
        "01-" + "1" * 32 + "-" + "2" * 16 + "-01",
        f"00-{0:032x}-{0:016x}-01",
    ],
)
def test_a_parent_that_cannot_be_read_is_none(telemetry: Telemetry, text: str | None) -> None:
    traces = Program(telemetry).migration.runtime.traces
    assert traces is not None
    span = traces.of_replay("s", "s", Side.CANDIDATE, text)
    assert span is not None
    span._span.end()
    assert telemetry.spans["changeover.replay"].parent is None


def test_traces_is_a_switch() -> None:
    with pytest.raises(DeclarationError, match="traces was 'yes'"):
        Migration(traces="yes")  # type: ignore[arg-type]


def test_without_the_package_the_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(MissingPackageError, match=r"changeover\[otel\]"):
        Migration(traces=True)


TRACING = """
import json, os, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

class Into(SpanExporter):
    def export(self, spans):
        with open(os.environ["SPANS"], "a") as file:
            for span in spans:
                own, parent = span.context, span.parent and span.parent.span_id
                about = {"pid": os.getpid(), "name": span.name, "trace": own.trace_id, "id": own.span_id}
                file.write(json.dumps({**about, "parent": parent, **span.attributes}) + "\\n")
        return SpanExportResult.SUCCESS

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(Into()))
trace.set_tracer_provider(provider)
"""


def test_the_replay_of_a_worker_belongs_to_the_trace_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    project = WorkerProject(tmp_path / "shop")
    source = project.root / project.source.name
    text = source.read_text().replace(
        'Migration.load(ROOT / "migration")', 'Migration.load(ROOT / "migration", traces=True)'
    )
    assert "traces=True" in text
    source.write_text(text.replace("\nimport ctypes\n", f"\nimport ctypes\n{TRACING}\n", 1))
    spans_file = tmp_path / "spans"
    project.call("usual", "dear", "works-on", SPANS=str(spans_file))
    assert project.work(SPANS=str(spans_file))["replayed"] == 3
    spans = [json.loads(line) for line in spans_file.read_text().splitlines()]
    by_id = {span["id"]: span for span in spans}
    replays = [span for span in spans if span["name"] == "changeover.replay"]
    assert sorted(span["changeover.verdict"] for span in replays) == ["diverged", "match", "match"]
    for replay in replays:
        seam = by_id[replay["parent"]]
        assert seam["name"] == "changeover.seam"
        assert seam["trace"] == replay["trace"]
        assert seam["pid"] != replay["pid"]
    assert len({span["parent"] for span in replays}) == 3


def test_pins_make_no_difference_to_the_names(telemetry: Telemetry) -> None:
    """A phase that no pin knows is off; the span is made all the same, for whoever asks."""
    traces = Traces(Migration().stages)
    made = traces.of_seam("s", "unknown", Pins({}), Side.LEGACY)
    assert made is not None
    made.end()
    assert (telemetry.spans["changeover.seam"].attributes or {})["changeover.stage"] == "off"


FORKED = """
import os
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from changeover import Migration
trace.set_tracer_provider(TracerProvider())
migration = Migration(traces=True, environment={"CHANGEOVER_STAGE_S": "shadow"})
inside = []
seam = migration.seam("s", legacy=lambda: inside.append(trace.get_current_span()), candidate=lambda: None)
seam()
reading, writing = os.pipe()
if not os.fork():
    seam()
    os.write(writing, str(inside[-1].get_span_context().trace_id).encode())
    os._exit(0)
os.wait()
seam()
assert int(os.read(reading, 100)) != inside[-1].get_span_context().trace_id
"""


def test_a_forked_process_has_identifiers_of_its_own() -> None:
    assert subprocess.run([sys.executable, "-c", FORKED], check=False).returncode == 0
