"""The screen of `changeover history`: who moved what, when, why, on what; the newest last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.rollout.history import HistoryEntry
from changeover.rollout.verify import Agreement, Finding
from changeover.values.safe_text import visible
from changeover.views.layout import WIDTH, Ink, cut, plural, wrapped


@dataclass(frozen=True, slots=True)
class Moved:
    """One change of flags.json that was made, or would be; `undo` are the commands that take it back.

    `revision_before` is None where no good file was there.
    """

    entries: tuple[HistoryEntry, ...]
    revision_before: int | None
    undo: tuple[str, ...]
    undo_word: str = "undo"


def moved_screen(moved: Moved, ink: Ink) -> str:
    """The whole of it."""
    width = max((len(entry.phase or "") for entry in moved.entries), default=0)
    lines = [_line(entry, moved.revision_before, width, ink) for entry in moved.entries]
    begun = (
        "keep their stages" if moved.revision_before is None else f"stay on revision {moved.revision_before}"
    )
    lines.append(f"processes that read this file follow at their next run; runs that have begun {begun}")
    lines += [f"{moved.undo_word:<12}{visible(command)}" for command in moved.undo]
    return "\n".join(lines) + "\n"


def grounds(entry: HistoryEntry) -> str:
    """The verdict that allowed it and what that rested on; empty where nobody was asked."""
    outcome = entry.gate_outcome
    if outcome is None:
        return ""
    word = str(outcome).upper() if outcome.answer is not None and not outcome.forced else str(outcome)
    on = [
        f"{name} {digest[:DIGITS_SHOWN]}"
        for name, digest in (("evidence", entry.evidence), ("code", entry.code))
        if digest
    ]
    return visible(f"gate {word}" + (f" ({', '.join(on)})" if on else ""))


def _line(entry: HistoryEntry, before: int | None, width: int, ink: Ink) -> str:
    what = (
        f"{visible(entry.phase):<{width}}   {entry.old or '?'} {ink('->')} {entry.new}"
        if entry.phase
        else f"{entry.action}, no stage changes"
    )
    why = grounds(entry)
    revision = str(entry.revision) if before is None else f"{before} {ink('->')} {entry.revision}"
    return f"{what}   revision {revision}" + (f"   {why}" if why else "")


_INDENT = " " * 28
_PHASE_WIDTH = 16


def history_screen(entries: Sequence[HistoryEntry], left_out: int, problems: Sequence[str], ink: Ink) -> str:
    """Two lines for each entry: what moved on what grounds, and who said why."""
    if not entries and not problems:
        return "nothing has moved yet\n"
    lines = [f"revision   when, UTC         {'phase':<{_PHASE_WIDTH}} what"]
    if left_out:
        hidden = plural(left_out, "entry", "entries")
        lines.append(f"           {hidden} before these: --last {left_out + len(entries)}")
    for entry in entries:
        lines += _lines(entry, ink)
    for problem in problems:
        lines += wrapped(f"! {visible(problem)}", WIDTH, "  ")
    return "\n".join(lines) + "\n"


def _lines(entry: HistoryEntry, ink: Ink) -> list[str]:
    when = f"{entry.at:%Y-%m-%d %H:%M}"
    phase = cut(visible(entry.phase or "-"), _PHASE_WIDTH)
    moved = f"{entry.old or '?'} {ink('->')} {entry.new}" if entry.phase else entry.action
    word = "" if entry.action == "flip" or not entry.phase else f" ({entry.action})"
    on = grounds(entry)
    first = f"{entry.revision:>8}   {when}  {phase:<{_PHASE_WIDTH}} {moved}{word}"
    lines = [first]
    if on:
        lines.append(_INDENT + cut(on, WIDTH - len(_INDENT)))
    told = f"{visible(entry.who)}: {visible(entry.reason)}"
    return lines + [_INDENT + line for line in wrapped(told, WIDTH - len(_INDENT), "")]


def agreement_screen(agreement: Agreement) -> str:
    """Whether flags and history agree; each finding with the command that mends it."""
    lines = [line for finding in agreement.findings for line in _finding(finding)]
    if agreement.agrees:
        lines = [f"flags.json (revision {agreement.revision}) and history.jsonl agree"]
    if agreement.known:
        lines.append(f"{plural(len(agreement.known), 'finding')} before the last repair: known")
    return "\n".join(lines) + "\n"


def _finding(finding: Finding) -> list[str]:
    where = f"history.jsonl line {finding.line}: " if finding.line and not finding.is_damage else ""
    return [*wrapped(f"! {where}{visible(finding.text)}", WIDTH, "  "), f"  {'mend':<10}{finding.repair}"]
