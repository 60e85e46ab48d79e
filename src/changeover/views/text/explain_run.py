"""The screen of `changeover explain` for a run: what both paths asked and did, side by side."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from changeover.values.safe_text import pasted, visible
from changeover.values.verdict import Verdict
from changeover.views.layout import WIDTH, Ink, cut, plural, wrapped
from changeover.views.text.differences import place_text

CALLS_SHOWN_MAX = 60
DIVERGENCES_SHOWN_MAX = 20
_CALL, _ANSWER = 30, 12

Body = Mapping[str, Any]
_Row = tuple[Body | None, Body | None]


@dataclass(frozen=True, slots=True)
class SeamRun:
    """A run at one seam as it is kept; `body` is None where only its verdict was."""

    name: str
    seam: str
    verdict: str
    body: Body | None


def runs_screen(runs: Sequence[SeamRun], ink: Ink) -> str:
    """What one case did at every seam, the worst first; where some differ the others are only named."""
    worst_first = sorted(runs, key=lambda run: Verdict(run.verdict).severity)
    differing = [run for run in worst_first if not Verdict(run.verdict).is_evidence]
    screens = [run_screen(run.name, run.seam, run.verdict, run.body, ink) for run in differing or worst_first]
    if differing and len(differing) < len(runs):
        alike = Counter(run.seam for run in runs if Verdict(run.verdict).is_evidence)
        seams = ", ".join(seam if number == 1 else f"{seam} ({number})" for seam, number in alike.items())
        text = f"and {plural(alike.total(), 'run')} without a difference, in --format json: {seams}"
        screens.append("\n".join(wrapped(text, WIDTH, "    ")) + "\n")
    return "\n".join(screens)


def run_screen(name: str, seam: str, verdict: str, body: Body | None, ink: Ink) -> str:
    """One run as it is kept; None where only its verdict was."""
    word = ink("UNSAFE") if verdict == "unsafe" else ink(verdict)
    lines = [f"{visible(name)}   {seam}   {word}"]
    if body is None:
        lines += ["", "only the verdict is kept: runs that match are kept whole as a sample"]
        return "\n".join([*lines, f"again       changeover compare {seam} --run {pasted(name)}"]) + "\n"
    lines[0] += f"   stage {body['stage']}   {body['answered_by']} answered"
    if body["reason"]:
        lines += [cut(f"not compared: {body['reason']}", 100)]
    if body["legacy"] is not None and body["candidate"] is not None:
        lines += ["", *_calls(body), "", *_ends(body)]
    if body["divergences"]:
        lines += ["", *_divergences(body["divergences"])]
    lines += ["", f"again       changeover compare {seam} --run {pasted(name)}"]
    return "\n".join(lines) + "\n"


def _calls(body: Body) -> Iterator[str]:
    performed = {
        side: "performed" if side == body["answered_by"] else "replayed" for side in ("legacy", "candidate")
    }
    left, right = (f"{side} ({word})" for side, word in performed.items())
    yield f"      {left:<50} {right}".rstrip()
    differing = {
        (found["place"].split("[")[0].removeprefix("effects."), found["position"])
        for found in body["divergences"]
    }
    rows = _paired(body["legacy"]["calls"], body["candidate"]["calls"])
    for number, row in enumerate(rows[:CALLS_SHOWN_MAX], start=1):
        yield _row(number, row, differing)
    if len(rows) > CALLS_SHOWN_MAX:
        yield f"      and {plural(len(rows) - CALLS_SHOWN_MAX, 'call')} more"


def _paired(legacy: Sequence[Body], candidate: Sequence[Body]) -> list[_Row]:
    """Both orders kept; calls that are the same question or intent stand side by side."""
    ours, theirs = ([_identity(call) for call in calls] for calls in (legacy, candidate))
    rows: list[_Row] = []
    for kind, start, end, other_start, other_end in SequenceMatcher(
        None, ours, theirs, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            rows += zip(legacy[start:end], candidate[other_start:other_end], strict=True)
        else:
            rows += [(call, None) for call in legacy[start:end]]
            rows += [(None, call) for call in candidate[other_start:other_end]]
    return rows


def _identity(call: Body) -> str:
    return json.dumps((call["class"], call["name"], call["key"]), sort_keys=True)


def _row(number: int, row: _Row, differing: set[tuple[str, int | None]]) -> str:
    """The candidate's side says `same` where it is; an effect that differs has a cross."""
    legacy, candidate = row
    left = "" if legacy is None else _call(legacy)
    calls = [call for call in row if call is not None]
    crossed = any(
        call["class"] == "EFFECT" and (call["name"], call["position"]) in differing for call in calls
    )
    if legacy is None or candidate is None or crossed:
        right = f"{'x' if crossed else ' '} {'-' if candidate is None else _call(candidate)}"
    else:
        right = "  same" if _same(legacy, candidate) else "  same by the rules"
    return f"{number:>2}    {left:<48} {right}".rstrip()


def _same(one: Body, other: Body) -> bool:
    return bool(one["arguments"] == other["arguments"] and one["answer"] == other["answer"])


def _call(call: Body) -> str:
    method = call["name"].partition(".")[2]
    asked = ", ".join(_text(value) for value in call["arguments"].values())
    if call["class"] == "EFFECT":
        return f"EFFECT  {cut(f'{method}({asked})', 40)}"
    answer = cut(_outcome(call["answer"]), _ANSWER)
    return f"read    {cut(f'{method}({asked})', _CALL - 3):<{_CALL - 3}} {answer:>{_ANSWER}}"


def _text(value: Any) -> str:
    return (
        json.dumps(value, ensure_ascii=False) if isinstance(value, str) and value[:1] != "(" else _told(value)
    )


def _told(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_text(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, str):  # kept as text, with its type in front
        return value.partition(") ")[2] or value
    return json.dumps(value)


def _outcome(outcome: Body) -> str:
    if "raised" in outcome:
        return f"raised {outcome['raised']}: {outcome['message']}"
    return _text(outcome["returned"])


def _ends(body: Body) -> Iterator[str]:
    for side in ("legacy", "candidate"):
        yield cut(f"{side:<12}{_outcome(body[side]['outcome'])}", 100)
    times = [body[side]["own_time_s"] * 1000 for side in ("legacy", "candidate")]
    places = 1 if min(times) >= 1 else 3
    yield f"took        {' -> '.join(f'{time:.{places}f}' for time in times)} ms"


def _divergences(divergences: Sequence[Body]) -> Iterator[str]:
    for found in divergences[:DIVERGENCES_SHOWN_MAX]:
        place = cut(place_text(found["place"]), 46)
        legacy, candidate = (cut(text, 18) for text in found["texts"])
        yield f"x {place:<46} {found['kind']:<14} {legacy} -> {candidate}".rstrip()
        if found.get("sighting"):
            yield f"    {cut(found['sighting'], 94)}"
    if len(divergences) > DIVERGENCES_SHOWN_MAX:
        yield f"and {plural(len(divergences) - DIVERGENCES_SHOWN_MAX, 'divergence')} more"
