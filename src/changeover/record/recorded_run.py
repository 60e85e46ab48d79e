"""An answered run on its way to another process: everything that a replay and a judgement need of it.

It is written once, on the path of a caller who waits, and holds raw values: it may stand in the spool alone.
What cannot be read back is noticed by whoever reads it (`recorded_run_reading`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from changeover.record.call_inputs import ARGUMENTS
from changeover.record.codec import Codec
from changeover.record.context import Args, Kwargs
from changeover.record.encoding import WORDS
from changeover.record.scenario_file import Scenario
from changeover.record.stored_tape import add_tape
from changeover.record.tape import Entry, Tape
from changeover.values.copy_time import CopyTime
from changeover.values.event import EventStep, step_data
from changeover.values.log_line import LogLine
from changeover.values.observation import Observation, Outcome, Raised, Side
from changeover.values.pins import Pins
from changeover.values.stage import Setting

RECORDED_VERSION = 1
_encoder = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False)
_make_chunks: Any = getattr(json.encoder, "c_make_encoder", None)


def _chunks_of() -> Callable[[Any, int], Iterable[str]]:
    """What `JSONEncoder.encode` makes anew for each value, made once, where it can be."""
    with suppress(TypeError):  # another Python than those that are known
        quoted = json.encoder.encode_basestring_ascii
        found: Callable[[Any, int], Iterable[str]] = _make_chunks(
            None, _encoder.default, quoted, None, ":", ",", False, False, False
        )
        return found
    return lambda value, _: _encoder.iterencode(value)


_chunks = _chunks_of()


def _json(value: Any) -> str:
    return "".join(_chunks(value, 0))


class Passage(NamedTuple):
    """What is known of a passage through a seam before its values are read.

    `at_s` is when it was answered, in seconds since 1970. `code` is the digest of the program's code,
    `answering_code` that of the path that answered; `flags` is the revision of the flags that it stood at.
    `trace` is the span of the program that was around it. None where they are not known.
    """

    id: str
    at_s: float
    seam: str
    phase: str
    population: str
    answered_by: Side
    pins: Pins
    tags: tuple[str, ...] = ()
    code: str | None = None
    answering_code: str | None = None
    flags: int | None = None
    trace: str | None = None

    @property
    def at(self) -> datetime:
        """When it was answered."""
        return datetime.fromtimestamp(self.at_s, UTC)


class RecordedRun(NamedTuple):
    """A passage with its input, its tape and what the answering path left behind.

    `args` are without the object of a method. `changed` holds what it changed, by root. `inside_loop` says
    that a sync path was called inside a loop. `events` is None where it is not known what happened on buses:
    in a record of before they were kept, and where the program declared none.
    """

    passage: Passage
    args: Args
    kwargs: Kwargs
    tape: Tape
    outcome: Outcome
    own_time_s: float
    changed: dict[str, Any]
    logged: tuple[LogLine, ...] = ()
    inside_loop: bool = False
    events: tuple[EventStep, ...] | None = None

    def scenario(self, arguments: dict[str, Any]) -> Scenario:
        """The run as an input, with its arguments by name."""
        passage = self.passage
        return Scenario(
            passage.id,
            passage.seam,
            passage.answered_by,
            passage.pins.key,
            passage.tags,
            arguments,
            self.tape,
            self.outcome,
            passage.pins.correlation_id,
            passage.answering_code,
            changed=self.changed.get(ARGUMENTS, {}),
        )

    def observation(self) -> Observation:
        """What the answering path left behind."""
        return self.tape.observation(
            self.passage.answered_by,
            self.outcome,
            self.own_time_s,
            changed=self.changed,
            logged=self.logged,
            events=self.events or (),
        )


def written(run: RecordedRun, codec: Codec, time_left: CopyTime | None = None) -> bytes:
    """The run as it is appended to a spool.

    Raises CodecError naming the first value that has no form in data, and TookTooLong.
    """
    try:
        contents = _contents(run, partial(codec.encode_plainly, time_left=time_left), WORDS)
        return _joined(run.passage, contents)
    except ValueError:  # a number that JSON has no word for
        contents = _contents(run, partial(codec.encode_once, time_left=time_left), _NO_WORDS)
        return _joined(run.passage, contents)


def _head(passage: Passage) -> dict[str, Any]:
    """What differs from run to run."""
    head: dict[str, Any] = {
        "id": passage.id,
        "at": passage.at_s,
        "key": passage.pins.key,
        "correlation_id": passage.pins.correlation_id,
    }
    if passage.tags:
        head["tags"] = passage.tags
    if passage.trace is not None:
        head["trace"] = passage.trace
    return head


_beginnings: dict[tuple[str, Side, str | None], tuple[Mapping[str, Setting], str, str]] = {}
_BEGINNINGS_MAX = 1_000


def _beginning(passage: Passage) -> str:
    """What is the same for the runs of a seam between two looks at the flags, as text without its end."""
    named, settings = (passage.seam, passage.answered_by, passage.code), passage.pins.settings
    known = _beginnings.get(named)
    if known is not None and known[0] is settings and known[1] == passage.population:
        return known[2]
    text = _json(
        {
            "schema_version": RECORDED_VERSION,
            "seam": passage.seam,
            "phase": passage.phase,
            "population": passage.population,
            "answered_by": passage.answered_by,
            "stages": {phase: str(setting) for phase, setting in settings.items()},
            "code": passage.code,
            "answering_code": passage.answering_code,
            "flags": passage.flags,
        }
    )[:-1]
    if len(_beginnings) >= _BEGINNINGS_MAX:
        _beginnings.clear()
    _beginnings[named] = settings, passage.population, text
    return text


def _joined(passage: Passage, rest: dict[str, Any]) -> bytes:
    return f"{_beginning(passage)},{_json(rest)[1:]}".encode()


Encode = Callable[[Any, str], Any]
"""How a value becomes data; raises CodecError naming a place, and TookTooLong."""
Words = frozenset[type]
"""Classes whose values are data as they are: not handed to a function, as a caller waits for each."""
_NO_WORDS: Words = frozenset()


def _contents(run: RecordedRun, encode: Encode, words: Words) -> dict[str, Any]:
    tape, pins = run.tape, run.passage.pins
    data: dict[str, Any] = {
        "id": run.passage.id,
        "at": run.passage.at_s,
        "key": pins.key,
        "correlation_id": pins.correlation_id,
        "calls": [_call(entry, encode, words) for entry in tape.entries],
        "answer": _outcome(run.outcome, encode, words),
        "own_time_s": run.own_time_s,
    }
    if run.args:
        args = [*run.args]
        data["args"] = args if words.issuperset(map(type, args)) else encode(args, "arguments")
    if run.kwargs:
        data["kwargs"] = encode(run.kwargs, "arguments")
    if run.changed:
        data["changed"] = encode(run.changed, "changed")
    if run.passage.tags:
        data["tags"] = run.passage.tags
    if run.passage.trace is not None:
        data["trace"] = run.passage.trace
    add_tape(data, tape, encode)
    if run.logged:
        data["logged"] = [[line.level, line.source, line.text] for line in run.logged]
    if run.events is not None:
        data["events"] = [_step(step, encode) for step in run.events]
    if run.inside_loop:
        data["inside_loop"] = True
    return data


def _step(step: EventStep, encode: Encode) -> dict[str, Any]:
    data = step_data(step)
    if step.content is not None:
        data["content"] = encode(step.content, f"event {step.type}")
    return data


def _outcome(outcome: Outcome, encode: Encode, words: Words) -> dict[str, Any]:
    if isinstance(outcome, Raised):
        data = {"raised": encode(outcome.error, "answer")}
        return data if outcome.raised_at is None else {**data, "raised_at": outcome.raised_at}
    value = outcome.value
    return {"returned": value if type(value) in words else encode(value, "answer")}


def _call(entry: Entry, encode: Encode, words: Words) -> dict[str, Any]:
    method, outcome = entry.method, entry.outcome
    data: dict[str, Any] = {"port": method.port, "method": method.name}
    if entry.args:
        args = [*entry.args]
        data["args"] = args if words.issuperset(map(type, args)) else encode(args, method.name)
    if entry.kwargs:
        data["kwargs"] = encode(entry.kwargs, method.name)
    if entry.left is not None:
        data["left"] = encode([[*entry.left[0]], entry.left[1]], method.name)
    if outcome is None:
        data["digest"] = entry.answer_digest
    elif isinstance(outcome, Raised):
        data["raised"] = encode(outcome.error, method.name)
    else:
        value = outcome.value
        data["returned"] = value if type(value) in words else encode(value, method.name)
    if entry.site is not None:
        data["site"] = entry.site
    if entry.owner is not None:
        data["object"] = {**entry.owner.texts}
    if method.hook.gives_coroutine:
        data["awaited"] = True
    return data


def written_late(passage: Passage, reason: str) -> bytes:
    """Work that the path left behind acted after the run was recorded, which has failed by that."""
    return _joined(passage, {**_head(passage), "reason": reason})


def written_open(passage: Passage) -> bytes:
    """The run has answered, and work that its path left behind goes on: the rest follows in another frame."""
    return _joined(passage, {**_head(passage), "open": True})


def written_here(passage: Passage) -> bytes:
    """A run that was left open is compared by the program after all."""
    return _joined(passage, {**_head(passage), "here": True})
