"""The screen of `changeover explore`: what was tried, what differs by which schedule, what to type next."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any, TextIO

from changeover.explore.exploration import Exploration, FailingSchedule
from changeover.explore.explored import Explored, ExploreListener
from changeover.values.safe_text import pasted, visible
from changeover.values.value_text import change_text
from changeover.views.json import divergence_json
from changeover.views.layout import GAP, Screen, and_more, count, cut, flowed, labelled, plural, wrapped
from changeover.views.text.differences import error_text, place_text

EVENTS_SHOWN_MAX = 8
_LABEL = 12
LINE_S = 10.0
REDRAW_S = 0.2


def explore_screen(explored: Explored, screen: Screen) -> str:
    """All of it."""
    code = "unknown" if explored.code is None else explored.code[:7]
    head = GAP.join([explored.seam, f"code {code}", f"rules {explored.rules[:7]}"])
    lines = flowed(f"{head}{GAP}no stage is changed by this", screen.width, "    ")
    for one in explored.explorations:
        lines += ["", *_case(one, explored, screen)]
    total = explored.tried
    if len(explored.explorations) > 1:
        lines += ["", f"in all      {plural(total, 'schedule')}, {count(explored.divergences)} differ"]
    return "\n".join(lines) + "\n"


def _case(one: Exploration, explored: Explored, screen: Screen) -> Iterator[str]:
    yield visible(one.case)
    if not one.turns:
        text = "no bus asked for the order of its deliveries, so nothing was explored"
        yield from labelled("not shown", text, screen.prose, _LABEL)
        return
    yield from labelled("orders", _orders(one), screen.prose, _LABEL)
    if one.drawn:
        text = f"{plural(one.drawn, 'schedule')} drawn by seed {explored.seed}"
        yield from labelled("drawn", text, screen.prose, _LABEL)
    facts = GAP.join(
        (
            f"{one.match:,} match",
            f"{count(one.unsafe)} unsafe",
            f"{count(one.diverged)} diverged",
            f"{count(one.not_compared)} not compared",
        )
    )
    yield from labelled("schedules", f"{one.tried:,}: {facts}", screen.width, _LABEL)
    for reason, number in one.reasons.most_common(3):
        yield from labelled("", f"{number:,} not compared: {reason}", screen.prose, _LABEL)
    if one.not_compared and explored.offers_copies and explored.world == "tape":
        text = f"changeover explore {explored.seam} --run {pasted(one.case)} --world copy"
        yield from labelled("shows more", text, screen.width, _LABEL)
    for failing in one.found:
        yield ""
        yield from _failing(failing, one, explored, screen)
    yield from and_more(one.not_shrunk, "cluster")


def _orders(one: Exploration) -> str:
    if one.orders is None:
        return "more than half of the schedules, so that not all were tried"
    all_of_them = f"{plural(one.orders, 'order')}, all tried"
    if one.with_one is None:
        return f"{all_of_them}; too many to try each with every delivery twice"
    restarts = " and a restart before every delivery" if one.restarts else ""
    return f"{all_of_them}, each with every delivery twice{restarts}: {plural(one.with_one, 'schedule')}"


def _failing(failing: FailingSchedule, one: Exploration, explored: Explored, screen: Screen) -> Iterator[str]:
    found = failing.divergence
    unsafe = f"    {screen.paint('UNSAFE')}" if found.is_unsafe else ""
    yield f"{failing.id}   {cut(place_text(failing.fingerprint.place), screen.width - 24)}{unsafe}"
    sides = change_text(error_text(found.legacy), error_text(found.candidate), screen.width - 34)
    yield f"         {found.kind:<22} {sides}"
    yield f"         in {failing.schedules:,} of {plural(one.tried, 'schedule')}"
    if not failing.schedule.turns:
        yield "         in the usual order too: changeover compare says more"
    for line in failing.events[:EVENTS_SHOWN_MAX]:
        yield from wrapped(line, screen.prose, "         ")
    yield from and_more(len(failing.events) - EVENTS_SHOWN_MAX, "turn", "         and")
    yield from labelled("again", again(failing, one, explored), screen.width, _LABEL)
    yield from labelled("keep", f"changeover scenarios keep {failing.id}", screen.width, _LABEL)


def again(failing: FailingSchedule, one: Exploration, explored: Explored) -> str:
    """The command that replays the schedule."""
    copy = " --world copy" if explored.world == "copy" else ""
    schedule = f" --schedule {pasted(str(failing.schedule))}" if failing.schedule.turns else " --schedules 1"
    seed = f" --seed {explored.seed}" if explored.seed else ""
    return f"changeover explore {explored.seam} --run {pasted(one.case)}{copy}{seed}{schedule}"


def explore_json(explored: Explored) -> dict[str, Any]:
    """Everything that the screen says."""
    names = ("seam", "source", "code", "rules", "seed", "world", "tried", "divergences", "not_compared")
    return {
        **{name: getattr(explored, name) for name in names},
        "exhaustive": all(one.is_exhaustive for one in explored.explorations),
        "explorations": [_case_json(one, explored) for one in explored.explorations],
        "seconds": round(explored.seconds, 3),
        "exit_code": explored.exit_code,
    }


def _case_json(one: Exploration, explored: Explored) -> dict[str, Any]:
    names = ("case", "tried", "match", "unsafe", "diverged", "not_compared", "turns", "orders", "with_one")
    return {
        **{name: getattr(one, name) for name in (*names, "drawn", "restarts", "not_shrunk")},
        "reasons": [{"reason": why, "schedules": number} for why, number in one.reasons.most_common()],
        "found": [_failing_json(failing, one, explored) for failing in one.found],
    }


def _failing_json(failing: FailingSchedule, one: Exploration, explored: Explored) -> dict[str, Any]:
    sides = divergence_json(failing.divergence)
    return {
        "id": failing.id,
        "place": failing.fingerprint.place,
        "kind": str(failing.divergence.kind),
        "unsafe": failing.divergence.is_unsafe,
        "legacy": sides["legacy"],
        "candidate": sides["candidate"],
        "schedules": failing.schedules,
        "schedule": str(failing.schedule),
        "events": list(failing.events),
        "again": again(failing, one, explored),
    }


class ExploreProgress(ExploreListener):
    """Says on a stream how far it is: one line that is written anew on a terminal, else one now and then."""

    def __init__(self, stream: TextIO, *, is_quiet: bool = False) -> None:
        self._stream, self._is_quiet = stream, is_quiet
        self._case, self._total = "", 0
        self._began = self._last = 0.0
        self._open = False

    def begins(self, case: str, total: int) -> None:
        """As `ExploreListener` says."""
        self._case, self._total = case, total
        self._began = self._last = monotonic()

    def tried(self, exploration: Exploration) -> None:
        """As `ExploreListener` says."""
        now, is_terminal, schedules = monotonic(), self._stream.isatty(), exploration.tried
        if self._is_quiet or now - self._last < (REDRAW_S if is_terminal else LINE_S):
            return
        self._last = now
        left = max(0, round((now - self._began) / schedules * (self._total - schedules)))
        differ = exploration.unsafe + exploration.diverged
        line = (
            f"{visible(self._case)}   {schedules:,} of {self._total:,} schedules   {differ:,} differ   "
            f"{exploration.not_compared:,} not compared   {left // 60}:{left % 60:02} left"
        )
        print(
            f"\r{line}" if is_terminal else line,
            end="" if is_terminal else "\n",
            file=self._stream,
            flush=True,
        )
        self._open = is_terminal

    def ends(self) -> None:
        """As `ExploreListener` says."""
        if self._open:
            print(file=self._stream, flush=True)
            self._open = False
