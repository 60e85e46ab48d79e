"""What will expire soon, rules and waivers, and whether going back was ever tried."""

from __future__ import annotations

from datetime import date

from changeover.errors import ConfigurationError
from changeover.gate.inputs import ProjectState
from changeover.project import Project
from changeover.views.layout import plural

SOON_DAYS = 180
_CLUSTER_DIGITS = 6


def soon_line(project: Project, project_state: ProjectState) -> str:
    """What will expire within half a year, and when going back was last tried."""
    today = project_state.now.date()
    back = [one for one in project_state.history if one.action == "rollback"]
    rehearsed = f"rollback rehearsed {back[-1].at:%Y-%m-%d}" if back else "no rollback rehearsed"
    return "   ".join((_rules(project, today), _waivers(project_state, today), rehearsed))


def _rules(project: Project, today: date) -> str:
    try:
        rules = project.rules(today)
    except ConfigurationError:
        return "rules cannot be read"
    expiring = sorted(
        (rule.until, rule.path.text) for rule in (rules.rules if rules else ()) if rule.until is not None
    )
    return _first(expiring, "rule", today) or "no rule expires"


def _waivers(project_state: ProjectState, today: date) -> str:
    held = [one for one in project_state.waivers if not one.has_expired(today)]
    if not held:
        return "no waiver"
    expiring = sorted((one.until, one.cluster[:_CLUSTER_DIGITS]) for one in held)
    return _first(expiring, "waiver", today) or plural(len(held), "waiver")


def _first(expiring: list[tuple[date, str]], word: str, today: date) -> str:
    soon = [(until, name) for until, name in expiring if (until - today).days <= SOON_DAYS]
    if not soon:
        return ""
    until, name = soon[0]
    days = (until - today).days
    more = f" ({len(soon) - 1} more)" if len(soon) > 1 else ""
    when = f"in {plural(days, 'day')}" if days > 0 else "today"
    return f"{word} {name} expires {when}{more}"
