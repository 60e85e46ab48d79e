"""What is known of today's code, as `doctor` says it: what differs, what was not compared, what is alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from changeover.api.problems import Finding, findings_in
from changeover.errors import ConfigurationError
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.records import StoredComparison
from changeover.evidence.store.store import store_path
from changeover.evidence.tallies import total_of
from changeover.gate.all_evidence import evidence_of_today
from changeover.gate.inputs import read_project_state
from changeover.project import Project
from changeover.settings import PRODUCTION
from changeover.values.safe_text import visible
from changeover.views.html.data import worst_first
from changeover.views.layout import plural

_NO_PLAN = "not known: without a plan that can be read, nothing says which runs are about this code"


def known_evidence(project: Project) -> tuple[list[Finding], str]:
    """What differs on today's code, the worst first, and a line about everything that is known of it."""
    try:
        state = read_project_state(project)
        known = evidence_of_today(state, Archive(store_path(project.root)))
    except ConfigurationError:
        return [], _NO_PLAN
    differing = findings_in(known)
    parts = [*(one.line for one in differing), *_not_compared(known)]
    alike = sum(total_of(one.seams.values()).alike for one in known)
    if not differing and alike:
        parts.insert(0, f"nothing differs in {plural(alike, 'run')} on this code")
    return differing, "; ".join(parts) or "no run on this code yet"


def _not_compared(known: Iterable[StoredComparison]) -> Iterator[str]:
    for one in worst_first(list(known)):
        total = total_of(one.seams.values())
        if total.not_compared:
            where = "production" if one.source == PRODUCTION else f"{visible(one.source)} {one.number}"
            reasons = one.summary.not_compared
            about = f", of {reasons[0].seam}: {visible(reasons[0].reason)}" if reasons else ""
            counted = f"{total.not_compared:,} of {plural(total.runs, 'run')} in {where}"
            yield f"{counted} could not be compared{about}: changeover explain"
