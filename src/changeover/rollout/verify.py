"""Whether flags.json and history.jsonl agree; where not, what happened, and the two ways to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from changeover.quick_dataclass import dataclass
from changeover.rollout.commit import Change, Link, commit, entries_for, links_of, moved_since, was_abandoned
from changeover.rollout.flags_file import FlagsState, as_if_sealed, parse_flags, read_flags, stages_in_file
from changeover.rollout.history import (
    REFUSED,
    Cause,
    GateOutcome,
    HistoryEntry,
    HistoryLine,
    NotWrittenError,
    cause_of,
)
from changeover.rollout.migration_files import Place
from changeover.rollout.move import MovedMeanwhileError
from changeover.values.stage import Setting, Stages, earliest_like
from changeover.values.toml_table import parse_json, read_text


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
    damaged = [line for line in lines if line.entry is None]
    found = [Finding(line.problem, Repair.HISTORY, line.number, is_damage=True) for line in damaged]
    found += [*_within(links), *_at_end(flags_state, links)]
    repaired = max((link.line for link in links if link.first.action == "repair"), default=-1)
    known = [one for one in found if one.line is not None and one.line < repaired and one.line > 0]
    return Agreement(flags_state.revision, tuple(one for one in found if one not in known), tuple(known))


def _within(links: Sequence[Link]) -> list[Finding]:
    found = []
    for at, link in enumerate(links[1:], start=1):
        change, before = link.first, links[at - 1].first
        if change.action == "repair":
            continue
        if was_abandoned(links, at - 1, None):
            found.append(_not_carried_out(links[at - 1]))
        elif change.before in (None, REFUSED):
            continue  # a rollback or a seal: it began where nothing good was, and says so
        elif change.before != before.after:
            text = f"revision {change.revision} began from other flags than revision {before.revision} left"
            found.append(Finding(f"{text}: somebody changed flags.json between", Repair.HISTORY, link.line))
        elif change.revision != before.revision + 1 and before.action != "repair":
            text = f"revision {change.revision} follows revision {before.revision}"
            found.append(Finding(f"{text}: what lies between is not there", Repair.HISTORY, link.line))
    return found


def _at_end(flags_state: FlagsState, links: Sequence[Link]) -> list[Finding]:
    if flags_state.problem is not None:
        return [Finding(str(flags_state.problem), Repair.SEAL)]
    at = f"flags.json is at revision {flags_state.revision}"
    if not links:
        moved = {p: s for p, s in flags_state.settings.items() if s != earliest_like(s)}
        if not moved:
            return []
        told = ", ".join(f"{phase} {setting}" for phase, setting in moved.items())
        text = f"{at} ({told}) and the history is empty: the moves are not written down"
        return [Finding(text, Repair.HISTORY)]
    last = links[-1].first
    if flags_state.digest == last.after:
        return []
    if was_abandoned(links, len(links) - 1, flags_state.digest):
        return [_not_carried_out(links[-1])]
    if flags_state.missing:
        text = f"flags.json is missing, and revision {last.revision} was written"
        return [Finding(text, Repair.START_AGAIN)]
    ends = f"and the history ends at {last.revision}"
    if any(link.first.after == flags_state.digest for link in links):
        back = f"flags.json is back at revision {flags_state.revision}"
        return [Finding(f"{back}, {ends}: an older copy was put in its place", Repair.HISTORY)]
    return [Finding(f"{at}, {ends}: the last move is not written down", Repair.HISTORY)]


def _not_carried_out(link: Link) -> Finding:
    entry = link.first
    text = f"revision {entry.revision} ({link.summary}, {entry.who}) was written down and not carried out"
    return Finding(text, Repair.HISTORY, link.line)


REASON_CHARACTERS_MAX = 600


def repair(place: Place, stages: Stages | None, who: str, now: datetime) -> int:
    """Add the missing lines; returns how many. What a line cannot mend stays as it is.

    Raises ConfigurationError or LockHeldError where it cannot be written.
    """
    with place.lock():
        flags_state, lines = read_flags(place.flags, stages), place.lines()
        findings = [one for one in agreement(flags_state, lines).findings if one.repair is Repair.HISTORY]
        if not findings or flags_state.problem is not None:
            return 0
        reason = "; ".join(one.text for one in findings)[:REASON_CHARACTERS_MAX]
        cause, links = cause_of("repair", who, reason, now), links_of(lines)
        before = links[-1].first.after if links else None
        entry = cause.entry(flags_state.revision, before, flags_state.digest)
        entries = entries_for(entry, moved_since(links, flags_state.every_setting(stages)))
        try:
            place.write_down(entries)
        except OSError as error:
            raise NotWrittenError(place.history, error) from error
        return len(entries)


BY_HAND = GateOutcome(forced=True, note="by hand")


@dataclass(frozen=True, slots=True)
class HandEdit:
    """An edited flags.json; `changes` are relative to the last state in the history."""

    flags_state: FlagsState
    settings: Mapping[str, Setting]
    changes: tuple[Change, ...]
    sealed: bool

    @property
    def forward(self) -> tuple[Change, ...]:
        """Changes that go forward, which no gate allowed."""
        return tuple(one for one in self.changes if one.is_forward)


def read_edit(place: Place, stages: Stages | None) -> HandEdit:
    """Read the edited file; raises ConfigurationError where it is no valid flags.json."""
    where = str(place.flags)
    content = parse_json(read_text(place.flags), where)
    flags_state = read_flags(place.flags, stages)
    known = stages_in_file(content) if stages is None else stages
    flags = parse_flags(as_if_sealed(content, where), where, known)
    settings = replace(flags_state, settings=flags.settings).every_setting(stages)
    changes = moved_since(links_of(place.lines()), settings)
    return HandEdit(flags_state, settings, tuple(changes), flags_state.problem is None)


def seal(place: Place, stages: Stages | None, edit: HandEdit, cause: Cause) -> list[HistoryEntry]:
    """Write the edit with a new revision and digest; raises NotWrittenError or MovedMeanwhileError."""
    forward = edit.forward
    with place.lock():
        if read_edit(place, stages) != edit:
            raise MovedMeanwhileError(str(place.flags), "was edited again meanwhile; look again")
        return commit(
            place,
            edit.flags_state,
            edit.settings,
            edit.changes,
            replace(cause, gate=BY_HAND if forward else None),
            forward=bool(forward),
        )
