"""Whether flags.json and history.jsonl agree; where not, what happened and which command mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from changeover.errors import describe_os_error
from changeover.rollout.commit import Cause, NotWrittenError, cause_of
from changeover.rollout.flags_file import FlagsState, read_flags
from changeover.rollout.history import (
    REFUSED,
    HistoryEntry,
    HistoryLine,
    Link,
    encoded,
    links_of,
    read_lines,
    settings_by,
    was_abandoned,
)
from changeover.rollout.migration_files import Place
from changeover.values.stage import Setting, Stages, earliest_like


class Repair(StrEnum):
    """The command that mends a disagreement."""

    HISTORY = "changeover history --repair"
    SEAL = "changeover flags seal --reason ...   (or changeover rollback --all: every phase to off)"
    START_AGAIN = "changeover rollback --all"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, at which line of the history (None: in flags.json), and what mends it.

    `is_damage` means that the line cannot be read; `text` then names it.
    """

    text: str
    repair: Repair
    line: int | None = None
    is_damage: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """`findings` are open; `known` are older than the last repair, which has recorded their outcome."""

    revision: int
    findings: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every move is in the history, and every entry of it was carried out."""
        return not self.findings


def agreement(flags_state: FlagsState, lines: Sequence[HistoryLine]) -> Agreement:
    """Compare the flags with the history. Pure."""
    links = links_of(lines)
    found = [*_damaged(lines), *_within(links), *_at_end(flags_state, links)]
    repaired = max((link.line for link in links if link.action == "repair"), default=-1)
    known = [one for one in found if one.line is not None and one.line < repaired and one.line > 0]
    return Agreement(flags_state.revision, tuple(one for one in found if one not in known), tuple(known))


def _damaged(lines: Sequence[HistoryLine]) -> list[Finding]:
    return [
        Finding(line.problem, Repair.HISTORY, line.number, is_damage=True)
        for line in lines
        if line.entry is None
    ]


def _within(links: Sequence[Link]) -> list[Finding]:
    found = []
    for at, link in enumerate(links[1:], start=1):
        before = links[at - 1]
        if link.action == "repair":
            continue
        if was_abandoned(links, at - 1, None):
            found.append(_not_carried_out(before))
        elif link.before in (None, REFUSED):
            continue  # a rollback or a seal: it began where nothing good was, and says so
        elif link.before != before.after:
            text = f"revision {link.revision} began from other flags than revision {before.revision} left"
            found.append(Finding(f"{text}: somebody changed flags.json between", Repair.HISTORY, link.line))
        elif link.revision != before.revision + 1 and before.action != "repair":
            text = f"revision {link.revision} follows revision {before.revision}"
            found.append(Finding(f"{text}: what lies between is not there", Repair.HISTORY, link.line))
    return found


def _at_end(flags_state: FlagsState, links: Sequence[Link]) -> list[Finding]:
    last = links[-1] if links else None
    if flags_state.problem is not None:
        return [Finding(str(flags_state.problem), Repair.SEAL)]
    if last is None:
        moved = {p: s for p, s in flags_state.settings.items() if s != earliest_like(s)}
        if not moved:
            return []
        told = ", ".join(f"{phase} {setting}" for phase, setting in moved.items())
        text = f"flags.json is at revision {flags_state.revision} ({told}) and the history is empty"
        return [Finding(f"{text}: the moves are not written down", Repair.HISTORY)]
    if flags_state.digest == last.after:
        return []
    if was_abandoned(links, len(links) - 1, flags_state.digest):
        return [_not_carried_out(last)]
    if flags_state.missing:
        return [
            Finding(f"flags.json is missing, and revision {last.revision} was written", Repair.START_AGAIN)
        ]
    earlier = [link for link in links if link.after == flags_state.digest]
    if earlier:
        text = (
            f"flags.json is back at revision {flags_state.revision}, and the history ends at {last.revision}"
        )
        return [Finding(f"{text}: an older copy was put in its place", Repair.HISTORY)]
    text = f"flags.json is at revision {flags_state.revision}, and the history ends at {last.revision}"
    return [Finding(f"{text}: the last move is not written down", Repair.HISTORY)]


def _not_carried_out(link: Link) -> Finding:
    entry = link.entries[0]
    text = f"revision {link.revision} ({link.summary}, {entry.who}) was written down and not carried out"
    return Finding(text, Repair.HISTORY, link.line)


def repairs(
    flags_state: FlagsState, lines: Sequence[HistoryLine], whole: dict[str, Setting], cause: Cause
) -> list[HistoryEntry]:
    """The entries that are missing for the history to agree with good flags."""
    links = links_of(lines)
    known = settings_by(links, "")  # whatever was written down last: the repair says what became of it
    moved = {
        phase: setting
        for phase, setting in whole.items()
        if known.get(phase, earliest_like(setting)) != setting
    }
    before = links[-1].after if links else None

    def entry(phase: str | None) -> HistoryEntry:
        old = None if phase is None else str(known.get(phase, earliest_like(moved[phase])))
        new = None if phase is None else str(moved[phase])
        return HistoryEntry(
            flags_state.revision,
            "repair",
            cause.now,
            cause.who,
            cause.reason,
            before,
            flags_state.digest,
            phase,
            old,
            new,
        )

    return [entry(phase) for phase in moved or [None]]


REASON_CHARACTERS_MAX = 600


def repair(place: Place, stages: Stages | None, who: str, now: datetime) -> int:
    """Add the missing lines; returns how many. What a line cannot mend stays as it is.

    Raises ConfigurationError or LockHeldError where it cannot be written.
    """
    with place.lock():
        flags_state, lines = read_flags(place.flags, stages), read_lines(place.history)
        findings = [one for one in agreement(flags_state, lines).findings if one.repair is Repair.HISTORY]
        if not findings or flags_state.problem is not None:
            return 0
        reason = "; ".join(one.text for one in findings)[:REASON_CHARACTERS_MAX]
        entries = repairs(
            flags_state, lines, flags_state.every_setting(stages), cause_of("repair", who, reason, now)
        )
        try:
            place.files.append(place.history, encoded(entries))
        except OSError as error:
            raise NotWrittenError(
                str(place.history), f"could not be written: {describe_os_error(error)}"
            ) from error
        return len(entries)
