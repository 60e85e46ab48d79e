"""`explain --full`: every value of a run as it is kept, on lines of its own, whatever the width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from changeover.evidence.cluster_examples import ClusterExamples
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.run_contents import RunContents, calls_in_order, error_name
from changeover.values.divergence import Divergence
from changeover.values.observation import Observation, Outcome, Raised, logged_by_one
from changeover.values.safe_text import visible
from changeover.values.value_text import written
from changeover.views.layout import plural

_STEP = "    "


def full_run(run: StoredRun) -> str:
    """One run: its arguments, all calls of both paths with their answers, how they ended, what differs."""
    contents = run.contents
    lines = [f"{visible(run.name or run.id)}   {run.seam}   {run.verdict}", ""]
    if contents is None:
        return (
            "\n".join([*lines, "only the verdict is kept: runs that match are kept whole as a sample"]) + "\n"
        )
    lines += [
        f"stage {contents.stage}, {contents.answered_by} answered",
        *_value("arguments", contents.arguments),
    ]
    lines += [visible(f"not compared: {contents.reason}")] if contents.reason else []
    lines += [visible(note) for note in contents.notes]
    for side in (contents.legacy, contents.candidate):
        if side is not None:
            word = "performed" if side.path is contents.answered_by else "replayed"
            lines += ["", f"{side.path} ({word})", *_side(side)]
    lines += _differences(contents)
    return "\n".join(lines) + "\n"


def full_examples(examples: ClusterExamples) -> str:
    """Both values of every example."""
    lines = [""]
    for one in examples.examples:
        lines += [f"{', '.join(one.why)}   {visible(one.run)}", *_divergence(one.divergence), ""]
    return "\n".join(lines)


def _side(side: Observation) -> Iterator[str]:
    for number, (word, call) in enumerate(calls_in_order(side), start=1):
        at = "" if call.asked_at is None else f"   {call.asked_at}"
        yield f"  {number:>3} {word} {visible(call.name)}{visible(at)}"
        for name, value in call.arguments.items():
            yield from _value(visible(name), value, _STEP * 2)
        yield from _ending(call.outcome, _STEP * 2)
    for step in side.events:
        handler = "" if step.handler is None else f" {step.handler}"
        yield visible(f"      event {step.point} {step.bus}.{step.type}{handler}")
        if step.content is not None:
            yield from _value("content", step.content, _STEP * 2)
    for name, value in (side.changed or {}).items():
        yield from _value(f"changed {visible(name)}", value, "  ")
    yield from _ending(side.outcome, "  ")
    if side.own_time_s is not None:
        yield f"  took {side.own_time_s * 1000:.3f} ms"


def _ending(outcome: Outcome, indent: str) -> Iterator[str]:
    if isinstance(outcome, Raised):
        at = "" if outcome.raised_at is None else f" at {outcome.raised_at}"
        yield f"{indent}raised {visible(f'{error_name(outcome.error)}{at}: {outcome.error}')}"
    else:
        yield from _value("gave", outcome.value, indent)


def _value(name: str, value: Any, indent: str = "") -> Iterator[str]:
    """A mapping or a list part by part, so that no line is longer than a leaf."""
    if isinstance(value, Mapping) and value:
        yield f"{indent}{name}"
        for key, part in value.items():
            yield from _value(visible(str(key)), part, f"{indent}  ")
    elif isinstance(value, list) and value:
        yield f"{indent}{name}"
        for number, part in enumerate(value):
            yield from _value(f"[{number}]", part, f"{indent}  ")
    else:
        yield f"{indent}{name}  {visible(written(value))}"


def _differences(contents: RunContents) -> Iterator[str]:
    sightings = [*contents.sightings, *([None] * len(contents.divergences))]
    if contents.divergences:
        yield ""
        yield plural(len(contents.divergences), "difference")
    for found, sighting in zip(contents.divergences, sightings, strict=False):
        yield from _divergence(found)
        if sighting is not None:
            yield visible(f"  {sighting}")
    if contents.legacy is not None and contents.candidate is not None:
        for side, line in logged_by_one(contents.legacy, contents.candidate):
            yield visible(f"logged by {side} alone: {line}")


def _divergence(found: Divergence) -> Iterator[str]:
    yield visible(f"x {found.place}   {found.kind}")
    yield from _value("legacy", found.legacy, "  ")
    yield from _value("candidate", found.candidate, "  ")
