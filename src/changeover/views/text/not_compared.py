"""What could not be compared, as `compare` shows it: both questions, one above the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from changeover.evidence.not_compared import Unanswered, how_questions_differ
from changeover.evidence.tallies import SeamTally
from changeover.values.observation import PortCall, Side
from changeover.values.safe_text import visible
from changeover.values.value_text import value_text
from changeover.views.layout import INDENT, WIDTH, call_text, cut, plural, wrapped

REASONS_SHOWN_MAX = 6
_CALL_WIDTH = 56


def unanswered_lines(reasons: Sequence[Unanswered], seams: Mapping[str, SeamTally]) -> list[str]:
    """One part per reason, the most frequent first; seams about which nothing was shown at the end."""
    lines: list[str] = []
    for reason in reasons[:REASONS_SHOWN_MAX]:
        lines += [*([""] if lines else []), *_reason(reason, seams[reason.seam].runs)]
    if len(reasons) > REASONS_SHOWN_MAX:
        lines += [
            "",
            f"and for {plural(len(reasons) - REASONS_SHOWN_MAX, 'reason')} more: --format json",
        ]
    silent = [tally.seam for tally in seams.values() if tally.runs and not tally.compared]
    if silent:
        lines += ["", *wrapped(f"No verdict: nothing was shown about {', '.join(silent)}.", WIDTH, "")]
    return lines


def _reason(reason: Unanswered, runs: int) -> list[str]:
    of = f"{reason.runs:,} of {plural(runs, 'run')} of {reason.seam}"
    first, *rest = wrapped(f"{of}: {reason.reason}", WIDTH - 16, "")
    lines = [f"not compared    {first}", *(" " * 16 + line for line in rest)]
    if reason.asked is None:
        if reason.place or reason.detail:
            lines.append(INDENT + cut(f"{reason.place}   {reason.detail}".strip(), WIDTH - 4))
        return [*lines, f"{INDENT}first in {visible(reason.example)}"]
    asked = {reason.asked_by: reason.asked, reason.asked_by.other: reason.recorded}
    lines.append("")
    lines += [_question(side, asked[side]) for side in Side]
    return [*lines, "", *_advice(reason)]


def _question(side: Side, call: PortCall | None) -> str:
    if call is None:
        return f"{INDENT}{side:<12}never asked anything like it"
    asked = call_text(call.name, call.arguments, _CALL_WIDTH)
    return f"{INDENT}{side:<12}{asked:<{_CALL_WIDTH}}  {cut(call.asked_at or '', 26)}".rstrip()


def _advice(reason: Unanswered) -> list[str]:
    asked, recorded = reason.asked, reason.recorded
    if asked is None or recorded is None:
        return [f"{INDENT}first in {visible(reason.example)}; the tape has no answer to this question"]
    clauses = how_questions_differ(recorded.arguments, asked.arguments)
    if not clauses:
        sentence = "The same question, asked after an effect: the tape has no answer from there on."
        return [*wrapped(f"{INDENT}{sentence}", WIDTH, INDENT), f"{INDENT}first in {visible(reason.example)}"]
    same = [
        name
        for name, value in recorded.arguments.items()
        if name in asked.arguments and value_text(value) == value_text(asked.arguments[name])
    ]
    lead = f"Same {' and '.join(same)}; " if same else ""
    method = asked.method
    names = ", ".join(recorded.arguments)
    key = f"({', '.join(same)}{',' if len(same) == 1 else ''})"
    return [
        *[INDENT + line for line in wrapped(f"{lead}{'; '.join(clauses)}.", WIDTH - 4, "")],
        f"{INDENT}Either the {reason.asked_by} asks for the wrong thing, or both questions are the same one:",
        INDENT + INDENT + cut(f'reads={{"{method}": lambda {names}: {key}}}', WIDTH - 8),
        f"{INDENT}first in {visible(reason.example)}",
    ]
