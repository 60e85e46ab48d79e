"""The screen of `changeover explain` for a run: what both paths asked and did, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from changeover.compare.paths import method_at
from changeover.compare.provenance import Sighting
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.run_contents import EFFECT, READ, RunContents, calls_in_order, error_name
from changeover.values.divergence import Divergence
from changeover.values.observation import Observation, Outcome, PortCall, Raised, Side
from changeover.values.safe_text import columns_of, pasted, visible
from changeover.values.value_text import value_text
from changeover.values.verdict import Verdict
from changeover.views.layout import GAP, Screen, and_more, cut, flowed, labelled, padded, plural, wrapped
from changeover.views.rows import pair_calls
from changeover.views.text.differences import in_words, place_text
from changeover.views.text.events import event_lines
from changeover.views.text.logged import logged_by_one
from changeover.views.text.two_texts import both_sides, line_diff

CALLS_SHOWN_MAX = 60
DIVERGENCES_SHOWN_MAX = 20
_SIDE, _ANSWER = 12, 12
_SAME = "  same"
_VALUE, _TEXT = 2_000, 200
Call = tuple[str, PortCall]
"""With its class: read or EFFECT."""


def runs_screen(runs: Sequence[StoredRun], screen: Screen) -> str:
    """What one case did at every seam, the worst first; where some differ the others are only named."""
    worst_first = sorted(runs, key=lambda run: run.verdict.severity)
    differing = [run for run in worst_first if not run.verdict.is_evidence]
    screens = [run_screen(run, screen) for run in differing or worst_first]
    if differing and len(differing) < len(runs):
        alike = Counter(run.seam for run in runs if run.verdict.is_evidence)
        seams = ", ".join(seam if number == 1 else f"{seam} ({number})" for seam, number in alike.items())
        text = f"and {plural(alike.total(), 'run')} without a difference, in --format json: {seams}"
        screens.append("\n".join(wrapped(text, screen.prose, "    ")) + "\n")
    return "\n".join(screens)


def run_screen(run: StoredRun, screen: Screen) -> str:
    """One run as it is kept."""
    contents = run.contents
    word = "UNSAFE" if run.verdict is Verdict.UNSAFE else str(run.verdict)
    stage = [] if contents is None else [f"stage {contents.stage}", f"{contents.answered_by} answered"]
    head = flowed(GAP.join([visible(run.name), run.seam, word, *stage]), screen.width, "    ")
    lines = ["\n".join(head).replace(f"  {word}", f"  {screen.paint(word)}", 1)]
    again = labelled("again", f"changeover compare {run.seam} --run {pasted(run.name)}", screen.width)
    if contents is None:
        kept = "only the verdict is kept: runs that match are kept whole as a sample"
        return "\n".join([*lines, "", *wrapped(kept, screen.prose, ""), *again]) + "\n"
    if contents.reason:
        lines += labelled("not compared:", contents.reason, screen.prose, 0)
    legacy, candidate = contents.legacy, contents.candidate
    if legacy is not None and candidate is not None:
        lines += ["", *_calls(contents, legacy, candidate, screen), "", *_ends(legacy, candidate, screen)]
        lines += event_lines((legacy, candidate), contents.divergences, screen)
    if contents.divergences:
        lines += ["", *_divergences(contents.divergences, contents.sightings, screen)]
    if contents.isolation:
        lines += labelled("replayed", f"by a worker: {', '.join(contents.isolation)}", screen.width, _SIDE)
    logged = list(logged_by_one(legacy, candidate, screen, ""))
    lines += ["", *logged] if logged else []
    return "\n".join([*lines, "", *again]) + "\n"


def _calls(run: RunContents, legacy: Observation, candidate: Observation, screen: Screen) -> Iterator[str]:
    left, right = (f"{side} ({'performed' if side is run.answered_by else 'replayed'})" for side in Side)
    stacked = screen.is_narrow
    width = screen.width - 8 if stacked else (screen.width - 9) // 2
    yield f"      {left}; {right} if different" if stacked else f"      {left:<{width + 2}} {right}"
    differing = {(method_at(found.place), found.position) for found in run.divergences}
    ours, theirs = (list(calls_in_order(side)) for side in (legacy, candidate))
    pairs = pair_calls(ours, theirs, lambda call: repr((call[0], call[1].name, call[1].key)))
    rows = list(pairs)
    for number, row in enumerate(rows[:CALLS_SHOWN_MAX], start=1):
        left, right = _row(*row, differing, width)
        if stacked:
            yield f"{number:>2}    {left or '-'}".rstrip()
            if right != _SAME:
                yield f"    {right}".rstrip()
        else:
            yield f"{number:>2}    {padded(left, width)} {right}".rstrip()
    yield from and_more(len(rows) - CALLS_SHOWN_MAX, "call", "      and")


def _row(
    legacy: Call | None, candidate: Call | None, differing: set[tuple[str, int | None]], width: int
) -> tuple[str, str]:
    """Both sides; the candidate's says `same` where it is, and an effect that differs has a cross."""
    left = "" if legacy is None else _call(legacy, width)
    calls = [call for call in (legacy, candidate) if call is not None]
    crossed = any(word == EFFECT and (call.name, call.position) in differing for word, call in calls)
    if legacy is None or candidate is None or crossed:
        return left, f"{'x' if crossed else ' '} {'-' if candidate is None else _call(candidate, width)}"
    return left, _SAME if _is_same(legacy[1], candidate[1]) else "  same by the rules"


def _is_same(one: PortCall, other: PortCall) -> bool:
    return bool(one.arguments == other.arguments) and _ending(one.outcome) == _ending(other.outcome)


def _ending(outcome: Outcome) -> object:
    return _outcome(outcome) if isinstance(outcome, Raised) else outcome


def _call(of_class: Call, width: int) -> str:
    word, call = of_class
    asked = ", ".join(value_text(value, _VALUE) for value in call.arguments.values())
    if word == EFFECT:
        return f"EFFECT  {cut(f'{call.method}({asked})', width - 8)}"
    answer_width = max(_ANSWER, (width - 8) // 3)
    answer = cut(_outcome(call.outcome), answer_width)
    question = padded(f"{call.method}({asked})", width - 9 - answer_width)
    return f"{READ}    {question} {' ' * (answer_width - columns_of(answer))}{answer}"


def _outcome(outcome: Outcome) -> str:
    if isinstance(outcome, Raised):
        return f"raised {error_name(outcome.error)}: {outcome.error}"
    return value_text(outcome.value, _VALUE)


def _ends(legacy: Observation, candidate: Observation, screen: Screen) -> Iterator[str]:
    for side in (legacy, candidate):
        at = side.outcome.raised_at if isinstance(side.outcome, Raised) else None
        text = _outcome(side.outcome) if at is None else f"{_outcome(side.outcome)} ({at})"
        yield f"{side.path:<{_SIDE}}{cut(text, screen.width - _SIDE)}"
    times = [side.own_time_s * 1000 for side in (legacy, candidate)]
    places = 1 if min(times) >= 1 else 3
    yield f"took        {' -> '.join(f'{time:.{places}f}' for time in times)} ms"


def _divergences(
    divergences: Sequence[Divergence], sightings: Sequence[Sighting | None], screen: Screen
) -> Iterator[str]:
    for found, sighting in list(zip(divergences, sightings, strict=True))[:DIVERGENCES_SHOWN_MAX]:
        place = place_text(found.place)
        if screen.is_narrow:
            change = " -> ".join(both_sides(found, 40))
            facts = GAP.join((cut(place, screen.width - 2), found.kind, change))
            yield from flowed(f"x {facts}", screen.width, "    ")
        else:
            legacy, candidate = both_sides(found, 16 + screen.spare // 4)
            place = padded(place, 46 + screen.spare // 2)
            yield f"x {place} {found.kind:<14} {legacy} -> {candidate}".rstrip()
        yield from (f"    {line}" for line in line_diff(found, screen.width - 4))
        for text in (*in_words(found), *([] if sighting is None else [str(sighting)])):
            yield from (f"    {line}" for line in wrapped(text, screen.prose - 6, ""))
    yield from and_more(len(divergences) - DIVERGENCES_SHOWN_MAX, "divergence")
