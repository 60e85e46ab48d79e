"""The pages of `python -m trading serve`; one run looks as it does in `workflows --html`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from trading.alerts.ledger import Told
from trading.events.journal.totals import Totals
from trading.monitor.finding import Finding
from trading.monitor.look import Look, RunResult
from trading.screens.page import render_page
from trading.tracking import LABEL, TrackedWorkflow, awaited_of

PLACES = (("/", "Now"), ("/runs", "Runs"), ("/bus", "Bus"), ("/alerts", "Alerts"))
FINDINGS_SHOWN_MAX = 50
RUNS_SHOWN = 20
HANDLERS_SHOWN_MAX = 200
RESULTS = {
    RunResult.UNDER_WAY: "under way",
    RunResult.SUCCESSFUL: "done",
    RunResult.FAILED: "FAILED",
    RunResult.NOT_TOLD: "ended",
    RunResult.DAMAGED: "damaged",
}
MARKS = {
    RunResult.UNDER_WAY: "warn",
    RunResult.SUCCESSFUL: "good",
    RunResult.FAILED: "bad",
    RunResult.NOT_TOLD: "soft",
    RunResult.DAMAGED: "bad",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page; `place` is the one that the navigation marks."""

    account: str
    account_id: str
    version: int
    taken_at: datetime
    as_of: datetime
    changed_at: datetime | None
    place: str = ""
    may_retry: bool = False
    is_live: bool = False


class Outcome(Protocol):
    """How a retry ended."""

    @property
    def went_well(self) -> bool:
        """Whether it was delivered."""
        ...

    @property
    def sentence(self) -> str:
        """What the command said."""
        ...


def now_page(frame: Frame, look: Look, found: Sequence[Finding]) -> str:
    """What needs a person, what is under way, the last runs."""
    latest = list(reversed(look.runs))
    return _render(
        "now.html.j2",
        frame,
        headline=_headline(look, found),
        findings=found[:FINDINGS_SHOWN_MAX],
        left_out=max(len(found) - FINDINGS_SHOWN_MAX, 0),
        under_way=[run for run in latest if run.result is RunResult.UNDER_WAY][:RUNS_SHOWN],
        runs=latest[:RUNS_SHOWN],
        more=bool(latest),
        troubles=look.totals.troubles,
        sums=_sums(look),
        awaited=awaited_of,
        results=RESULTS,
        marks=MARKS,
    )


def runs_page(frame: Frame, stories: Sequence[TrackedWorkflow], *, before: int, total: int) -> str:
    """Runs with their trees of events, the latest first; `before` counts those that are newer."""
    return _render(
        "runs.html.j2",
        frame,
        title="Runs",
        one=False,
        workflows=stories,
        first=min(before + 1, total),
        last=before + len(stories),
        total=total,
        newer=max(before - RUNS_SHOWN, 0) if before else None,
        older=before + RUNS_SHOWN if before + len(stories) < total else None,
    )


def run_page(frame: Frame, story: TrackedWorkflow) -> str:
    """One run."""
    title = f"{story.record.workflow_id}, session {story.record.session}"
    return _render("runs.html.j2", frame, title=title, one=True, workflows=[story])


def bus_page(frame: Frame, look: Look) -> str:
    """What the bus has carried, by handler and by event."""
    handlers = sorted(look.totals.handlers, key=lambda one: (-one.seconds, one.handler, one.event_type))
    whole = sum(one.seconds for one in handlers) or 1.0
    return _render(
        "bus.html.j2",
        frame,
        sums=_sums(look),
        handlers=[(one, one.seconds / whole) for one in handlers[:HANDLERS_SHOWN_MAX]],
        left_out=max(len(handlers) - HANDLERS_SHOWN_MAX, 0),
        published=list(look.totals.published.items())[:HANDLERS_SHOWN_MAX],
    )


def alerts_page(frame: Frame, told: Sequence[Told], receivers: Sequence[str], *, is_kept: bool) -> str:
    """Who was told of what."""
    return _render("alerts.html.j2", frame, told=told, receivers=receivers, is_kept=is_kept)


def confirm_page(frame: Frame, look: Look, found: Finding, offer: str, *, wrong: str = "") -> str:
    """Asks whether to retry, and for the token; `wrong` says why the last answer was refused.

    It names the runs that have not ended: the command delivers what waits of them as well.
    """
    under_way = [run for run in look.runs if run.result is RunResult.UNDER_WAY]
    return _render("confirm.html.j2", frame, found=found, offer=offer, wrong=wrong, under_way=under_way)


def outcome_page(frame: Frame, letter: str, outcome: Outcome | None, *, standing: str) -> str:
    """How a retry ended, None where it has not, and how the letter stands now."""
    return _render("outcome.html.j2", frame, letter=letter, outcome=outcome, standing=standing)


def sentence_page(frame: Frame, title: str, sentence: str) -> str:
    """Something that cannot be shown, and why."""
    return _render("sentence.html.j2", frame, title=title, sentence=sentence)


def board_style() -> str:
    """The style sheet of all pages."""
    return render_page("board.css.j2")


def _render(template: str, frame: Frame, **values: Any) -> str:
    return render_page(template, frame=frame, places=PLACES, label=LABEL, **values)


def _headline(look: Look, found: Sequence[Finding]) -> str:
    if look.unreadable is not None:
        return "The journal cannot be read"
    if not found:
        under_way = look.results()[RunResult.UNDER_WAY]
        return "Nothing needs a person" + (f", {under_way} under way" if under_way else "")
    return "1 thing needs a person" if len(found) == 1 else f"{len(found):,} things need a person"


def _sums(look: Look) -> list[tuple[str, int, bool]]:
    """Names, numbers, and whether a number is bad news."""
    totals: Totals = look.totals
    handlers = totals.handlers
    backlog = None if look.parking is None else look.parking.backlog
    return [
        ("events published", sum(totals.published.values()), False),
        ("deliveries handled", sum(one.handled for one in handlers), False),
        ("waiting", sum(one.waiting for one in handlers), False),
        ("retrying", sum(one.retrying for one in handlers), True),
        ("attempts failed", sum(one.failed for one in handlers), False),
        ("given up", len(look.dead_letters), True),
        ("parked", 0 if backlog is None else len(backlog.parked), True),
        ("in the outbox", 0 if backlog is None else backlog.outbox.number, False),
    ]
