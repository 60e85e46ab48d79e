"""A recorded run read from its frames, by whoever replays it; what cannot be read is said where it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from changeover.errors import ConfigurationError
from changeover.quick_dataclass import dataclass
from changeover.record.codec import Codec
from changeover.record.port import PortBook
from changeover.record.recorded_run import RECORDED_VERSION, Passage, RecordedRun
from changeover.record.stored_tape import read_outcome, read_tape
from changeover.values.error_text import class_and_message
from changeover.values.event import EventStep, step_of
from changeover.values.log_line import LogLine
from changeover.values.observation import Raised, Side
from changeover.values.pins import Pins
from changeover.values.toml_table import Table, parse_json


def is_open(payload: bytes) -> bool:
    """Whether the rest of the run follows in another frame; False for what cannot be read."""
    return _says(payload, "open")


def is_compared_here(payload: bytes) -> bool:
    """Whether the program compares the run itself; False for what cannot be read."""
    return _says(payload, "here")


def _says(payload: bytes, name: str) -> bool:
    if f'"{name}":true'.encode() not in payload:  # which a value of the program may hold as well
        return False
    try:
        return parse_json(_text(payload), "run").get(name) is True
    except (ConfigurationError, AttributeError):
        return False


@dataclass(frozen=True, slots=True)
class Addendum:
    """What a program says of a run that it recorded before: that it has failed, or that it compares it.

    Neither: the frame holds the whole run.
    """

    passage: Passage
    reason: str | None
    is_compared_here: bool


def read_addendum(payload: bytes) -> Addendum:
    """What another frame adds to a run; raises ConfigurationError."""
    top = Table(parse_json(_text(payload), "run"), "run")
    return Addendum(_passage(top), top.text("reason", None), top.flag("here"))


def read_passage(payload: bytes) -> Passage:
    """What can be known of a run whose values may not be readable; raises ConfigurationError."""
    return _passage(Table(parse_json(_text(payload), "run"), "run"))


def read_recorded(payload: bytes, codec: Codec, book: PortBook) -> RecordedRun:
    """The inverse of `written`; raises CodecError, or ConfigurationError where the program changed since."""
    top = Table(parse_json(_text(payload), "run"), "run")
    passage = _passage(top)
    tape = read_tape(top, codec, book)
    args = codec.decode(top.raw("args", []), "arguments")
    kwargs = codec.decode(top.raw("kwargs", {}), "arguments")
    changed = codec.decode(top.raw("changed", {}), "changed")
    if not isinstance(args, list) or not isinstance(kwargs, dict) or not isinstance(changed, dict):
        raise top.error("args", "are no list, or kwargs or changed no table")
    answer = top.table("answer")
    outcome = None if answer is None else read_outcome(answer, codec, "answer")
    if answer is None or outcome is None:
        raise top.error("answer", "is missing")
    if isinstance(outcome, Raised):
        outcome = Raised(outcome.error, answer.text("raised_at", None))
    run = RecordedRun(
        passage,
        tuple(args),
        kwargs,
        tape,
        outcome,
        float(top.number("own_time_s", 0.0, above=-1.0)),
        changed,
        tuple(_line(one) for one in top.raw("logged", [])),
        top.flag("inside_loop"),
        tuple(_read_step(one, codec) for one in top.raw("events")) if top.has("events") else None,
    )
    top.done()
    return run


def _text(payload: bytes) -> str:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError("run", f"was not UTF-8 at byte {error.start}") from error


def _passage(top: Table) -> Passage:
    version = top.whole("schema_version")
    if version != RECORDED_VERSION:
        raise top.error("schema_version", f"was {version}, allowed: {RECORDED_VERSION}")
    pins = {name: top.raw(name) for name in ("stages", "key", "correlation_id")}
    at = top.raw("at")
    try:
        datetime.fromtimestamp(at, UTC)
        known = Pins.from_data(pins)
    except (ValueError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise top.error("stages", f"or at cannot be read: {class_and_message(error)}") from error
    return Passage(
        top.text("id"),
        float(at),
        top.text("seam"),
        top.text("phase"),
        top.text("population"),
        Side(top.text("answered_by", among=list(Side))),
        known,
        top.texts("tags"),
        None if top.raw("code") is None else top.text("code"),
        None if top.raw("answering_code") is None else top.text("answering_code"),
        None if top.raw("flags") is None else top.whole("flags"),
        top.text("trace", None),
    )


def _line(data: Any) -> LogLine:
    match data:
        case [str(level), str(source), str(text)]:
            return LogLine(level, source, text)
    raise ConfigurationError("logged", f"was {data!r}, allowed: level, source and text")


def _read_step(data: Any, codec: Codec) -> EventStep:
    try:
        content = data.get("content")
        return step_of(data, None if content is None else codec.decode(content, f"event {data['type']}"))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError("events", f"was {data!r}, allowed: what happened on a bus") from error
