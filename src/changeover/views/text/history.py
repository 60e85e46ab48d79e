"""The screen of `changeover history`: who moved what, when, why, on what; the newest last."""

from __future__ import annotations

from collections.abc import Sequence

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.quick_dataclass import dataclass
from changeover.rollout.history import HistoryEntry
from changeover.rollout.verify import Agreement, Finding
from changeover.values.safe_text import columns_of, visible
from changeover.views.layout import Screen, beside, flowed, labelled, padded, plural, wrapped


@dataclass(frozen=True, slots=True)
class Moved:
    """One change of flags.json that was made, or would be; `undo` are the commands that take it back.

    `revision_before` is None where no good file was there.
    """

    entries: tuple[HistoryEntry, ...]
    revision_before: int | None
    undo: tuple[str, ...]
    undo_word: str = "undo"


def moved_screen(moved: Moved, screen: Screen) -> str:
    """The whole of it."""
    width = max((len(entry.phase or "") for entry in moved.entries), default=0)
    lines = [line for entry in moved.entries for line in _move(entry, moved.revision_before, width, screen)]
    before = moved.revision_before
    begun = "keep their stages" if before is None else f"stay on revision {before}"
    follow = f"processes that read this file follow at their next run; runs that have begun {begun}"
    lines += wrapped(follow, screen.prose, "")
    for command in moved.undo:
        lines += labelled(moved.undo_word, visible(command), screen.width)
    return "\n".join(lines) + "\n"


def grounds(entry: HistoryEntry) -> str:
    """The verdict that allowed it and what that rested on; empty where nobody was asked."""
    outcome = entry.gate_outcome
    if outcome is None:
        return ""
    word = str(outcome).upper() if outcome.answer is not None and not outcome.forced else str(outcome)
    digests = {"evidence": entry.evidence, "code": entry.code}
    on = [f"{name} {digest[:DIGITS_SHOWN]}" for name, digest in digests.items() if digest]
    return visible(f"gate {word}" + (f" ({', '.join(on)})" if on else ""))


def _move(entry: HistoryEntry, before: int | None, width: int, screen: Screen) -> list[str]:
    what = f"{entry.action}, no stage changes"
    if entry.phase:
        what = f"{visible(entry.phase):<{width}}   {entry.old or '?'} -> {entry.new}"
    why = grounds(entry)
    revision = str(entry.revision) if before is None else f"{before} -> {entry.revision}"
    lines = flowed(f"{what}   revision {revision}" + (f"   {why}" if why else ""), screen.width, "    ")
    return [line.replace("->", screen.paint("->")) for line in lines]


_AT_PHASE = 29
_PHASE_WIDTH = 16


def history_screen(
    entries: Sequence[HistoryEntry], left_out: int, problems: Sequence[str], screen: Screen
) -> str:
    """Two lines for each entry: what moved on what grounds, and who said why."""
    if not entries and not problems:
        return "nothing has moved yet\n"
    longest = max((columns_of(visible(entry.phase or "-")) for entry in entries), default=0)
    width = min(max(_PHASE_WIDTH, longest), _PHASE_WIDTH + screen.spare)
    lines = [f"revision   when, UTC         {'phase':<{width}} what"]
    if left_out:
        hidden = plural(left_out, "entry", "entries")
        lines.append(f"           {hidden} before these: --last {left_out + len(entries)}")
    for entry in entries:
        lines += _lines(entry, width, screen)
    for problem in problems:
        lines += wrapped(f"! {visible(problem)}", screen.prose, "  ")
    return "\n".join(lines) + "\n"


def _lines(entry: HistoryEntry, phase_width: int, screen: Screen) -> list[str]:
    indent = " " * (11 if screen.is_narrow else _AT_PHASE - 1)
    moved = f"{entry.old or '?'} -> {entry.new}" if entry.phase else entry.action
    word = "" if entry.action == "flip" or not entry.phase else f" ({entry.action})"
    head = f"{entry.revision:>8}   {entry.at:%Y-%m-%d %H:%M}  {padded(entry.phase or '-', phase_width)}"
    lines = beside(head, f"{moved}{word}", _AT_PHASE + phase_width + 1, screen, indent)
    lines[-1] = lines[-1].replace(moved, moved.replace("->", screen.paint("->")))
    on = grounds(entry)
    if on:
        lines += [indent + line for line in wrapped(on, screen.width - len(indent), "")]
    comment = f"{visible(entry.who)}: {visible(entry.reason)}"
    return lines + [indent + line for line in wrapped(comment, screen.prose - len(indent), "")]


def agreement_screen(agreement: Agreement, screen: Screen) -> str:
    """Whether flags and history agree; each finding with the command that mends it."""
    lines = [line for finding in agreement.findings for line in _finding(finding, screen)]
    if agreement.agrees:
        lines = [f"flags.json (revision {agreement.revision}) and history.jsonl agree"]
    if agreement.known:
        lines.append(f"{plural(len(agreement.known), 'finding')} before the last repair: known")
    return "\n".join(lines) + "\n"


def _finding(finding: Finding, screen: Screen) -> list[str]:
    where = f"history.jsonl line {finding.line}: " if finding.line and not finding.is_damage else ""
    lines = wrapped(f"! {where}{visible(finding.text)}", screen.prose, "  ")
    return lines + labelled("  mend", finding.repair, screen.width)
