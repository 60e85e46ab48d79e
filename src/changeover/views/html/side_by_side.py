"""One run, both paths side by side: what was performed, what would have been."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from changeover.evidence.store.records import KeptCluster
from changeover.values.value_text import around_difference
from changeover.views.html.data import NamedRun
from changeover.views.html.differences import segments
from changeover.views.layout import cut

ROWS_SHOWN_MAX = 5
TEXT_WIDTH = 44
NOTHING = "-"
_TYPED = re.compile(r"\((?P<type>[A-Za-z_][\w.]*)\) (?P<text>.*)", re.DOTALL)

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One effect, or one place of the answer, on both sides; `field` is the argument that is shown of it."""

    what: str
    field: str
    legacy: str
    candidate: str
    differs: bool


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The lines that are shown, how many more there are, and where the odd value was seen."""

    run: str
    seam: str
    answered_by: str
    lines: tuple[Line, ...]
    left_out: int
    sighting: str


@dataclass(frozen=True, slots=True)
class _Differing:
    """What differs in the effects of one run: for each method its arguments, and at which calls."""

    arguments: Mapping[str, Sequence[str]]
    at: frozenset[tuple[str, int | None, str]]


def side_by_side(run: NamedRun, cluster: KeptCluster) -> SideBySide | None:
    """The run as far as it fits on a screen; None where the run is not kept whole."""
    body = run.body
    if body is None or not body.get("legacy") or not body.get("candidate"):
        return None
    differing = _differing(body["divergences"])
    calls = [
        [call for call in body[side]["calls"] if call["class"] == "EFFECT"]
        for side in ("legacy", "candidate")
    ]
    effects = [_effect(ours, theirs, differing) for ours, theirs in _paired(*calls)]
    answers = [_answer(found) for found in body["divergences"] if not found["place"].startswith("effects.")]
    # Where an effect differs the answer only repeats it.
    lines = _most_telling(effects if cluster.unsafe and effects else [*answers, *effects])
    left_out = len(effects) + len(answers) - len(lines)
    sighting = str(cluster.body.get("sighting") or "")
    return SideBySide(run.name, run.seam, str(body["answered_by"]), tuple(lines), left_out, sighting)


def _most_telling(lines: Sequence[Line]) -> list[Line]:
    """As many as fit, those that differ before the others, in their order."""
    ranked = sorted(range(len(lines)), key=lambda number: not lines[number].differs)
    return [lines[number] for number in sorted(ranked[:ROWS_SHOWN_MAX])]


def _differing(divergences: Sequence[Body]) -> _Differing:
    arguments: dict[str, dict[str, None]] = {}
    at: set[tuple[str, int | None, str]] = set()
    for found in divergences:
        if found["place"].startswith("effects."):
            method, *rest = segments(found["place"])
            name, argument = method.partition("[")[0], ".".join(rest)
            arguments.setdefault(name, {}).setdefault(argument)
            at.add((name, found["position"], argument))
    return _Differing({name: list(found) for name, found in arguments.items()}, frozenset(at))


def _paired(legacy: Sequence[Body], candidate: Sequence[Body]) -> Iterator[tuple[Body | None, Body | None]]:
    """Both orders kept; calls of one intent stand side by side."""
    ours, theirs = ([json.dumps((one["name"], one["key"])) for one in side] for side in (legacy, candidate))
    for kind, start, end, other, until in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from zip(legacy[start:end], candidate[other:until], strict=True)
        else:
            yield from ((call, None) for call in legacy[start:end])
            yield from ((None, call) for call in candidate[other:until])


def _effect(legacy: Body | None, candidate: Body | None, differing: _Differing) -> Line:
    if legacy is None or candidate is None:
        sides = (_whole(legacy), _whole(candidate))
        return Line(_what(legacy or candidate or {}), "", *sides, differs=True)
    what, name = _what(legacy), legacy["name"]
    ours, theirs = dict(_leaves(legacy["arguments"])), dict(_leaves(candidate["arguments"]))
    positions = (legacy["position"], candidate["position"])
    known = [one for one in differing.arguments.get(name, ()) if one in ours or one in theirs]
    here = [one for one in known if any((name, at, one) in differing.at for at in positions)]
    odd = any(found[:2] in ((name, at) for at in positions) for found in differing.at)
    shown = (here or known or [one for one in ours if ours[one] not in what] or list(ours) or [""])[0]
    more = f" +{len(here) - 1}" if len(here) > 1 else ""
    texts = shown_sides((ours.get(shown, NOTHING), theirs.get(shown, NOTHING)))
    return Line(what, f"{shown.rpartition('.')[2]}{more}", *texts, differs=odd)


def _what(call: Body) -> str:
    """Method and intent key."""
    return cut(f"{call['name'].partition('.')[2]} {_key(call['key'])}".strip(), TEXT_WIDTH)


def _whole(call: Body | None) -> str:
    if call is None:
        return NOTHING
    return _begun(", ".join(text for _, text in _leaves(call["arguments"])) or "called", TEXT_WIDTH)


def _answer(found: Body) -> Line:
    place = str(found["place"]).removeprefix("result.")
    return Line("answer", cut(place, TEXT_WIDTH), *shown_sides(found["texts"]), differs=True)


def shown_sides(texts: Sequence[Any], width: int = TEXT_WIDTH) -> tuple[str, str]:
    """Both texts, legacy's first, each in so much room; long ones from where they part."""
    legacy, candidate = (str(text) for text in texts)
    if max(len(legacy), len(candidate)) > width and legacy != candidate:
        legacy, candidate = around_difference(legacy, candidate, width)
    return _begun(legacy, width), _begun(candidate, width)


def _begun(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for part, below in value.items():
            yield from _leaves(below, f"{name}.{part}" if name else str(part))
    elif isinstance(value, list) and value:
        for number, below in enumerate(value):
            yield from _leaves(below, f"{name}[{number}]")
    else:
        yield name, told(value)


def _key(key: Any) -> str:
    parts = key if isinstance(key, list) else [key]
    return ", ".join(bare(part) for part in parts if part is not None)


def bare(value: Any) -> str:
    """A kept value without its type and without quotes."""
    text = told(value)
    return text[1:-1] if text.startswith('"') else text


def told(value: Any) -> str:
    """A kept value as a person reads it: types in front are left out, texts are quoted."""
    if isinstance(value, str):
        typed = _TYPED.fullmatch(value)
        return typed["text"] if typed else f'"{value}"'.replace("\n", "\\n")
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    return json.dumps(value, ensure_ascii=False)
