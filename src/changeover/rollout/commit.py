"""A move as a value, and how it is written: flags and history, in the order in which each may fail."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from changeover.errors import ConfigurationError, describe_os_error
from changeover.rollout.flags_file import FlagsState, flags_content
from changeover.rollout.history import (
    REFUSED,
    GateOutcome,
    HistoryEntry,
    encoded,
    entries_of,
    last_revision,
    one_paragraph,
    read_lines,
)
from changeover.rollout.migration_files import Place
from changeover.rollout.tripwire_state import Trips
from changeover.settings import WHO_VARIABLE
from changeover.values.gate_verdict import GateVerdict
from changeover.values.stage import Setting, earlier, earliest_like


@dataclass(frozen=True, slots=True)
class Change:
    """One phase goes from `old` (None where it is unknown) to `new`."""

    phase: str
    old: Setting | None
    new: Setting

    @property
    def is_forward(self) -> bool:
        """Whether `new` is further than `old`, however many stages lie between."""
        old = self.old or earliest_like(self.new)
        return old != self.new and earlier(old, self.new) == old


@dataclass(frozen=True, slots=True)
class Cause:
    """Who moves, why, when, and on which evidence."""

    action: str
    who: str
    reason: str
    now: datetime
    gate: GateOutcome | None = None
    evidence: str | None = None
    code: str | None = None
    rules: str | None = None

    def entry(self, revision: int, before: str | None, after: str | None) -> HistoryEntry:
        """The line of the history for a change of flags.json between these digests, without a phase yet."""
        gate = None if self.gate is None else str(self.gate)
        made = HistoryEntry(revision, self.action, self.now, self.who, self.reason, before, after)
        return replace(made, gate=gate, evidence=self.evidence, code=self.code, rules=self.rules)


def cause_of(
    action: str,
    who: str,
    reason: str,
    now: datetime,
    verdict: GateVerdict | None = None,
    *,
    forced: bool = False,
) -> Cause:
    """Put together what the history says about a move; raises ConfigurationError without a reason."""
    if not one_paragraph(reason):
        raise ConfigurationError("--reason", "was empty, needed: why, for those who read the history later")
    if now.tzinfo is None:
        raise ValueError("the moment of a move needs a zone")
    gate = None
    if verdict is not None:
        gate = GateOutcome(verdict.answer, forced)
    elif forced:
        gate = GateOutcome(forced=True, note="no verdict")
    on = () if verdict is None else (verdict.evidence or None, verdict.code, verdict.rules or None)
    who = one_paragraph(who) or "unknown"
    return Cause(action, who, one_paragraph(reason), now.astimezone(UTC), gate, *on)


class NotWrittenError(ConfigurationError):
    """A file could not be written."""


def draft(
    flags_state: FlagsState,
    settings: Mapping[str, Setting],
    changes: Sequence[Change],
    cause: Cause,
    last_revision: int,
) -> tuple[dict[str, object], list[HistoryEntry]]:
    """What a move would write: the content of flags.json and the lines of the history. Pure."""
    revision = max(flags_state.revision, last_revision) + 1
    content = flags_content(settings, revision=revision)
    before = flags_state.digest if flags_state.problem is None else REFUSED
    entry = cause.entry(revision, before, content["metadata"]["digest"])
    if not changes:
        return content, [entry]
    return content, [
        replace(
            entry,
            phase=change.phase,
            old=None if change.old is None else str(change.old),
            new=str(change.new),
        )
        for change in changes
    ]


def commit(
    place: Place,
    flags_state: FlagsState,
    settings: Mapping[str, Setting],
    changes: Sequence[Change],
    cause: Cause,
    *,
    forward: bool,
) -> list[HistoryEntry]:
    """Write flags and history; the caller holds the lock. Raises NotWrittenError.

    A step forward writes the history first: without its line it is not taken. A step back writes the flags
    first: it does not wait for the history, and `changeover history --verify` names a line that is missing.
    """
    last = last_revision(entries_of(read_lines(place.history)))
    asked = {change.phase for change in changes}
    others = {phase: setting for phase, setting in settings.items() if phase not in asked}
    held = tripped_changes(place, others, flags_state.revision)
    for phase, (change, why) in held.items():
        place.warn(f"the tripwire holds {phase} at {change.new} ({why}); flags.json says so from now on")
    settings = {**settings, **{phase: change.new for phase, (change, _) in held.items()}}
    changes = [*changes, *(change for change, _ in held.values())]
    content, entries = draft(flags_state, settings, changes, cause, last)
    entries = [_by_tripwire(entry) if entry.phase in held else entry for entry in entries]
    if forward:
        _commit_forward(place, content, entries)
    else:
        _commit_back(place, content, entries)
    return entries


def _by_tripwire(entry: HistoryEntry) -> HistoryEntry:
    reason = f"held back by the tripwire; written down with: {entry.reason}"
    return replace(entry, reason=one_paragraph(reason), gate=None, evidence=None, code=None, rules=None)


def _commit_forward(place: Place, content: Mapping[str, object], entries: Sequence[HistoryEntry]) -> None:
    beside = None
    written_down = False
    try:
        beside = place.files.write_beside(place.flags, _text(content))
        place.files.append(place.history, encoded(entries))
        written_down = True
        place.files.replace(beside, place.flags)
    except OSError as error:
        if beside is not None:
            place.files.forget(beside)
        raise _not_written(place, entries[0].revision, error, written_down=written_down) from error


def _not_written(place: Place, revision: int, error: OSError, *, written_down: bool) -> NotWrittenError:
    after = (
        f"revision {revision} stands in the history and was not carried out: changeover history --verify"
        if written_down
        else "nothing was changed"
    )
    return NotWrittenError(str(place.flags), f"could not be written: {describe_os_error(error)}; {after}")


def _commit_back(place: Place, content: Mapping[str, object], entries: Sequence[HistoryEntry]) -> None:
    try:
        beside = place.files.write_beside(place.flags, _text(content))
        place.files.replace(beside, place.flags)
    except OSError as error:
        place.warn(
            f"{place.flags}: no new file can be written ({describe_os_error(error)}); "
            "writing over the old one"
        )
        _overwrite(place, content)
    try:
        place.files.append(place.history, encoded(entries))
    except OSError as error:
        place.warn(
            f"{place.history}: could not be written ({describe_os_error(error)}); the move is done and not "
            "written down: when there is room again, changeover history --repair"
        )


def _overwrite(place: Place, content: Mapping[str, object]) -> None:
    """The last way on a full disk: the digest ignores white space, so the file can keep its size.

    A reader in the middle of it finds a wrong digest, and keeps its last good stages, or legacy.
    """
    compact = json.dumps(content, separators=(",", ":")).encode()
    try:
        place.files.overwrite(place.flags, compact.ljust(place.flags.stat().st_size))
    except OSError as error:
        raise NotWrittenError(
            str(place.flags), f"could not be written over either: {describe_os_error(error)}"
        ) from error


def _text(content: Mapping[str, object]) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()


def tripped_changes(
    place: Place, settings: Mapping[str, Setting], revision: int
) -> dict[str, tuple[Change, str]]:
    """Phases that trips.json holds back at `shadow`, each with its change and the reason.

    A trip ends with the next revision, so the next move writes its outcome into flags.json.
    """
    trips = Trips(place.trips)
    trips.look()
    held = {}
    for phase, setting in settings.items():
        at, why = trips.apply(phase, setting, revision)
        if why is not None:
            held[phase] = Change(phase, setting, at), why
    return held


def mover(named: str | None) -> str:
    """A name for the history; never asks and never fails."""
    given = named or os.environ.get(WHO_VARIABLE, "").strip()
    if given:
        return given
    from getpass import getuser

    try:
        user = getuser()
    except (OSError, KeyError, ImportError):  # a container may run under a number that nobody named
        user = "unknown"
    return f"{user}@{_machine() or 'unknown'}"


def _machine() -> str:
    if sys.platform != "win32":
        return os.uname().nodename
    import platform

    return platform.node()
