"""The screens of `changeover scenarios`: those that are kept, and one of them with every call."""

from __future__ import annotations

from collections.abc import Sequence

from changeover.record.scenario_file import Scenario
from changeover.values.safe_text import columns_of, visible
from changeover.values.value_text import value_text
from changeover.views.layout import GAP, INDENT, Screen, and_more, call_text, flowed, padded, plural, wrapped

CALLS_SHOWN_MAX = 60


def scenarios_screen(scenarios: Sequence[Scenario], screen: Screen) -> str:
    """A line for each. An identifier is never cut, as it is there to be pasted."""
    if not scenarios:
        return "no scenario is kept yet: changeover scenarios keep CLUSTER\n"
    rows = [(visible(one.id), plural(len(one.tape), "call"), _about(one)) for one in scenarios]
    longest = max(columns_of(name) for name, _, _ in rows)
    table = [f"{padded(name, longest)} {calls:>10}   {about}".rstrip() for name, calls, about in rows]
    if max(map(columns_of, table)) > screen.width:
        table = [line for row in rows for line in _below(*row, screen)]
    return "".join(f"{line}\n" for line in table)


def _about(scenario: Scenario) -> str:
    seam = "" if scenario.id.endswith(f"/{scenario.seam}") else scenario.seam
    return visible(GAP.join(filter(None, (seam, ", ".join(scenario.tags)))))


def _below(name: str, calls: str, about: str, screen: Screen) -> list[str]:
    """What does not fit stands in a line below; an identifier that is too long is broken at a slash."""
    lines = []
    if columns_of(name) > screen.width and "/" in name:
        case, _, name = name.rpartition("/")
        lines, name = wrapped(f"{case}/", screen.width, ""), INDENT + name
    return [*lines, *flowed(GAP.join(filter(None, (name, calls, about))), screen.width, INDENT)]


def scenario_screen(scenario: Scenario, screen: Screen) -> str:
    """Its input, and every call on its tape."""
    head = f"{scenario.id}   {scenario.seam}   {scenario.answered_by} answered"
    lines = flowed(head, screen.width, INDENT)
    for name, value in scenario.arguments.items():
        lines.append(f"  {padded(name, 12)} {value_text(value, min(80 + screen.spare, screen.width - 15))}")
    for number, entry in enumerate(scenario.tape.entries[:CALLS_SHOWN_MAX], start=1):
        call = entry.call(number)
        text = call_text(call.name, call.arguments, min(80 + screen.spare, screen.width - 13))
        lines.append(f"{number:>3}  {entry.method.call_class:<7} {text}")
    lines += and_more(len(scenario.tape) - CALLS_SHOWN_MAX, "call", "     and")
    return "".join(f"{line}\n" for line in lines)
