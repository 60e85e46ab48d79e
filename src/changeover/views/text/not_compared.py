"""What could not be compared, as `compare` shows it: both questions, one above the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from changeover.evidence.reasons_not_compared import NotCompared
from changeover.evidence.tallies import SeamTally
from changeover.evidence.unanswered_reads import Way
from changeover.values.observation import PortCall, Side
from changeover.values.value_text import value_text
from changeover.views.layout import INDENT, Screen, beside, call_text, cut, flowed, labelled, plural, wrapped
from changeover.views.text.logged import logged_lines

REASONS_SHOWN_MAX = 6
_PLACE_WIDTH = 26


def not_compared_lines(
    reasons: Sequence[NotCompared], seams: Mapping[str, SeamTally], screen: Screen
) -> list[str]:
    """One part per reason, the most frequent first; seams about which nothing was shown at the end."""
    lines: list[str] = []
    groups = _groups(reasons)
    for group in groups[:REASONS_SHOWN_MAX]:
        of = ", ".join(
            f"{one.runs:,} of {plural(seams[one.seam].runs, 'run')} of {one.seam}" for one in group
        )
        lines += [*([""] if lines else []), *_reason(group[0], of, screen)]
    if len(groups) > REASONS_SHOWN_MAX:
        left_out = plural(len(groups) - REASONS_SHOWN_MAX, "reason")
        lines += ["", f"and for {left_out} more: --format json"]
    silent = [tally.seam for tally in seams.values() if tally.runs and not tally.compared]
    if silent:
        lines += ["", *wrapped(f"No verdict: nothing was shown about {', '.join(silent)}.", screen.prose, "")]
    return lines


def _groups(reasons: Sequence[NotCompared]) -> list[list[NotCompared]]:
    """What fails in an inner seam fails in those around it as well: the same example is shown once."""
    groups: dict[tuple[str, ...], list[NotCompared]] = {}
    for one in reasons:
        asked = ("", "") if one.asked is None else (one.asked.name, value_text(dict(one.asked.arguments)))
        groups.setdefault((one.example, one.reason, one.place, one.detail, *asked), []).append(one)
    return list(groups.values())


def _reason(reason: NotCompared, of: str, screen: Screen) -> list[str]:
    lines = labelled("not compared", f"{of}: {reason.reason}", screen.prose, 16)
    example = INDENT + cut(f"first in {reason.example}", screen.width - len(INDENT))
    if reason.asked is None:
        if reason.place or reason.detail:
            lines += flowed(f"{INDENT}{reason.place}   {reason.detail}".rstrip(), screen.width, INDENT)
        return [*lines, *logged_lines(reason.logged, screen), example]
    asked = {reason.asked_by: reason.asked, reason.asked_by.other: reason.recorded}
    lines += [*logged_lines(reason.logged, screen), ""]  # what was logged before it asked is often the cause
    for side in Side:
        lines += _question(side, asked[side], screen)
    return [*lines, "", *_difference(reason, screen), *_way(reason, screen), example]


def _question(side: Side, call: PortCall | None, screen: Screen) -> list[str]:
    head = f"{INDENT}{side:<12}"
    if call is None:
        return [f"{head}never asked anything like it"]
    place_width = _PLACE_WIDTH + screen.spare // 3
    call_width = screen.width - len(head) - (0 if screen.is_narrow else place_width + 2)
    asked = call_text(call.name, call.arguments, call_width)
    place = cut(call.asked_at or "", place_width)
    return beside(f"{head}{asked}", place, len(head) + min(56, call_width) + 2, screen, " " * len(head))


def _difference(reason: NotCompared, screen: Screen) -> list[str]:
    asked, recorded = reason.asked, reason.recorded
    if asked is None or recorded is None:
        return [f"{INDENT}the tape has no answer to this question"]
    if not reason.differing:
        sentence = "The same question, asked after an effect: the tape has no answer from there on."
        return _indented(sentence, screen)
    same = [
        name
        for name, value in recorded.arguments.items()
        if name in asked.arguments and value_text(value) == value_text(asked.arguments[name])
    ]
    lead = f"Same {' and '.join(same)}; " if same else ""
    return _indented(f"{lead}{'; '.join(reason.differing)}.", screen)


_WAYS = {
    Way.DERIVE: "or the answer is in what was recorded. For the port:",
    Way.SUPPLEMENT: "or the read is taken once more when the other path has ended. In phases.toml:",
    Way.FIXED: "or the answer is always the same and may be asked for real. For the port:",
}


def _way(reason: NotCompared, screen: Screen) -> list[str]:
    """The way to an answer that fits, and the line to add."""
    if reason.advice is None:
        return []
    sentence = f"Either the {reason.asked_by} asks for the wrong thing, {_WAYS[reason.advice.way]}"
    line = INDENT + INDENT + cut(reason.advice.line, screen.width - 2 * len(INDENT))
    return [*_indented(sentence, screen), line]


def _indented(text: str, screen: Screen) -> list[str]:
    return [INDENT + line for line in wrapped(text, screen.prose - len(INDENT), "")]
