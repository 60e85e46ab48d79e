"""The history as a chain: every change of flags.json names the digest it began from and the one it left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from changeover.flips.entry import MOVING, REFUSED, HistoryEntry
from changeover.rollout.history import HistoryLine
from changeover.values.pins import ALL_STAGES
from changeover.values.stage import Setting, parse_setting


@dataclass(frozen=True, slots=True)
class Link:
    """One change of flags.json: all lines that were written for it at once. `line` is the first of them."""

    line: int
    entries: tuple[HistoryEntry, ...]

    @property
    def revision(self) -> int:
        """The revision that it made."""
        return self.entries[0].revision

    @property
    def action(self) -> str:
        """What was done."""
        return self.entries[0].action

    @property
    def before(self) -> str | None:
        """The digest it began from, None where there was no good file."""
        return self.entries[0].before

    @property
    def after(self) -> str | None:
        """The digest it left."""
        return self.entries[0].after

    @property
    def told(self) -> str:
        """What moved where, for a sentence."""
        moved = [f"{entry.phase} {entry.old or '?'} -> {entry.new}" for entry in self.entries if entry.phase]
        return ", ".join(moved) or self.action


def links_of(lines: Iterable[HistoryLine]) -> list[Link]:
    """Every change that was written down, in the order of the file."""
    links: list[Link] = []
    last = -1
    for line in lines:
        entry = line.entry
        if entry is None or entry.action not in MOVING:
            continue
        # Lines of one change were written at once, so that nothing lies between them.
        if line.number == last + 1 and _change(links[-1].entries[0]) == _change(entry):
            links[-1] = replace(links[-1], entries=(*links[-1].entries, entry))
        else:
            links.append(Link(line.number, (entry,)))
        last = line.number
    return links


def _change(entry: HistoryEntry) -> tuple[object, ...]:
    return entry.revision, entry.action, entry.at, entry.before, entry.after


def was_abandoned(links: Sequence[Link], at: int, digest: str | None) -> bool:
    """Whether a change was written down and never carried out: what came next began where it had begun.

    `digest` is that of flags.json now, which is what comes after the last one.
    """
    link = links[at]
    following = links[at + 1] if at + 1 < len(links) else None
    if following is not None and following.action == "repair":
        return False  # a repair says itself what became of the phases
    if link.before == REFUSED or (link.before is None and following and following.action != "flip"):
        return False  # refused or missing again: something else has happened since
    begun_from = digest if following is None else following.before
    return begun_from == link.before and link.before != link.after


def settings_by(links: Sequence[Link], digest: str | None) -> dict[str, Setting]:
    """Where the phases stand by what was written down and carried out; only those that ever moved."""
    settings = {}
    for at, link in enumerate(links):
        if was_abandoned(links, at, digest):
            continue
        for entry in link.entries:
            if entry.phase is not None and entry.new is not None:
                settings[entry.phase] = parse_setting(entry.new, ALL_STAGES)
    return settings
