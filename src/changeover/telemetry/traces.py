"""Spans of OpenTelemetry for seams, answering paths and replays, through its API alone.

Without an SDK there is nothing that would take a span, and none is made. Whatever goes wrong with one breaks
no answer. What a span does (an exporter may reach the network) is no deed of a path, and draws none of the
program's random numbers. A span holds names and words of the toolkit, and no value of the program.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from changeover.errors import MissingPackageError
from changeover.record.context import SESSION, restore
from changeover.record.run import Run
from changeover.replay.random_numbers import OwnRandom, random_apart
from changeover.telemetry.logs import logger
from changeover.values.interruption import stop_if_interrupted
from changeover.values.observation import Outcome, Raised, Side
from changeover.values.pins import Pins
from changeover.values.stage import Stage

EXTRA = "otel"
LOOK_S = 1.0
"""How often it is asked whether there is an SDK by now."""
SEAM, ANSWERING, REPLAY = "changeover.seam", "changeover.answering", "changeover.replay"
EVALUATION = "feature_flag.evaluation"
PROVIDER = "changeover"
_VERSION = "00"
T = TypeVar("T")
_log = logger("traces")


class Flags(Protocol):
    """The stages of now."""

    @property
    def killed(self) -> bool:
        """Whether the kill switch is on."""

    @property
    def revision(self) -> int | None:
        """That of flags.json."""


class Traces:
    """Makes the spans of one program; raises MissingPackageError where the API is not installed.

    `current` gives the stages of now.
    """

    def __init__(self, current: Callable[[], Flags], monotonic: Callable[[], float] = time.monotonic) -> None:
        try:
            from opentelemetry import _logs, context, trace
        except ModuleNotFoundError as error:
            raise MissingPackageError("opentelemetry-api", EXTRA) from error
        self._current, self._monotonic = current, monotonic
        self._trace, self._context, self._logs = trace, context, _logs
        self._tracer: Any = None
        self._next_look = float("-inf")

    def of_seam(self, seam: str, phase: str, pins: Pins, answered_by: Side) -> SeamTrace | None:
        """Begin the span of a run; None without an SDK."""
        if self._tracer is None and (self._monotonic() < self._next_look or self._look() is None):
            return None
        return apart(partial(self._begun, seam, phase, pins, answered_by))

    def of_replay(self, seam: str, phase: str, side: Side, parent: str | None) -> SpanOfReplay | None:
        """Begin the span of a replay in another process than that of the program; None without an SDK.

        `parent` is the span of its seam as that process wrote it down.
        """
        tracer = self._tracer or self._look()
        if tracer is None:
            return None

        def begun() -> SpanOfReplay:
            around = self._trace.set_span_in_context(self._remote(parent))
            return SpanOfReplay(self, tracer.start_span(REPLAY, around, attributes=_about(seam, phase, side)))

        return apart(begun)

    def _look(self) -> Any:
        """The tracer of the SDK, where there is one by now."""
        self._next_look = self._monotonic() + LOOK_S
        provider = self._trace.get_tracer_provider()
        if not isinstance(provider, self._trace.ProxyTracerProvider | self._trace.NoOpTracerProvider):
            self._tracer = provider.get_tracer("changeover")
        return self._tracer

    def _begun(self, seam: str, phase: str, pins: Pins, answered_by: Side) -> SeamTrace:
        tracer, stage = self._tracer, pins.setting(phase).stage
        attributes = {**_about(seam, phase, answered_by), "changeover.stage": str(stage)}
        made = SeamTrace(self, tracer, tracer.start_span(SEAM, attributes=attributes), seam, phase)
        quietly(partial(self._tell_of_flag, phase, stage, made.around))
        return made

    def _tell_of_flag(self, phase: str, stage: Stage, around: Any) -> None:
        logs = self._logs.get_logger("changeover")
        is_enabled = getattr(logs, "enabled", None)  # which earlier versions do not have
        if is_enabled is not None and not is_enabled(event_name=EVALUATION):
            return
        flags = self._current()
        reason = "disabled" if flags.killed else "split" if stage is Stage.RAMP else "static"
        attributes = {
            "feature_flag.key": phase,
            "feature_flag.provider.name": PROVIDER,
            "feature_flag.result.variant": str(stage),
            "feature_flag.result.reason": reason,
        }
        if flags.revision is not None:
            attributes["feature_flag.version"] = str(flags.revision)
        record = self._logs.LogRecord(
            timestamp=time.time_ns(), context=around, attributes=attributes, event_name=EVALUATION
        )
        logs.emit(record)

    def entered(self, span: Any) -> tuple[Any, Any]:
        """Let this span be the one that others begin in; gives what was so before, and what is so now."""
        before = self._context.get_current()
        now = self._trace.set_span_in_context(span)
        self._context.attach(now)
        return before, now

    def left(self, before: Any, now: Any) -> None:
        """Put back what was so, unless the path itself left something else there.

        No token is used: a coroutine may be in another context by now, where it is worth nothing.
        """
        if self._context.get_current() is now:
            self._context.attach(before)

    def context_of(self, span: Any) -> Any:
        """The context in which a span is the one that others begin in."""
        return self._trace.set_span_in_context(span, self._context.Context())

    def failed(self, span: Any, kind: str) -> None:
        """Say that it ended with an error, of which the kind alone is told: its text may hold a secret."""
        span.set_attribute("error.type", kind)
        span.set_status(self._trace.StatusCode.ERROR)

    def _remote(self, text: str | None) -> Any:
        """The span of another process; an invalid one where the text is none."""
        none = self._trace.INVALID_SPAN
        try:
            version, trace_id, span_id, flags = (text or "").split("-")
            found = self._trace.SpanContext(
                int(trace_id, 16), int(span_id, 16), True, self._trace.TraceFlags(int(flags, 16))
            )
        except ValueError:
            return none
        return self._trace.NonRecordingSpan(found) if version == _VERSION and found.is_valid else none


class SeamTrace:
    """The span of one run, and those that begin in it.

    That of the path which answers is handed to the SDK with the run's own, so that this takes one step out of
    the run; it ends at the moment at which the path has ended.
    """

    def __init__(self, traces: Traces, tracer: Any, span: Any, seam: str, phase: str) -> None:
        self._traces, self._tracer, self._span = traces, tracer, span
        self._seam, self._phase = seam, phase
        self._answering: list[SpanOfAnswer] = []
        self.around = traces.context_of(span)

    @property
    def parent(self) -> str | None:
        """The span as another process reads it: a `traceparent` of W3C; None where it cannot be told."""

        def written() -> str:
            found = self._span.get_span_context()
            return f"{_VERSION}-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"

        return quietly(written)

    def answering(self, side: Side) -> SpanOfAnswer | None:
        """Begin the span of the path that answers; what the path traces itself belongs to it."""
        about = _about(self._seam, self._phase, side)
        entered = apart(
            lambda: SpanOfAnswer(
                self._traces, self._tracer.start_span(ANSWERING, self.around, attributes=about)
            )
        )
        if entered is not None:
            self._answering.append(entered)
        return entered

    def replay(self, side: Side) -> SpanOfReplay | None:
        """Begin the span of the other path."""
        about = _about(self._seam, self._phase, side)
        return apart(
            lambda: SpanOfReplay(self._traces, self._tracer.start_span(REPLAY, self.around, attributes=about))
        )

    def end(self) -> None:
        """The caller has the answer."""
        apart(self._ended)

    def _ended(self) -> None:
        for span in self._answering:
            quietly(span.ended)
        self._span.end()


class SpanOfAnswer:
    """That of a path which runs right here."""

    def __init__(self, traces: Traces, span: Any) -> None:
        self._traces, self._span = traces, span
        self._end_ns: int | None = None
        self._error: str | None = None
        self._before, self._now = traces.entered(span)

    def leave(self) -> None:
        """The path has ended."""
        self._end_ns = time.time_ns()
        quietly(partial(self._traces.left, self._before, self._now))

    def end(self, outcome: Outcome) -> None:
        """Say how the path ended."""
        if isinstance(outcome, Raised):
            self._error = type(outcome.error).__qualname__

    def ended(self) -> None:
        """Hand the span to the SDK."""
        if self._error is not None:
            self._traces.failed(self._span, self._error)
        self._span.end(self._end_ns)


class SpanOfReplay:
    """That of a path which is replayed, from its beginning until the run has a verdict."""

    def __init__(self, traces: Traces, span: Any) -> None:
        self._traces, self._span = traces, span

    def enter(self) -> None:
        """Let what begins in this context from now on belong to it."""
        quietly(partial(self._traces.entered, self._span))

    def end(self, run: Run) -> None:
        """The run has its verdict."""

        def ended() -> None:
            self._span.set_attribute("changeover.verdict", str(run.verdict))
            self._span.set_attribute("changeover.run", run.id)
            self._span.end()

        apart(ended)


_generators: list[OwnRandom] = []


def _generator() -> OwnRandom:
    """That of this process; to make one takes longer than a span does."""
    if not _generators:
        _generators.append(OwnRandom())
    return _generators[0]


if hasattr(os, "register_at_fork"):  # a forked process would repeat the identifiers of its parent
    os.register_at_fork(after_in_child=_generators.clear)


def _about(seam: str, phase: str, side: Side) -> dict[str, str]:
    return {"changeover.seam": seam, "changeover.phase": phase, "changeover.path": str(side)}


def apart(act: Callable[[], T]) -> T | None:
    """Do what is no deed of a path, and draws no random number of the program; only interrupts are raised."""
    token = SESSION.set(None)
    try:
        with random_apart(_generator()):
            return quietly(act)
    finally:
        restore(SESSION, token)


def quietly(act: Callable[[], T]) -> T | None:
    """Do what reaches nothing of the program; only interrupts are raised."""
    try:
        return act()
    except BaseException as error:  # noqa: BLE001  promise 1: no span breaks an answer
        stop_if_interrupted(error)
        _log.warning("a span could not be made: %s", type(error).__name__)
        return None
