"""What both paths asked and did in a run, as a store keeps it whole: the record, and its JSON both ways.

Values are in kept form: names and items as they are, every other leaf as text with its type in front.
`from_runs.keep_value` gives a value this form, `value_data` writes it as JSON, `read_value` reads that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from changeover.compare.provenance import Sighting
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import ABSENT, Divergence, Kind
from changeover.values.event import step_data, step_of
from changeover.values.log_line import LogLine
from changeover.values.observation import Observation, Outcome, PortCall, Raised, Returned, Side

READ, EFFECT = "read", "EFFECT"
_TYPED = re.compile(r"\((?P<type>[A-Za-z_][\w.]*)\) (?P<text>.*)", re.DOTALL)
_ABSENT = {"absent": True}


@dataclass(frozen=True, slots=True)
class TypedText:
    """A leaf that JSON does not know: its text, and the name of its type."""

    type: str
    text: str

    def __str__(self) -> str:
        return self.text


class KeptError(Exception):
    """Stands for an exception of which the name of its type and its message are kept."""

    def __init__(self, type_name: str, message: str) -> None:
        self.type_name = type_name
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class RunContents:
    """A run kept whole. `sightings` has one entry a divergence: where the candidate's value was seen before.

    `reason` says why it was not compared; an observation is None where its path left nothing behind.
    `isolation` is what kept the replay of a worker from the world; empty where there was no worker.
    """

    answered_by: Side
    stage: str
    tags: tuple[str, ...] = ()
    reason: str | None = None
    arguments: Any = None
    legacy: Observation | None = None
    candidate: Observation | None = None
    divergences: tuple[Divergence, ...] = ()
    sightings: tuple[Sighting | None, ...] = ()
    notes: tuple[str, ...] = ()
    isolation: tuple[str, ...] = ()


def calls_in_order(observation: Observation) -> Iterator[tuple[str, PortCall]]:
    """Every call in the order in which it was made, each with its class."""
    calls = [(READ, call) for call in observation.reads] + [(EFFECT, call) for call in observation.effects]
    return iter(sorted(calls, key=lambda item: item[1].position))


def contents_data(contents: RunContents) -> dict[str, Any]:
    """As JSON."""
    names = ("answered_by", "stage", "tags", "reason")
    return {
        **{name: getattr(contents, name) for name in names},
        "arguments": value_data(contents.arguments),
        "legacy": _observation_data(contents.legacy),
        "candidate": _observation_data(contents.candidate),
        "divergences": [
            {**divergence_data(found), **sighting_data(seen)}
            for found, seen in zip(contents.divergences, contents.sightings, strict=True)
        ],
        "notes": list(contents.notes),
        **({"isolation": list(contents.isolation)} if contents.isolation else {}),
    }


def divergence_data(divergence: Divergence) -> dict[str, Any]:
    """A divergence in kept form as JSON."""
    names = ("place", "kind", "detail", "position", "consequence_of")
    return {
        **{name: getattr(divergence, name) for name in names},
        "legacy": value_data(divergence.legacy),
        "candidate": value_data(divergence.candidate),
    }


def sighting_data(sighting: Sighting | None) -> dict[str, Any]:
    """`sighting` is the sentence, `seen` what it is made of."""
    if sighting is None:
        return {"sighting": None}
    return {"sighting": str(sighting), "seen": asdict(sighting)}


def _observation_data(observation: Observation | None) -> dict[str, Any] | None:
    if observation is None:
        return None
    data: dict[str, Any] = {
        "outcome": _outcome_data(observation.outcome),
        "calls": [_call_data(word, call) for word, call in calls_in_order(observation)],
        "own_time_s": observation.own_time_s,
        "inputs_mutated": observation.inputs_mutated,
    }
    if observation.changed:
        data["changed"] = value_data(observation.changed)
    if observation.logged:
        data["logged"] = [asdict(line) for line in observation.logged]
    if observation.events:
        data["events"] = [
            {**step_data(step), **({} if step.content is None else {"content": value_data(step.content)})}
            for step in observation.events
        ]
    return data


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Returned):
        return {"returned": value_data(outcome.value)}
    said = {"raised": error_name(outcome.error), "message": str(outcome.error)}
    return said if outcome.raised_at is None else {**said, "raised_at": outcome.raised_at}


def error_name(error: BaseException) -> str:
    """The name of an exception's type, also of one that is kept."""
    return error.type_name if isinstance(error, KeptError) else type(error).__name__


def _call_data(word: str, call: PortCall) -> dict[str, Any]:
    return {
        "class": word,
        "name": call.name,
        "key": value_data(call.key),
        "arguments": value_data(call.arguments),
        "answer": _outcome_data(call.outcome),
        "position": call.position,
        "asked_at": call.asked_at,
    }


def read_contents(data: Mapping[str, Any]) -> RunContents:
    """What `contents_data` wrote, by this program or an earlier one."""
    return RunContents(
        Side(data["answered_by"]),
        data["stage"],
        tuple(data["tags"]),
        data["reason"],
        read_value(data["arguments"]),
        _read_observation(Side.LEGACY, data["legacy"]),
        _read_observation(Side.CANDIDATE, data["candidate"]),
        tuple(map(read_divergence, data["divergences"])),
        tuple(map(read_sighting, data["divergences"])),
        tuple(data["notes"]),
        tuple(data.get("isolation", ())),
    )


def read_divergence(data: Mapping[str, Any]) -> Divergence:
    """One divergence; a store of before has the texts of both values beside them."""
    detail = data["detail"]
    texts = data.get("texts") or ("", "")
    return Divergence(
        data["place"],
        Kind(data["kind"]),
        _read_side(data["legacy"], texts[0]),
        _read_side(data["candidate"], texts[1]),
        data["position"],
        data["consequence_of"],
        None if detail is None else Kind(detail),
    )


def _read_side(data: Any, text: str) -> Any:
    """Its text tells a text that begins like a typed leaf, as in `(n) pieces`, from such a leaf."""
    return data if isinstance(data, str) and text.startswith('"') else read_value(data)


def read_sighting(data: Mapping[str, Any]) -> Sighting | None:
    """The sighting of a divergence or cluster; a store of before has no more than the sentence."""
    if seen := data.get("seen"):
        return Sighting(**seen)
    return _read_sentence(data["sighting"]) if data.get("sighting") else None


def _read_sentence(text: str) -> Sighting:
    value, _, rest = text.partition(" is ")
    where, read, number = rest.rpartition(", read ")
    if not read or not number.isdecimal():
        return Sighting(value, rest)
    return Sighting(value, where, where.partition("(")[0], int(number))


def _read_observation(side: Side, data: Mapping[str, Any] | None) -> Observation | None:
    if data is None:
        return None
    calls: dict[str, list[PortCall]] = {READ: [], EFFECT: []}
    for call in data["calls"]:
        calls[call["class"]].append(_read_call(call))
    return Observation(
        side,
        _read_outcome(data["outcome"]),
        tuple(calls[EFFECT]),
        tuple(calls[READ]),
        data["own_time_s"],
        data["inputs_mutated"],
        read_value(data.get("changed", {})),
        logged=tuple(LogLine(**line) for line in data.get("logged", ())),
        events=tuple(step_of(step, read_value(step.get("content"))) for step in data.get("events", ())),
    )


def _read_call(data: Mapping[str, Any]) -> PortCall:
    port, _, method = data["name"].partition(".")
    arguments = read_value(data["arguments"])
    outcome = _read_outcome(data["answer"])
    return PortCall(
        port, method, read_value(data["key"]), arguments, outcome, data["position"], data["asked_at"]
    )


def _read_outcome(data: Mapping[str, Any]) -> Outcome:
    if "raised" in data:
        return Raised(KeptError(data["raised"], data["message"]), data.get("raised_at"))
    return Returned(read_value(data["returned"]))


def value_data(value: Any) -> Any:
    """A value in kept form as JSON; what would be read as something else has its type in front."""
    if isinstance(value, str):
        return f"(str) {value}" if _TYPED.fullmatch(value) else value
    if isinstance(value, TypedText):
        return f"({value.type}) {value.text}"
    if isinstance(value, Mapping):
        data = {str(name): value_data(part) for name, part in value.items()}
        return "(dict) {absent: true}" if data == _ABSENT else data
    if isinstance(value, list):
        return [value_data(part) for part in value]
    return dict(_ABSENT) if value is ABSENT else value


def read_value(data: Any) -> Any:
    """A kept value from its JSON."""
    if isinstance(data, str):
        typed = _TYPED.fullmatch(data)
        if typed is None:
            return data
        return typed["text"] if typed["type"] == "str" else TypedText(typed["type"], typed["text"])
    if isinstance(data, Mapping):
        return ABSENT if data == _ABSENT else {name: read_value(part) for name, part in data.items()}
    return [read_value(part) for part in data] if isinstance(data, list) else data
