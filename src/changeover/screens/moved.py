"""What is said after a move: what went where, on what grounds, who follows when, and how to undo it."""

from __future__ import annotations

from dataclasses import dataclass

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.flips.entry import HistoryEntry
from changeover.screens.escaping import visible
from changeover.views.layout import Ink


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
    if entry.gate is None:
        return ""
    word = entry.gate.upper() if entry.gate in ("pass", "fail", "inconclusive") else entry.gate
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
