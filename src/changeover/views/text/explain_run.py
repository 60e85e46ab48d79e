"""The screen of `changeover explain` for a run: what both paths asked and did, side by side."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from changeover.values.safe_text import pasted, visible
from changeover.values.text_width import columns_of
from changeover.values.verdict import Verdict
from changeover.views.layout import GAP, Screen, cut, flowed, labelled, padded, plural, wrapped
from changeover.views.text.differences import place_text
from changeover.views.text.in_words import in_words

CALLS_SHOWN_MAX = 60
DIVERGENCES_SHOWN_MAX = 20
_LABEL, _ANSWER = 12, 12
_SAME = "  same"

Body = Mapping[str, Any]
_Row = tuple[Body | None, Body | None]


@dataclass(frozen=True, slots=True)
class SeamRun:
    """A run at one seam as it is kept; `body` is None where only its verdict was."""

    name: str
    seam: str
    verdict: str
    body: Body | None


def runs_screen(runs: Sequence[SeamRun], screen: Screen) -> str:
    """What one case did at every seam, the worst first; where some differ the others are only named."""
    worst_first = sorted(runs, key=lambda run: Verdict(run.verdict).severity)
    differing = [run for run in worst_first if not Verdict(run.verdict).is_evidence]
    screens = [run_screen(run, screen) for run in differing or worst_first]
    if differing and len(differing) < len(runs):
        alike = Counter(run.seam for run in runs if Verdict(run.verdict).is_evidence)
        seams = ", ".join(seam if number == 1 else f"{seam} ({number})" for seam, number in alike.items())
        text = f"and {plural(alike.total(), 'run')} without a difference, in --format json: {seams}"
        screens.append("\n".join(wrapped(text, screen.prose, "    ")) + "\n")
    return "\n".join(screens)


def run_screen(run: SeamRun, screen: Screen) -> str:
    """One run as it is kept."""
    body = run.body
    word = "UNSAFE" if run.verdict == "unsafe" else run.verdict
    stage = [] if body is None else [f"stage {body['stage']}", f"{body['answered_by']} answered"]
    lines = flowed(GAP.join([visible(run.name), run.seam, word, *stage]), screen.width, "    ")
    again = labelled("again", f"changeover compare {run.seam} --run {pasted(run.name)}", screen.width, _LABEL)
    if body is None:
        kept = "only the verdict is kept: runs that match are kept whole as a sample"
        return (
            "\n".join([*_painted(lines, word, screen), "", *wrapped(kept, screen.prose, ""), *again]) + "\n"
        )
    lines = _painted(lines, word, screen)
    if body["reason"]:
        lines += labelled("not compared:", body["reason"], screen.prose, 0)
    if body["legacy"] is not None and body["candidate"] is not None:
        lines += ["", *_calls(body, screen), "", *_ends(body, screen)]
    if body["divergences"]:
        lines += ["", *_divergences(body["divergences"], screen)]
    return "\n".join([*lines, "", *again]) + "\n"


def _painted(lines: Sequence[str], word: str, screen: Screen) -> list[str]:
    """The verdict in its colour, where it stands: after a gap."""
    at = next(number for number, line in enumerate(lines) if f"  {word}" in line)
    line = lines[at].replace(f"  {word}", f"  {screen.paint(word)}", 1)
    return [*lines[:at], line, *lines[at + 1 :]]


def _calls(body: Body, screen: Screen) -> Iterator[str]:
    performed = {
        side: "performed" if side == body["answered_by"] else "replayed" for side in ("legacy", "candidate")
    }
    left, right = (f"{side} ({word})" for side, word in performed.items())
    stacked = screen.is_narrow
    width = screen.width - 8 if stacked else (screen.width - 9) // 2
    yield f"      {left}; {right} if different" if stacked else f"      {left:<{width + 2}} {right}"
    differing = {
        (found["place"].split("[")[0].removeprefix("effects."), found["position"])
        for found in body["divergences"]
    }
    rows = _paired(body["legacy"]["calls"], body["candidate"]["calls"])
    for number, row in enumerate(rows[:CALLS_SHOWN_MAX], start=1):
        left, right = _row(row, differing, width)
        if stacked:
            yield f"{number:>2}    {left or '-'}".rstrip()
            if right != _SAME:
                yield f"    {right}".rstrip()
        else:
            yield f"{number:>2}    {padded(left, width)} {right}".rstrip()
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


def _row(row: _Row, differing: set[tuple[str, int | None]], width: int) -> tuple[str, str]:
    """Both sides; the candidate's says `same` where it is, and an effect that differs has a cross."""
    legacy, candidate = row
    left = "" if legacy is None else _call(legacy, width)
    calls = [call for call in row if call is not None]
    crossed = any(
        call["class"] == "EFFECT" and (call["name"], call["position"]) in differing for call in calls
    )
    if legacy is None or candidate is None or crossed:
        right = f"{'x' if crossed else ' '} {'-' if candidate is None else _call(candidate, width)}"
    else:
        right = _SAME if _same(legacy, candidate) else "  same by the rules"
    return left, right


def _same(one: Body, other: Body) -> bool:
    return bool(one["arguments"] == other["arguments"] and one["answer"] == other["answer"])


def _call(call: Body, width: int) -> str:
    method = call["name"].partition(".")[2]
    asked = ", ".join(_text(value) for value in call["arguments"].values())
    if call["class"] == "EFFECT":
        return f"EFFECT  {cut(f'{method}({asked})', width - 8)}"
    answer_width = max(_ANSWER, (width - 8) // 3)
    answer = cut(_outcome(call["answer"]), answer_width)
    question = padded(f"{method}({asked})", width - 9 - answer_width)
    return f"read    {question} {' ' * (answer_width - columns_of(answer))}{answer}"


def _text(value: Any) -> str:
    return (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, str) and value[:1] != "("
        else _written(value)
    )


def _written(value: Any) -> str:
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


def _ends(body: Body, screen: Screen) -> Iterator[str]:
    for side in ("legacy", "candidate"):
        yield f"{side:<{_LABEL}}{cut(_outcome(body[side]['outcome']), screen.width - _LABEL)}"
    times = [body[side]["own_time_s"] * 1000 for side in ("legacy", "candidate")]
    places = 1 if min(times) >= 1 else 3
    yield f"took        {' -> '.join(f'{time:.{places}f}' for time in times)} ms"


def _divergences(divergences: Sequence[Body], screen: Screen) -> Iterator[str]:
    for found in divergences[:DIVERGENCES_SHOWN_MAX]:
        place = place_text(found["place"])
        texts = [visible(text) for text in found["texts"]]
        if screen.is_narrow:
            change = f"{cut(texts[0], 40)} -> {cut(texts[1], 40)}"
            facts = GAP.join((cut(place, screen.width - 2), found["kind"], change))
            yield from flowed(f"x {facts}", screen.width, "    ")
        else:
            legacy, candidate = (cut(text, 16 + screen.spare // 4) for text in texts)
            place = padded(place, 46 + screen.spare // 2)
            yield f"x {place} {found['kind']:<14} {legacy} -> {candidate}".rstrip()
        for text in (*in_words(found), found.get("sighting")):
            if text:
                yield from (f"    {line}" for line in wrapped(text, screen.prose - 6, ""))
    if len(divergences) > DIVERGENCES_SHOWN_MAX:
        yield f"and {plural(len(divergences) - DIVERGENCES_SHOWN_MAX, 'divergence')} more"
